"""Metric 12: a service under 2,000 requests a second, half of them over kept connections, replaced 20 times by
the command. The load is an open loop (workloads/load.c): each request is due by the clock whatever came back
before. Failed: refused, reset, cut off or without an answer within 5 s, of all requests. Gap: the longest time
between two answers, nothing taken off for the program's own start; "late" is the longest that the load itself
did not get to look, which a busy machine adds to the gap; "quiet" is the gap of 2 s without a replacement.

listen     a socket that kitt holds, strategy "overlap" (a C program)
expose     behind kitt's forwarder (the same program at $PORT)
reuseport  the same program with SO_REUSEPORT, strategy "overlap"
cluster    two workers of a Node.js cluster, replaced one by one
"""

import json
import time

from ..ctx import Failed
from ..stats import median

RATE = 2000


def measure(ctx, want):
    times = ctx.pick(5, 20)
    for cls in ctx.managers:
        if not hasattr(cls, "ways"):
            ctx.note("reload", cls, "cannot: has no way to replace a service without a gap")
            continue
        with ctx.run(cls) as (_, m):
            ways = list(m.ways())
        for way in ways:
            with ctx.task("reload", cls, 30 + 5 * times):
                one(ctx, cls, way, times)


def one(ctx, cls, way, times):
    with ctx.run(cls) as (run, m):
        port = run.port()
        app = m.ways()[way](run.make, port)
        m.configure([app])
        serve(ctx, run, m, app)
        quiet = asked(load(run, "quiet.out", port, "--rate", RATE, "--ms", 2000), run, "quiet.out")
        p = load(run, "load.out", port, "--rate", RATE, "--ms", 120000)
        time.sleep(0.5)
        took = [replace(run, m, way) for _ in range(times)]
        p.terminate()
        r = asked(p, run, "load.out")
        ctx.put("reload", cls, **{f"{way}_times": times, f"{way}_cmd_ms": round(median(took), 1), f"{way}_sent": r["sent"],
                                  f"{way}_rate": round(r["sent"] / r["secs"]), f"{way}_quiet_gap_ms": quiet["gap_ms"],
                                  **{f"{way}_{k}": r[k] for k in ("failed", "refused", "reset", "cut", "timeout", "p50_ms",
                                                                  "p99_ms", "max_ms", "gap_ms", "late_ms")}})
        m.shutdown(20)


def serve(ctx, run, m, app):
    """The service listens, and so does what stands in front of it."""
    ctx.start(run, m, [app], 20)
    if not run.ledger.wait_ids([app.name], 10, kind="L"):
        raise Failed("the service does not listen")
    m.ready()
    time.sleep(1.2)  # past every manager's start-up grace


def replace(run, m, way):
    """One replacement; milliseconds of the command."""
    mark = run.ledger.mark()
    d = run.call(m.replace_argv(way, "web"), timeout=15)
    if not d.ok:
        raise Failed(f"{way}: the command " + ("times out after 15 s" if d.timed_out else f"exits {d.rc}: {d.out.strip()[-150:]}"))
    if not run.ledger.wait_ids(["web"], 8, mark, kind="L"):
        raise Failed(f"{way}: no new process listens 8 s after the command")
    time.sleep(0.3)
    return d.secs * 1000


def load(run, out, port, *args):
    return run.spawn([f"{run.bin}/load", "--port", port, *args], out=out)


def asked(p, run, out):
    """What the load says once it has ended."""
    if p.wait(timeout=130) != 0:
        raise Failed("load: " + (run.dir / out).read_text()[-150:])
    return json.loads((run.dir / out).read_text())
