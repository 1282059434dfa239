"""Metrics 1 to 3, which share fleets of N sleepers.

coldstart  seconds from just before the start command to the moment the last of N programs
           enters main() (its own stamp), then checked in /proc: N live programs, each once;
           CPU is the manager's own processes' until then
cli        wall time of the list command and of the machine-readable one, exec to exit, output
           into a file; the output has to name all N. CPU is the command's own, not the daemon's
memory     PSS and RSS of the manager's own processes (daemon, shims, loggers, shells: all but
           the programs managed), 2 s (quick: 1 s) after the last start. PSS shrinks when strangers run the
           same program or library; "alone" is what it would be without them
"""

import time

from .. import procfs
from ..ctx import Failed, noise, noise_since
from ..stats import median

CLI_SIZES, MEM_SIZES = (1, 100, 500), (0, 1, 100, 500)


def sizes(ctx, want):
    full = [(0, 1), (1, 3), (10, 3), (100, 3), (500, 3), (1000, 1)]
    quick = [(0, 1), (1, 1), (100, 1)]
    out = []
    for n, reps in ctx.pick(quick, full):
        if n == 0 and "memory" not in want:
            continue
        if "coldstart" not in want:
            reps = 1
            if not ("memory" in want and n in MEM_SIZES or "cli" in want and n in CLI_SIZES):
                continue
        if n:
            out.append((n, reps))
        else:
            out.insert(0, (0, 1))
    return out


def measure(ctx, want):
    lost = set()  # managers that failed at some size are not asked for more
    for n, reps in sizes(ctx, want):
        for rep in range(reps):
            for cls in ctx.managers:
                if n > cls.max_n:
                    ctx.note(want[0], cls, f"not tried with more than {cls.max_n}")
                if cls in lost or n > cls.max_n or (n == 0 and "empty" not in cls.can):
                    continue
                metric = want[0]  # of the three: where a failure is noted
                before = len(ctx.get(metric, cls, "failures", []))
                with ctx.task(metric, cls, 60 + n / 3):
                    one(ctx, cls, n, want, last=rep == reps - 1)
                if len(ctx.get(metric, cls, "failures", [])) > before:
                    lost.add(cls)
                    for other in want[1:]:
                        ctx.note(other, cls, f"failed at {n}: see {metric}")
    if "cli" in want:
        floor(ctx)


def one(ctx, cls, n, want, last):
    with ctx.run(cls) as (run, m):
        apps = run.make.sleepers(n)
        m.configure(apps)
        nz = noise()
        secs = ctx.start(run, m, apps, 30 + n / 5)
        if n and "coldstart" in want:
            verify(run, n)
            ctx.add("coldstart", cls, f"n{n}_s", round(secs, 4))
            cpu = run.cpu_since({}, run.cpu())
            ctx.add("coldstart", cls, f"n{n}_cpu_s", round(cpu["cpu_s"], 4))
            ctx.put("coldstart", cls, **{f"n{n}_noise": noise_since(nz)})
        if n == 0:
            time.sleep(1)
        m.ready()
        if last and "memory" in want and n in MEM_SIZES:
            time.sleep(ctx.pick(1, 2))
            memory(ctx, cls, run, n)
        if last and "cli" in want and n in CLI_SIZES:
            cli(ctx, cls, run, m, apps)
        t0 = time.monotonic()
        left = ctx.stop(cls, run, m, n)
        took = time.monotonic() - t0
        if n and "coldstart" in want:
            ctx.add("coldstart", cls, f"n{n}_stop_s", round(took, 3))
            if left:
                ctx.put("coldstart", cls, **{f"n{n}_left_after_stop": left})


def verify(run, n):
    end = time.monotonic() + 5
    while True:
        live = run.workloads()
        if len(live) == n and all(len(v) == 1 for v in live.values()):
            return
        if time.monotonic() > end:
            raise Failed(f"/proc shows {len(live)} of {n} programs, {sum(len(v) for v in live.values())} processes")
        time.sleep(0.1)


def memory(ctx, cls, run, n):
    own = run.own()
    if not own:
        raise Failed(f"no process of the manager found at {n}")
    mem = procfs.memory([p.pid for p in own])
    ctx.put("memory", cls, **{f"n{n}_{k}_kib": v for k, v in mem.items()})
    ctx.put("memory", cls, **{f"n{n}_procs": len(own), f"n{n}_threads": sum(procfs.threads(p.pid) for p in own)})
    pss = lambda k: ctx.get("memory", cls, f"n{k}_pss_kib")
    if n > 1 and pss(1) is not None:
        ctx.put("memory", cls, **{f"per_program_kib_at_{n}": round((pss(n) - pss(1)) / (n - 1), 1)})


def cli(ctx, cls, run, m, apps):
    n, reps = len(apps), ctx.pick(5, 10)
    for key, argv in (("list", m.list_argv), ("json", m.json_argv)):
        if key not in cls.can:
            ctx.note("cli", cls, "cannot: " + cls.why_not.get(key, key))
            continue
        call = getattr(m, "json_call", None) if key == "json" else None
        if call:
            text = "\n".join(call())
        else:
            d = run.call(argv(), timeout=60)
            text = d.out
        missing = [a.name for a in apps if a.name not in text]
        if missing:
            ctx.note("cli", cls, f"{key} at {n} names {n - len(missing)} of {n}")
        times, cpu, bad = [], [], 0
        for i in range(4 * reps):
            if i >= reps and sum(times) > ctx.pick(300, 1000):
                break  # quick commands get more repeats
            if call:
                t0 = time.monotonic_ns()
                call()
                times.append((time.monotonic_ns() - t0) / 1e6)
            else:
                d = run.call(argv(), timeout=60, keep=False)
                times.append(d.secs * 1000)
                cpu.append(d.cpu * 1000)
                bad += d.timed_out
        ctx.put("cli", cls, **{f"{key}{n}_ms": round(median(times), 2), f"{key}{n}_max_ms": round(max(times), 2),
                              f"{key}{n}_cpu_ms": round(sum(cpu) / len(cpu), 2) if cpu else None})
        if bad:
            ctx.note("cli", cls, f"{key} at {n}: {bad} of {reps} timed out")


def floor(ctx):
    """What starting and ending any program costs from here: /bin/true."""
    class true:
        name = "floor-true"
    from ..run import Run
    run = Run(ctx.base, ctx.bin, "true", ctx.path)
    ctx.put("cli", true, list1_ms=round(median([run.call(["/bin/true"], keep=False).secs * 1000
                                                for _ in range(20)]), 2))
    run.destroy()
