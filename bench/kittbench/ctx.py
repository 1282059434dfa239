"""What a metric is given: the managers, the sizes, a place for results, and runs that end."""

import contextlib
import json
import os
import signal
import sys
import time
from collections import Counter

from . import procfs
from .run import Run


class TaskTimeout(Exception):
    pass


class Failed(Exception):
    """A manager did not do what a metric needs; the text goes into the report."""


def _on_alarm(*_):
    raise TaskTimeout("took too long")


class Ctx:
    def __init__(self, base, bindir, path, managers, quick, keep=False):
        self.base, self.bin, self.path = base, bindir, path
        self.managers, self.quick, self.keep = managers, quick, keep
        self.results = {}  # metric -> manager -> {key: value}
        self.t0 = time.monotonic()
        signal.signal(signal.SIGALRM, _on_alarm)

    def pick(self, quick, full):
        return quick if self.quick else full

    def say(self, text):
        print(f"[{time.monotonic() - self.t0:7.1f}s] {text}", file=sys.stderr, flush=True)

    def put(self, metric, manager, **kv):
        self.results.setdefault(metric, {}).setdefault(manager.name, {}).update(kv)

    def add(self, metric, manager, key, value):
        self.results.setdefault(metric, {}).setdefault(manager.name, {}).setdefault(key, []).append(value)

    def get(self, metric, manager, key, default=None):
        return self.results.get(metric, {}).get(manager.name, {}).get(key, default)

    def note(self, metric, manager, text):
        notes = self.results.setdefault(metric, {}).setdefault(manager.name, {}).setdefault("notes", [])
        if text not in notes:
            notes.append(text)
            self.say(f"{metric} {manager.name}: {text}")

    def fail(self, metric, manager, text):
        self.add(metric, manager, "failures", text)
        self.note(metric, manager, "failed: " + text)

    def able(self, metric, *words):
        """The managers that can do all of words; the others get their reason noted."""
        out = []
        for cls in self.managers:
            missing = [w for w in words if w not in cls.can]
            if missing:
                self.note(metric, cls, "cannot: " + cls.why_not.get(missing[0], missing[0]))
            else:
                out.append(cls)
        return out

    @contextlib.contextmanager
    def task(self, metric, cls, limit, quiet=False):
        """One manager's part of a metric: bounded in time, its failure only its own."""
        signal.alarm(int(limit))
        started = time.monotonic()
        try:
            yield
        except (Failed, TaskTimeout) as e:
            self.fail(metric, cls, str(e))
        except Exception as e:  # a bug here or a manager's surprise: say it, go on
            self.fail(metric, cls, f"{type(e).__name__}: {e}")
            if self.keep:
                import traceback
                traceback.print_exc()
        finally:
            signal.alarm(0)
            if not quiet:
                self.say(f"{metric} {cls.name}: {time.monotonic() - started:.1f} s  "
                         + json.dumps(self.results.get(metric, {}).get(cls.name, {}))[:200])

    @contextlib.contextmanager
    def run(self, cls):
        """A manager instance that has not been started; cleaned up whatever happens."""
        run = Run(self.base, self.bin, cls.name, self.path)
        m = cls(run)
        try:
            yield run, m
        finally:
            left = signal.alarm(0)
            try:
                run.destroy(self.keep)
            finally:
                if left:
                    signal.alarm(max(1, left))

    @contextlib.contextmanager
    def started(self, cls, apps_of, policy="usual", timeout=60):
        """A manager running apps_of(maker); stopped in its own way at the end."""
        with self.run(cls) as (run, m):
            apps = apps_of(run.make)
            m.configure(apps, policy)
            self.start(run, m, apps, timeout)
            m.ready()
            yield run, m, apps
            self.stop(cls, run, m, len(apps))

    def stop(self, cls, run, m, n):
        """The manager's own stop; returns how many processes it left, and says which."""
        m.shutdown(20 + n / 20)
        left = run.processes()
        if left:
            kinds = Counter(f"{p.comm}{'' if p.ppid != os.getpid() else ' (orphan)'}" for p in left)
            self.say(f"{cls.name} left after its stop: " + ", ".join(f"{k} {c}" for k, c in kinds.items()))
        return len(left)

    @staticmethod
    def start(run, m, apps, timeout):
        """Launches and waits for the first start of every app; returns seconds to the last."""
        mark = run.ledger.mark()
        t0 = time.monotonic_ns()
        m.launch()
        ids = [a.name for a in apps]
        end, ended = time.monotonic() + timeout, None
        while True:
            left = end - time.monotonic()
            seen = run.ledger.wait_ids(ids, max(0, min(2, left)), mark, step=0.001)
            if len(seen) == len(ids):
                break
            if ended:
                raise Failed(f"{len(seen)} of {len(ids)} started; the manager ended: {ended}")
            if left <= 0:
                raise Failed(f"{len(seen)} of {len(ids)} started within {timeout:.0f} s: {last_words(run)}")
            if m.main is not None and m.main.poll() is not None:
                ended = last_words(run) or f"exit {m.main.returncode}"
        return (max(e.t for e in seen.values()) - t0) / 1e9 if ids else 0.0


def last_words(run):
    """The end of what the manager has said."""
    lines = (run.dir / "manager.out").read_text(errors="replace").splitlines()
    return " / ".join(x for x in lines[-2:] if x.isprintable())[-150:]


def noise():
    busy, steal = procfs.host_cpu()
    return {"busy": busy, "steal": steal, "t": time.monotonic_ns()}


def noise_since(a):
    b = noise()
    t = max(1, b["t"] - a["t"])
    return {"cpus_busy": round((b["busy"] - a["busy"]) / t, 2), "cpus_stolen": round((b["steal"] - a["steal"]) / t, 3)}
