"""Command line."""

import argparse
import json
import os
import platform
import resource
import shutil
import signal
import tempfile
import time

from . import adapters, metrics, report
from .build import build
from .ctx import Ctx
from .run import become_reaper, sweep


def parse(argv):
    p = argparse.ArgumentParser(prog="python3 -m kittbench", description="Process managers side by side.")
    p.add_argument("--quick", action="store_true", help="few managers, small sizes, few repeats, under 4 minutes")
    p.add_argument("--only", default="", help="metrics, by comma: " + " ".join(metrics.ALL))
    p.add_argument("--skip", default="", help="metrics to leave out")
    p.add_argument("--managers", default="", help="managers, by comma: " + " ".join(adapters.BY_NAME))
    p.add_argument("--path", default="", help="folders with managers' programs, put before PATH")
    p.add_argument("--out", default="bench-out", help="folder for bench.json and bench.md")
    p.add_argument("--merge", action="store_true", help="keep the metrics of an earlier bench.json in --out")
    p.add_argument("--keep", action="store_true", help="keep the run folders, print tracebacks")
    p.add_argument("--sweep", action="store_true", help="end what an earlier harness that was killed left running")
    p.add_argument("--list", action="store_true", help="say which managers are here, and end")
    return p.parse_args(argv)


def words(text, known, what):
    out = [w for w in text.split(",") if w]
    for w in out:
        if w not in known:
            raise SystemExit(f"bench: unknown {what} {w}; known: {' '.join(known)}")
    return out


def main(argv=None):
    args = parse(argv)
    if args.sweep:
        print(f"{sweep()} processes ended")
        return 0
    first = [os.path.abspath(x) for x in args.path.split(os.pathsep) if x]
    path = os.pathsep.join(first + [os.environ.get("PATH", "/usr/bin:/bin")])
    wanted = words(args.managers, adapters.BY_NAME, "manager") or list(
        adapters.QUICK if args.quick else adapters.BY_NAME)
    absent, here, versions = {}, [], {}
    for cls in adapters.ALL:
        if cls.name in wanted:
            why = cls.find(path)
            if why:
                absent[cls.name] = why
            else:
                here.append(cls)
                versions[cls.name] = cls.version()
    if args.list:
        for n, v in versions.items():
            print(f"{n:16} {v}")
        for n, why in absent.items():
            print(f"{n:16} absent: {why}")
        return 0
    only = words(args.only, metrics.ALL, "metric") or [m for m in metrics.ALL if not (args.quick and m == "tree")]
    only = [m for m in only if m not in words(args.skip, metrics.ALL, "metric")]

    def interrupted(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGHUP, interrupted)
    become_reaper()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536) if hard > 0 else 65536, hard))
    base = tempfile.mkdtemp(prefix="kb")
    load, started = os.getloadavg(), time.time()
    try:
        ctx = Ctx(base, build(os.path.join(base, "bin")), path, here, args.quick, args.keep)
        done = set()
        for name in metrics.ALL:
            fn = metrics.ALL[name][0]
            if name in only and fn not in done:
                done.add(fn)
                ctx.say(f"== {name}")
                fn(ctx, [m for m in only if metrics.ALL[m][0] is fn])
        results = ctx.results
    finally:
        if not args.keep:
            shutil.rmtree(base, ignore_errors=True)
    results = {k: v for k, v in results.items() if k in only}
    meta = {"date": time.strftime("%Y-%m-%d %H:%M", time.localtime(started)), "kernel": platform.release(),
            "cpus": os.cpu_count(), "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "quick": args.quick, "secs": round(time.time() - started, 1), "load_before": [round(x, 2) for x in load],
            "versions": versions, "absent": absent, "metrics": only}
    save(args, meta, results)
    return 0


def save(args, meta, results):
    os.makedirs(args.out, exist_ok=True)
    jpath = os.path.join(args.out, "bench.json")
    if args.merge and os.path.exists(jpath):
        with open(jpath) as f:
            old = json.load(f)
        meta["secs"] += old["meta"]["secs"]
        meta["versions"] = {**old["meta"]["versions"], **meta["versions"]}
        for metric, rows in results.items():
            old["results"].setdefault(metric, {}).update(rows)
        results = old["results"]
    with open(jpath, "w") as f:
        json.dump({"meta": meta, "results": results}, f, indent=1)
    with open(os.path.join(args.out, "bench.md"), "w") as f:
        f.write(report.markdown(meta, results, metrics.ALL))
    print(os.path.join(args.out, "bench.md"))
