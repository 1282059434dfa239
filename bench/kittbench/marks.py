"""What kitt has set out to beat: one mark per figure, taken from the peer that was best at it.

A peer that is measured in the same run sets the mark by what it did there. One that is not sets it
by what it once did on two busy cores; where the C loop's figure of that day is known, scaled by
what the C loop needs now."""

from dataclasses import dataclass
from typing import Callable, Optional

from .stats import median


@dataclass(frozen=True)
class Mark:
    title: str
    metric: str
    get: Callable  # a manager's figures -> value
    peer: str = ""  # whose figure it is; "" for a plain limit
    times: float = 1.0  # of the peer's figure
    once: Optional[float] = None  # the peer's figure then, or the plain limit
    floor_once: Optional[float] = None  # floor-c's figure then
    high: bool = False  # more is better
    strict: bool = False  # equal is not enough


def val(key, by=1.0):
    def get(d):
        v = d.get(key)
        v = v.get("median") if isinstance(v, dict) else median(v) if isinstance(v, list) else v
        return None if v is None else v * by
    return get


MARKS = [
    Mark("100 running from cold (ms)", "coldstart", val("n100_s", 1000), "goreman", 1, 57, 31),
    Mark("500 running from cold (ms)", "coldstart", val("n500_s", 1000), "goreman", 1, 335, 217),
    *(Mark(f"{what} at {n} (ms)", "cli", val(f"{key}{n}_ms"), "goreman", 1.5, once)
      for key, what in (("list", "status"), ("json", "status -o json")) for n, once in ((100, 3.3), (500, 4.1))),
    Mark("memory at 100 (MiB, PSS)", "memory", val("n100_pss_kib", 1 / 1024), "hivemind", 1, 8.8),
    Mark("memory at 500 (MiB, PSS)", "memory", val("n500_pss_kib", 1 / 1024), "hivemind", 1, 25.6),
    *(Mark(f"idle {what} at {n}", "idle", val(f"n{n}_{key}"), once=0)
      for n in (100, 500) for key, what in (("cpu_ms_per_30s", "CPU (ms per 30 s)"), ("wakeups_per_s", "wakeups a second"))),
    Mark("crash to new process (ms)", "crash", val("aged_ms"), "pebble", 1, 2.7, 0.36, strict=True),
    Mark("gap of a restart (ms)", "gap", val("boot0_gap_ms"), "goreman", 1, 2),
    Mark("restart command (ms)", "gap", val("boot0_cmd_ms"), once=5),
    Mark("log lines of 100 bytes (MB/s)", "logs", val("lines_mb_s"), "supervisor", 1, 391, high=True),
    Mark("log writes of 64 KiB (MB/s)", "logs", val("bulk_mb_s"), "supervisor", 1, 1096, high=True, strict=True),
    *(Mark(f"lines lost, {key}", "logs", val(f"{key}_lost"), once=0) for key in ("lines", "bulk", "many")),
    Mark("no-op apply at 500 (ms)", "apply", val("noop500_s", 1000), "supervisord-go", 1, 55),
    Mark("restarted by it", "apply", val("noop500_restarted"), once=0),
    Mark("one edit of 500, from the save (ms)", "apply", val("edit500_run_s", 1000), "process-compose", 0.5, 123),
    Mark("others restarted by it", "apply", val("edit500_others_restarted"), once=0),
    Mark("storm: CPU a restart (ms)", "storm", val("cpu_ms_per_restart"), "process-compose", 0.5, 0.41),
    Mark("storm: status (ms)", "storm", val("list_ms"), once=10),
    *(Mark(f"{what}, {way}", "reload", val(f"{way}_{key}"), once=most)
      for way in ("listen", "expose", "reuseport") for what, key, most in (
          ("replaced under load: failed", "failed", 0), ("longest pause (ms)", "gap_ms", 50))),
    *(Mark(f"forwarder, {p}, {what}: share of direct", "forward", val(f"{p}_{key}_ratio"), once=0.5, high=True)
      for p in ("node1", "c1") for what, key in (("kept connections", "keep"), ("one each", "conn"))),
    *(Mark(f"Node.js of {n}, {what} (1/s)", "forward", val(f"node{n}_{key}_rps"), "pm2", 1, once, high=True, strict=True)
      for n, what, key, once in ((1, "kept connections", "keep", 29199), (1, "one each", "conn", 2178),
                                 (2, "kept connections", "keep", 26707), (2, "one each", "conn", 2455))),
    *(Mark(f"500 programs in 20 levels, {s}: times the longest chain", "graph", val(f"{s}_ratio"), once=2) for s in ("line", "wall")),
]


def limit(mark, results):
    """(the mark's value, where it comes from)"""
    rows = results.get(mark.metric, {})
    factor = "" if mark.times == 1 else f"{mark.times:g} times "
    # a manager without a machine-readable list is judged by its list
    get = val(f"list{mark.title.split()[-2]}_ms") if mark.title.startswith("status -o") else mark.get
    now = get(rows[mark.peer]) if mark.peer in rows else None
    if now is not None:
        return now * mark.times, f"{factor}{mark.peer} in this run"
    if not mark.peer:
        return mark.once, "limit"
    floor = mark.get(rows["floor-c"]) if mark.floor_once and "floor-c" in rows else None
    if floor:
        return mark.once * mark.times * floor / mark.floor_once, f"{factor}{mark.peer} once, scaled by the C loop"
    return mark.once * mark.times, f"{factor}{mark.peer} once"


def shown(v):
    return "–" if v is None else f"{v:,.0f}" if v >= 1000 else f"{v:.3g}"


def verdict(mark, got, lim):
    if got is None:
        return "not measured"
    ok = got > lim if mark.high else got < lim
    return "met" if ok or (got == lim and not mark.strict) else "missed"


def table(results, subject="kitt"):
    """Lines of Markdown; none when kitt was not in the run."""
    if not any(subject in rows for rows in results.values()):
        return []
    out = ["## The marks", "", "| figure | kitt | mark | set by | verdict |", "|---|---|---|---|---|"]
    for m in MARKS:
        if m.metric not in results:
            continue
        got = m.get(results[m.metric].get(subject, {}))
        lim, source = limit(m, results)
        least = "at least " if m.high else ""
        out.append(f"| {m.title} | {shown(got)} | {least}{shown(lim)} | {source} | {verdict(m, got, lim)} |")
    return out + [""]
