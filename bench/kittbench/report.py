"""The Markdown report. A cell reads `value (p1.4 f3.2)`: 1.4 times the best peer's figure, 3.2
times the floor's; above 1 is worse, whichever way the figure goes."""

from . import marks
from .adapters import BY_NAME
from .stats import median

LOW, HIGH, PLAIN = "low", "high", None


def med(key):
    def get(d):
        v = d.get(key)
        if isinstance(v, dict):
            return v.get("median")
        return median(v) if isinstance(v, list) else v
    return get


def sub(key, part):
    return lambda d: (d.get(key) or {}).get(part)


def scaled(key, by):
    def get(d):
        v = med(key)(d)
        return None if v is None else v * by
    return get


def col(title, get, how=LOW, digits=1):
    return (title, med(get) if isinstance(get, str) else get, how, digits)


TABLES = {
    "coldstart": ("floor-c", [col(f"{n} (ms)", scaled(f"n{n}_s", 1000), LOW, 1) for n in (1, 10, 100, 500, 1000)]
                  + [col(f"CPU for {n} (ms)", scaled(f"n{n}_cpu_s", 1000), LOW, 0) for n in (100, 500)]
                  + [col(f"stop {n} (ms)", scaled(f"n{n}_stop_s", 1000), PLAIN, 0) for n in (100, 500)]),
    "cli": ("floor-true", [col(f"{k} {n} (ms)", f"{k}{n}_ms") for k in ("list", "json") for n in (1, 100, 500)]
            + [col(f"{k} {n} CPU (ms)", f"{k}{n}_cpu_ms", PLAIN, 1) for k in ("list", "json") for n in (100, 500)]),
    "memory": ("floor-c", [col(f"PSS {n} (MiB)", scaled(f"n{n}_pss_kib", 1 / 1024), LOW, 1) for n in (0, 1, 100, 500)]
               + [col(f"alone {n} (MiB)", scaled(f"n{n}_alone_kib", 1 / 1024), LOW, 1) for n in (100, 500)]
               + [col(f"RSS {n} (MiB)", scaled(f"n{n}_rss_kib", 1 / 1024), PLAIN, 1) for n in (100, 500)]
               + [col("KiB per program", lambda d: d.get("per_program_kib_at_500", d.get("per_program_kib_at_100")), LOW, 0),
                  col("processes at 100", "n100_procs", PLAIN, 0)]),
    "idle": ("floor-c", [x for n in (100, 500) for x in (
        col(f"CPU {n} (ms per 30 s)", f"n{n}_cpu_ms_per_30s", LOW, 1),
        col(f"wakeups {n} (1/s)", f"n{n}_wakeups_per_s", PLAIN, 1))]),
    "crash": ("floor-c", [col("aged, median (ms)", "aged_ms", LOW, 2), col("aged, p99 (ms)", sub("aged_ms", "p99"), LOW, 2),
                          col("aged, min (ms)", sub("aged_ms", "min"), PLAIN, 2),
                          col("young, median (ms)", "young_ms", LOW, 2), col("kills", sub("aged_ms", "n"), PLAIN, 0)]),
    "gap": (None, [x for k, t in (("boot0", "boot 0"), ("boot300", "boot 300"), ("zero", "zero-downtime"))
                   for x in (col(f"{t}: failed", f"{k}_failed", PLAIN, 0), col(f"{t}: gap (ms)", f"{k}_gap_ms", LOW, 1))]
            + [col("restart command (ms)", "boot0_cmd_ms", LOW, 0), col("quiet gap (ms)", "boot0_quiet_gap_ms", PLAIN, 1)]),
    "logs": ("floor-cat", [col("lines (MB/s)", "lines_mb_s", HIGH), col("lines (k/s)", "lines_klines_s", PLAIN, 0),
                           col("lost", "lines_lost", PLAIN, 0), col("torn", "lines_torn", PLAIN, 0),
                           col("CPU s/GB", "lines_cpu_s_per_gb", LOW, 1),
                           col("bulk (MB/s)", "bulk_mb_s", HIGH), col("bulk lost", "bulk_lost", PLAIN, 0),
                           col("bulk CPU s/GB", "bulk_cpu_s_per_gb", LOW, 1),
                           col("many: lost", "many_lost", PLAIN, 0), col("many: CPU s", "many_cpu_s", LOW, 2)]),
    "kill": (None, [x for k in ("daemon", "all") for x in (
        col(f"{k}: alive", f"{k}_alive", PLAIN, 0), col(f"{k}: same pid after", f"{k}_same_pid", PLAIN, 0),
        col(f"{k}: run twice", f"{k}_twice", PLAIN, 0), col(f"{k}: missing", f"{k}_missing", PLAIN, 0),
        col(f"{k}: lines lost", f"{k}_lines_lost", PLAIN, 0), col(f"{k}: loggers heard again", f"{k}_logging_again", PLAIN, 0))]
             + [col("left after stop", "all_left_after_stop", PLAIN, 0)]),
    "apply": (None, [x for n in (30, 100, 500) for x in (
        col(f"no-op {n} (ms)", scaled(f"noop{n}_s", 1000), LOW, 0), col("restarted", f"noop{n}_restarted", PLAIN, 0),
        col(f"edit {n}: runs (ms)", scaled(f"edit{n}_run_s", 1000), LOW, 0),
        col("others restarted", f"edit{n}_others_restarted", PLAIN, 0),
        col(f"save {n}: runs (ms)", scaled(f"save{n}_run_s", 1000), LOW, 0),
        col(f"by hand {n} (ms)", scaled(f"hand{n}_run_s", 1000), LOW, 0))]),
    "storm": ("floor-c", [col("restarts/s", "restarts_per_s", PLAIN, 1), col("CPU %", "cpu_pct", PLAIN, 1),
                          col("CPU % with children", "cpu_pct_with_children", PLAIN, 1),
                          col("CPU ms/restart", "cpu_ms_per_restart", LOW, 3), col("list (ms)", "list_ms", LOW, 0),
                          col("list max (ms)", "list_max_ms", PLAIN, 0), col("list failed", "list_failed", PLAIN, 0),
                          col("stop (s)", "stop_s", PLAIN, 1)]),
    "tree": (None, [col("group: left of 7", "group_left", PLAIN, 0), col("setsid: left of 7", "setsid_left", PLAIN, 0),
                    col("stop command (ms)", "group_cmd_ms", PLAIN, 0)]),
    "reload": (None, [x for w in ("listen", "expose", "reuseport", "cluster") for x in (
        col(f"{w}: sent", f"{w}_sent", PLAIN, 0), col("failed", f"{w}_failed", PLAIN, 0), col("gap (ms)", f"{w}_gap_ms", LOW),
        col("quiet gap (ms)", f"{w}_quiet_gap_ms", PLAIN), col("late (ms)", f"{w}_late_ms", PLAIN),
        col("p99 (ms)", f"{w}_p99_ms", LOW), col("command (ms)", f"{w}_cmd_ms", LOW, 0))]),
    "forward": (None, [x for p in ("node1", "node2", "c1") for k, t in (("keep", "kept"), ("conn", "one each")) for x in (
        col(f"{p}, {t} (1/s)", f"{p}_{k}_rps", HIGH, 0), col("direct (1/s)", f"{p}_{k}_direct_rps", PLAIN, 0),
        col("share", f"{p}_{k}_ratio", PLAIN, 2))]),
    "graph": (None, [x for s in ("line", "wall") for x in (
        col(f"{s} (ms)", f"{s}_ms", LOW, 0), col("longest chain (ms)", f"{s}_chain_ms", PLAIN, 0),
        col("times the chain", f"{s}_ratio", PLAIN, 2), col("begun early", f"{s}_early", PLAIN, 0))]),
}


