"""Metric 14: a graph of dependencies from cold: 20 levels of 25 programs (quick: 10 of 10), each depends on two of
the level before ("line"), or on all of them ("wall"), being ready; a program says so 100 ms after it entered
main(). From just before the command until the last is ready, by its own stamp, against the longest chain: the
levels times what one alone takes from its main() to its saying ready. Checked: none enters main() before all that
it depends on have said that they are ready.
"""

import time

from ..ctx import Failed
from ..stats import median

AFTER = 100  # ms


def measure(ctx, want):
    levels, wide = ctx.pick((10, 10), (20, 25))
    for cls in ctx.managers:
        if not hasattr(cls, "chained"):
            ctx.note("graph", cls, "cannot: starts nothing by what others say of being ready, or not tried")
            continue
        for shape in ("line", "wall"):
            for _ in range(ctx.pick(1, 3)):
                with ctx.task("graph", cls, 120):
                    one(ctx, cls, shape, levels, wide)


def name(level, place):
    return f"l{level:02d}-{place:02d}"


def needs(shape, level, place, wide):
    if level == 0:
        return []
    places = range(wide) if shape == "wall" else (place, (place + 1) % wide)
    return [name(level - 1, p) for p in places]


def alone(ctx, cls):
    """Milliseconds from main() to ready, of one program that has nothing to wait for."""
    with ctx.run(cls) as (run, m):
        app = m.chained(run.make.chain(0, 0, AFTER), [])
        m.configure([app])
        began = run.ledger.mark()
        ctx.start(run, m, [app], 20)
        said = run.ledger.wait_ids([app.name], 10, kind="L")
        start = {e.id: e for e in run.ledger.since(began) if e.kind == "S"}
        m.shutdown(20)
        return (said[app.name].t - start[app.name].t) / 1e6


def one(ctx, cls, shape, levels, wide):
    chain = levels * alone(ctx, cls)
    with ctx.run(cls) as (run, m):
        apps = [m.chained(run.make.chain(v, p, AFTER), needs(shape, v, p, wide)) for v in range(levels) for p in range(wide)]
        m.configure(apps)
        mark, t0 = run.ledger.mark(), time.monotonic_ns()
        m.launch()
        said = run.ledger.wait_ids([a.name for a in apps], 60, mark, kind="L")
        if len(said) < len(apps):
            raise Failed(f"{len(said)} of {len(apps)} ready within 60 s")
        took = (max(e.t for e in said.values()) - t0) / 1e6
        began = {e.id: e.t for e in run.ledger.since(mark) if e.kind == "S"}
        early = sum(1 for v in range(levels) for p in range(wide) for n in needs(shape, v, p, wide)
                    if began[name(v, p)] < said[n].t)
        ctx.add("graph", cls, f"{shape}_ms", round(took, 1))
        ctx.add("graph", cls, f"{shape}_ratio", round(took / chain, 3))
        ctx.put("graph", cls, **{f"{shape}_chain_ms": round(chain, 1), "programs": len(apps), "levels": levels,
                                 f"{shape}_early": ctx.get("graph", cls, f"{shape}_early", 0) + early})
        m.shutdown(30)
