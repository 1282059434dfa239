"""Metric 9: N apps run; the configuration is applied again.

noop    unchanged: seconds of the apply command; programs that were restarted all the same
edit    one app's environment changed: seconds from the start of the apply command (of a manager that
        follows its file: from the save, which comes before) until the program runs with the new value,
        and until the command is back; others restarted
save    the same change by saving the file and no command at all, of managers that follow their file
hand    the same change made by hand to that one program
"""

import time

from ..ctx import Failed
from ..run import Done
from ..stats import median


def measure(ctx, want):
    for n in ctx.pick((30,), (100, 500)):
        for cls in ctx.managers:
            if not {"apply", "edit"} & set(cls.can):
                ctx.note("apply", cls, "cannot: " + cls.why_not.get("apply", "no apply"))
                continue
            if n > cls.max_n or ctx.get("apply", cls, "gave_up"):
                continue
            with ctx.task("apply", cls, 150 + n / 4):
                one(ctx, cls, n)


def one(ctx, cls, n):
    with ctx.started(cls, lambda make: make.sleepers(n), timeout=30 + n / 5) as (run, m, apps):
        time.sleep(ctx.pick(1.5, 2.5))
        victim = apps[n // 2]
        if "apply" in cls.can:
            times, restarted = [], []
            for i in range(ctx.pick(1, 3)):
                mark = run.ledger.mark()  # before the save: who follows the file may restart because of it
                m.configure(apps)
                d = m.apply(apps, 90)
                if d.timed_out:
                    ctx.put("apply", cls, gave_up=True)
                    raise Failed(f"apply at {n} timed out after 90 s")
                times.append(d.secs)
                if not d.ok:
                    ctx.note("apply", cls, f"apply at {n} exits {d.rc}: {d.out.strip()[-120:]}")
                time.sleep(0.3)
                restarted.append(len({e.id for e in run.ledger.since(mark)}))
                if d.secs > 5:
                    break
            ctx.put("apply", cls, **{f"noop{n}_s": round(median(times), 4), f"noop{n}_restarted": max(restarted),
                                      f"noop{n}_restarted_each": restarted})
            edit(ctx, cls, run, m, apps, victim, "edit", lambda: m.apply(apps, 90))
        if "watch" in cls.can:
            edit(ctx, cls, run, m, apps, victim, "save", None)
        if "edit" in cls.can:
            edit(ctx, cls, run, m, apps, victim, "hand", lambda: m.edit(victim, 60))


def edit(ctx, cls, run, m, apps, victim, key, act):
    n = len(apps)
    rev = victim.env["BENCH_REV"] = f"{key}-{n}"
    mark = run.ledger.mark()
    if key != "hand" or "apply" in cls.can:
        m.configure(apps)
    t0 = m.saved_ns if "watch" in cls.can else time.monotonic_ns()
    d = act() if act else Done(0, 0.0, 0.0, "")
    end = time.monotonic() + 15
    new = None
    while new is None and time.monotonic() < end:
        new = next((e for e in run.ledger.since(mark) if e.id == victim.name and e.rev == rev), None)
        if new is None:
            time.sleep(0.005)
    time.sleep(1.2)
    others = len({e.id for e in run.ledger.since(mark) if e.id != victim.name})
    ctx.put("apply", cls, **{
        f"{key}{n}_run_s": round((new.t - t0) / 1e9, 4) if new else None, f"{key}{n}_cmd_s": round(d.secs, 4),
        f"{key}{n}_others_restarted": others,
        f"{key}{n}_runs": len(run.workloads())})
    if new is None:
        ctx.note("apply", cls, f"{key} at {n}: the program never ran with the new value: {d.out.strip()[-120:]}")
