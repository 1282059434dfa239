package service

import (
	"context"
	"errors"
	"regexp"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/logs"
	"kitt.sh/service/probe"
)

// gap is the pause before the next question to a program that is beginning: what is quick is seen to be so, to an eighth of the
// time that it took, and what is slow is not asked all the time.
func gap(q *inquiry, now time.Time) time.Duration {
	r := &q.want.Process.Ready
	least := 25 * time.Millisecond
	if len(r.Exec) > 0 {
		least *= 4 // a command costs more than a question
	}
	return min(max(now.Sub(q.life.Started)/8, least), r.Every())
}

// untilReady asks until the life is ready, or ctx ends. One that was not so in time is asked on.
func (q *inquiry) untilReady(ctx context.Context) {
	r := &q.want.Process.Ready
	defer q.becomes()
	if q.life.Ready || !r.Probes() {
		return
	}
	if !rests(ctx, time.Until(q.life.Started.Add(r.InitialDelay))) {
		return
	}
	count := probe.Count{}
	for {
		last := time.Now()
		good, wait := q.looks(ctx)
		if count = count.Add(good); count.Good >= r.Good() {
			break
		}
		if good || wait == 0 {
			wait = gap(q, time.Now())
		}
		if !q.rest(ctx, wait) {
			return
		}
		if probe.Slept(last, time.Now()) {
			count = probe.Count{}
		}
	}
	if err := q.p.d.rt.Ready(ctx, q.life.Life); err != nil {
		q.p.d.Log.Warn("note ready", "life", q.life.Life, "err", err)
	}
	q.event("ready", "after "+time.Since(q.life.Started).Round(10*time.Millisecond).String())
}

// looks tells whether the life fulfils all that ready {} names now; where only time or a word of its own is missing, wait is how
// long nothing has to be asked.
func (q *inquiry) looks(ctx context.Context) (good bool, wait time.Duration) {
	r := &q.want.Process.Ready
	o, _ := q.p.d.rt.Life(q.life.Life)
	for _, need := range r.Needs() {
		if !o.HasSaid(need) {
			return false, time.Hour // it wakes by itself
		}
	}
	if left := time.Until(q.life.Started.Add(r.Stable)); left > 0 {
		return false, left
	}
	if !r.Asks() {
		return true, 0
	}
	err := probe.Ask(ctx, &r.Probe, q.target())
	if err == nil {
		err = q.strange()
	}
	if err != nil && ctx.Err() == nil {
		q.p.d.rt.Unwell(q.life.Life, err.Error())
	}
	return err == nil, 0
}

// strange is the error where somebody else takes the connections by which the life would count as ready.
func (q *inquiry) strange() error {
	p, port := q.want.Process, q.life.Port
	if !p.ReadyByPort() {
		return nil
	}
	if port == 0 {
		port = p.Port(q.want.ID.N)
	}
	if text := q.p.d.rt.Strange(q.life.Life, port); text != "" {
		return errors.New(text)
	}
	return nil
}

// rest waits for a while, or until the life has said something; false means that ctx is over.
func (q *inquiry) rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-q.said:
	}
	return true
}

// early is how far the times of stored lines may lie before the start that they follow.
const early = 10 * time.Millisecond

// listen waits for the line that ready.log means, also where it came while no daemon ran.
func (q *inquiry) listen(ctx context.Context) {
	d := q.p.d
	re, err := regexp.Compile(q.want.Process.Ready.Log)
	if err != nil { // the spec is checked: one of an older kitt
		return
	}
	dir := d.folder(q.life.ID)
	reader := logs.Open([]logs.Source{{ID: q.life.ID.String(), Out: dir + "/out", Err: dir + "/err"}},
		logs.Query{Last: -1, Out: true, Err: true, Since: q.life.Started.Add(-early), Keep: re.Match})
	defer reader.Close()
	for {
		tap := d.taps.arm(ctx, []string{dir}) // before reading: what comes later wakes
		found := false
		_ = reader.Read(ctx, func(logs.Line) error { found = true; return errFull }) // what cannot be read is no line
		if found {
			q.p.heard(q.life.Life, "log")
			return
		}
		if tap.wait(ctx, nil) != nil {
			return
		}
	}
}

// saidReady notes the word that a program sends over its channel.
func (d *Daemon) saidReady(life string) {
	id, _, err := reconcile.ParseLife(life)
	if in, ok := d.rec.Wants(id); err == nil && ok && in.Process.Ready.Probes() {
		d.probing.heard(life, "message")
		return
	}
	if err := d.rt.Ready(context.Background(), life); err != nil {
		d.Log.Warn("note ready", "life", life, "err", err)
	}
}

// newlineIsReady tells whether a life has descriptor 3 to say by a newline that it is ready.
func (d *Daemon) newlineIsReady(life string) bool {
	id, _, err := reconcile.ParseLife(life)
	if err != nil {
		return false
	}
	in, ok := d.rec.Wants(id)
	return ok && in.Process.Ready.FD > 0
}