def is_peer(name):
    return name in BY_NAME and BY_NAME[name].kind == "peer"


def cell(v, how, digits, best, floor):
    if v is None:
        return "–"
    if isinstance(v, bool):
        return "yes" if v else "no"
    text = f"{v:.{digits}f}"
    marks = []
    for letter, ref in (("p", best), ("f", floor)):
        if how and ref and v:
            r = v / ref if how == LOW else ref / v
            marks.append(f"{letter}{r:.2g}" if r < 100 else f"{letter}{r:.0f}")
    return text + (f" ({' '.join(marks)})" if marks else "")


def table(metric, title, rows, doc):
    floor_name, cols = TABLES[metric]
    order = list(BY_NAME)
    rows = dict(sorted(rows.items(), key=lambda kv: order.index(kv[0]) if kv[0] in order else -1))
    used = [c for c in cols if any(c[1](d) is not None for d in rows.values())]
    out = [f"## {title}", "", doc, ""]
    if used:
        out += ["| manager | " + " | ".join(c[0] for c in used) + " |", "|---" * (len(used) + 1) + "|"]
        for name, d in rows.items():
            if all(c[1](d) is None for c in used):
                continue
            cells = []
            for _, get, how, digits in used:
                peers = [get(x) for n, x in rows.items() if is_peer(n) and get(x) is not None]
                best = (min if how != HIGH else max)(peers) if peers else None
                floor = get(rows[floor_name]) if floor_name in rows else None
                floor = None if name == floor_name else floor
                cells.append(cell(get(d), how, digits, best, floor))
            out.append(f"| {name} | " + " | ".join(cells) + " |")
        out.append("")
    notes = [f"- {name}: {t}" for name, d in rows.items() for t in d.get("notes", [])]
    if metric in ("crash", "storm"):
        notes += [f"- {name}: settings: {d['settings']}" for name, d in rows.items() if d.get("settings")]
    if metric == "gap":
        notes += [f"- {name}: zero-downtime by {d['zero_how']}" for name, d in rows.items() if d.get("zero_how")]
    return out + notes + ([""] if notes else [])


def doc_of(fn, metric):
    text = (__import__(fn.__module__, fromlist=["x"]).__doc__ or "").strip()
    return text and "```text\n" + text + "\n```"


def markdown(meta, results, metrics):
    out = ["# Process managers side by side", "",
           f"{meta['date']}, Linux {meta['kernel']}, {meta['cpus']} CPUs, {meta['memory_gib']} GiB, "
           f"{'quick' if meta['quick'] else 'full'} run of {meta['secs']:.0f} s, load before {meta['load_before']}.", "",
           "A cell reads `value (p1.4 f3.2)`: 1.4 times the best peer's figure, 3.2 times the floor's;",
           "above 1 is worse whichever way the figure goes. – means: cannot, or failed; the notes say which.", "",
           "| manager | version | remarks |", "|---|---|---|"]
    out += [f"| {n} | {v} | {BY_NAME[n].notes if n in BY_NAME else ''} |" for n, v in meta["versions"].items()]
    out += [f"| {n} | – | not measured: {why} |" for n, why in meta["absent"].items()]
    out.append("")
    out += marks.table(results)
    seen = set()
    for name, (fn, title) in metrics.items():
        if name in results:
            doc = doc_of(fn, name) if fn not in seen else ""
            seen.add(fn)
            out += table(name, title, results[name], doc)
    return "\n".join(out) + "\n"
