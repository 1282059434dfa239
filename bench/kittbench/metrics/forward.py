"""Metric 13: requests a second through what stands in front of a service: kitt's forwarder (`expose`), or the
balancing of pm2's cluster. 32 clients, each asks again once it is answered (workloads/load.c): over kept
connections, or one connection for each request. "Direct" asks the same processes at their own PORT, in turns with
the other; ratios are medians of pairs. Program, forwarder and clients share the machine's processors, so with a
program that does nothing the forwarder's share is the largest it can be.

node   the service in Node.js, 1 and 2 instances or workers
c      the service in C, 1 instance: nothing but the system calls
"""

import time

from .. import procfs
from ..ctx import Failed
from ..stats import median
from .reload import asked, load, serve

KINDS = (("keep", 100), ("conn", 0))


def measure(ctx, want):
    for cls in ctx.managers:
        if not hasattr(cls, "ways"):
            ctx.note("forward", cls, "cannot: nothing of it stands in front of a service")
            continue
        for n in (1, 2):
            if getattr(cls, "node", None):
                with ctx.task("forward", cls, 90):
                    one(ctx, cls, f"node{n}", n)
        if cls.kind == "subject":
            with ctx.task("forward", cls, 90):
                one(ctx, cls, "c1", 1)


def one(ctx, cls, key, n):
    with ctx.run(cls) as (run, m):
        port = run.port()
        if cls.kind == "subject":
            app = m.way_expose(run.make, port, n, run.make.node_web(cls.node) if key != "c1" else None)
        else:
            app = m.way_cluster(run.make, port, n)
        m.configure([app])
        serve(ctx, run, m, app)
        own = direct_port(run) if cls.kind == "subject" else None
        for kind, keep in KINDS:
            pairs = []
            for _ in range(ctx.pick(1, 5)):
                through = rps(ctx, run, port, keep)
                pairs.append((through, rps(ctx, run, own, keep) if own else None))
            ctx.put("forward", cls, **{f"{key}_{kind}_rps": round(median([a for a, _ in pairs]))})
            if own:
                ctx.put("forward", cls, **{f"{key}_{kind}_direct_rps": round(median([b for _, b in pairs])),
                                           f"{key}_{kind}_ratio": round(median([a / b for a, b in pairs]), 3)})
        m.shutdown(20)


def direct_port(run):
    """The PORT of one of the live programs."""
    for procs in run.workloads().values():
        for p in procs:
            got = procfs.environ(p.pid).get(b"PORT", b"").decode()
            if got.isdigit():
                return int(got)
    raise Failed("no program with a PORT")


def rps(ctx, run, port, keep):
    out = f"load-{time.monotonic_ns()}.out"
    r = asked(load(run, out, port, "--conns", 32, "--keep", keep, "--ms", ctx.pick(1000, 2000)), run, out)
    if r["failed"]:
        raise Failed(f"{r['failed']} of {r['sent']} requests failed")
    return r["rps"]
