package service

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"kitt.sh/internal/forward"
	"kitt.sh/service/api"
)

// channels speak with the programs that have a channel, as Node does: JSON, a message a line.
// A nil one has none.
type channels struct {
	d *Daemon

	mu    sync.Mutex
	of    map[string]*channel // by life
	ended bool
	wg    sync.WaitGroup // a reader each
}

// A channel is that of one life.
type channel struct {
	life string
	file *os.File

	writing sync.Mutex
	ordered string // what a cluster's primary was told last

	mu      sync.Mutex
	metrics map[string]api.Metric
	cluster *api.Cluster
}

const (
	mostMessage  = 1 << 20 // bytes; a longer one is passed over
	mostMessages = 200     // in each messageTime; a program that sends more waits in its send
	messageTime  = 100 * time.Millisecond
	mostMetrics  = 100
	sayWithin    = time.Second
)

func newChannels(d *Daemon) *channels { return &channels{d: d, of: map[string]*channel{}} }

// open takes the channel of a life from the keeper. It does not wait.
func (cs *channels) open(life string, file *os.File) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.ended || cs.of[life] != nil {
		file.Close()
		return
	}
	c := &channel{life: life, file: file}
	cs.of[life] = c
	cs.wg.Go(func() { cs.serve(c) })
}

// get returns the channel of a life, or nil.
func (cs *channels) get(life string) *channel {
	if cs == nil {
		return nil
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.of[life]
}

// drop lets go of the channel of a life that is over.
func (cs *channels) drop(life string) {
	if cs == nil {
		return
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c := cs.of[life]; c != nil {
		c.file.Close()
		delete(cs.of, life)
	}
}

// close lets go of all, and waits for the readers. The programs notice nothing: the keeper holds their channels.
func (cs *channels) close() {
	cs.mu.Lock()
	cs.ended = true
	for _, c := range cs.of {
		c.file.Close()
	}
	cs.mu.Unlock()
	cs.wg.Wait()
}

// serve reads until the channel ends.
func (cs *channels) serve(c *channel) {
	cs.d.orderCluster(c)
	cs.d.forwarding.poke() // it may be one's that was not told yet
	began, n := time.Now(), 0
	lines := bufio.NewReaderSize(c.file, 4096)
	for {
		line, err := message(lines)
		if err != nil {
			cs.drop(c.life)
			return
		}
		cs.d.heard(c, line)
		if n++; n == mostMessages {
			time.Sleep(time.Until(began.Add(messageTime)))
			began, n = time.Now(), 0
		}
	}
}

// message reads a line; one that is too long is empty.
func message(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(line) <= mostMessage {
			line = append(line, part...)
		}
		switch {
		case err == nil && len(line) > mostMessage:
			return nil, nil
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// heard acts on what a program said. What is of no kind that is known is the program's own business.
func (d *Daemon) heard(c *channel, line []byte) {
	var m struct {
		Kitt string                     `json:"kitt"`
		Type string                     `json:"type"`
		Data map[string]json.RawMessage `json:"data"`
	}
	var text string
	if d.newlineIsReady(c.life) {
		d.probing.heard(c.life, "fd")
		return
	}
	switch {
	case json.Unmarshal(line, &text) == nil:
		if text == "ready" {
			d.saidReady(c.life)
		}
	case json.Unmarshal(line, &m) != nil:
	case m.Kitt == "cluster":
		d.clusterSaid(c, line)
	case m.Kitt == forward.Forwards:
		d.forwarding.answered(c.life, line)
	case m.Type == "axm:monitor":
		c.measured(m.Data)
	}
}

// measured takes in what a program measured of itself, in the form of @pm2/io.
func (c *channel) measured(data map[string]json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.metrics == nil {
		c.metrics = map[string]api.Metric{}
	}
	for name, raw := range data {
		var m struct {
			Value any    `json:"value"`
			Unit  string `json:"unit"`
		}
		if _, known := c.metrics[name]; !known && len(c.metrics) >= mostMetrics || json.Unmarshal(raw, &m) != nil {
			continue
		}
		if v, ok := metricText(m.Value); ok {
			c.metrics[name] = api.Metric{Value: v, Unit: m.Unit}
		}
	}
}

// metricText is a number or a text as it was sent.
func metricText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, len(v) < 200
	case float64, bool:
		b, err := json.Marshal(v)
		return string(b), err == nil
	}
	return "", false
}

// say sends a message, a JSON value, to the program of a life.
func (cs *channels) say(life string, message []byte) error {
	c := cs.get(life)
	if c == nil {
		return errors.New("it has no channel")
	}
	return c.say(message)
}

func (c *channel) say(message []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.file.SetWriteDeadline(time.Now().Add(sayWithin)); err != nil {
		return err
	}
	n, err := c.file.Write(append(message[:len(message):len(message)], '\n'))
	if err != nil && n > 0 { // half a message: what follows would be read as its rest
		_, err = c.file.Write([]byte{'\n'})
		err = errors.Join(io.ErrShortWrite, err)
	}
	return err
}
