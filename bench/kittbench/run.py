"""One running manager: its folder, its processes, its commands, and its certain end.

Every process that is started here, by whatever detour, stays a descendant of the harness,
which makes itself the reaper of orphans; and it carries the run's tag in its environment.
Only such processes are ever measured or killed.
"""

import ctypes
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import procfs
from .apps import Maker
from .ledger import Ledger

TAG = "BENCH_TAG"
PR_SET_CHILD_SUBREAPER = 36


def sweep():
    """Kills what a harness that was itself killed has left: processes that carry a run's tag
    whose harness is no longer there. Returns how many."""
    n = 0
    for pid in procfs.pids():
        try:
            fd = os.pidfd_open(pid)  # first, so that what is read and what is killed are the same process
        except OSError:
            continue
        try:
            owner = procfs.environ(pid).get(TAG.encode(), b"").decode().split("-")[0]
            if owner.isdigit() and int(owner) != os.getpid() and not os.path.exists(f"/proc/{owner}"):
                signal.pidfd_send_signal(fd, signal.SIGKILL)
                n += 1
        except (ProcessLookupError, PermissionError):
            pass
        finally:
            os.close(fd)
    return n


def become_reaper():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise SystemExit("bench: cannot become the reaper of orphans")


@dataclass
class Done:
    rc: int
    secs: float
    cpu: float  # of the command itself and what it waited for
    out: str
    timed_out: bool = False

    @property
    def ok(self):
        return self.rc == 0 and not self.timed_out


def wait_pid(popen, timeout):
    """Popen.wait() with a timeout, but without its polling; returns (exit status, CPU seconds)."""
    fd = os.pidfd_open(popen.pid)
    try:
        p = select.poll()
        p.register(fd, select.POLLIN)
        if not p.poll(max(0, timeout) * 1000):
            return None, 0.0
    finally:
        os.close(fd)
    try:
        _, status, usage = os.wait4(popen.pid, 0)
    except ChildProcessError:
        return popen.wait(), 0.0
    popen.returncode = os.waitstatus_to_exitcode(status)
    return popen.returncode, usage.ru_utime + usage.ru_stime


class Run:
    _count = 0
    _popens = {}  # pid -> Popen, of all runs: those are not ours to reap behind its back

    def __init__(self, base, bindir, label, path):
        Run._count += 1
        self.tag = f"{os.getpid()}-{Run._count}-{label}"
        self.dir = Path(base) / f"{Run._count:03d}-{label}"
        self.dir.mkdir(parents=True)
        (self.dir / "home").mkdir()
        self.bin = bindir
        self.ledger = Ledger(self.dir / "ledger")
        self.make = Maker(bindir, self.ledger.path)
        self.env = {"PATH": path, "HOME": str(self.dir / "home"), "LANG": "C.UTF-8", "TERM": "xterm",
                    "SHELL": "/bin/sh", "TMPDIR": str(self.dir), TAG: self.tag}
        self.patience = 6.0
        self.forced = 0  # processes that had to be killed by the harness
        self._tags = {}
        self._known = set()

    # -- starting things

    def spawn(self, argv, out="manager.out", env=None, cwd=None):
        """A long-running program in a session of its own; output into a file."""
        with open(self.dir / out, "ab") as f:
            p = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                 env={**self.env, **(env or {})}, cwd=cwd or self.dir, start_new_session=True)
        Run._popens[p.pid] = p
        return p

    def call(self, argv, timeout=30, env=None, keep=True):
        """A command, timed from before the fork until its exit."""
        path = self.dir / "call.out"
        with open(path, "wb") as f:
            t0 = time.monotonic_ns()
            p = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                 env={**self.env, **(env or {})}, cwd=self.dir)
            Run._popens[p.pid] = p
            rc, cpu = wait_pid(p, timeout)
            secs = (time.monotonic_ns() - t0) / 1e9
        timed_out = rc is None
        if timed_out:
            p.kill()
            p.wait()
        Run._popens.pop(p.pid, None)
        out = path.read_text(errors="replace") if keep else ""
        return Done(-1 if timed_out else rc, secs, cpu, out, timed_out)

    @staticmethod
    def port():
        """A free port on 127.0.0.1, outside the range that outgoing connections use."""
        for _ in range(200):
            port = random.randint(20000, 30000)
            with socket.socket() as s:
                try:
                    s.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue
        raise RuntimeError("no free port on 127.0.0.1")

    # -- looking at processes

    def _tag_of(self, p):
        key = (p.pid, p.start)
        if key not in self._tags:
            tag = procfs.environ(p.pid).get(TAG.encode())
            if tag is None:
                return None
            self._tags[key] = tag.decode()
        return self._tags[key]

    def processes(self):
        """All live processes of this run: descendants of the harness with the run's tag, or
        whose parent is one of them, or that were one of them before."""
        table = procfs.table()
        below = set(procfs.descendants(table, os.getpid()))
        self._reap(table)
        mine = {}
        for pid in below:
            p = table[pid]
            if p.state in "ZX":
                continue
            if self._tag_of(p) == self.tag or (p.pid, p.start) in self._known:
                mine[pid] = p
        grown = True
        while grown:  # children that wiped their environment
            grown = False
            for pid in below - set(mine):
                p = table[pid]
                if p.ppid in mine and p.state not in "ZX" and self._tag_of(p) is None:
                    mine[pid], grown = p, True
        self._known |= {(p.pid, p.start) for p in mine.values()}
        return list(mine.values())

    def _reap(self, table):
        me = os.getpid()
        for p in table.values():
            if p.ppid == me and p.state == "Z" and p.pid not in Run._popens:
                try:
                    os.waitpid(p.pid, os.WNOHANG)
                except ChildProcessError:
                    pass
        for pid, popen in list(Run._popens.items()):
            if popen.poll() is not None:
                Run._popens.pop(pid, None)

    def is_workload(self, p):
        if procfs.exe(p.pid).startswith(self.bin + "/"):
            return os.path.basename(procfs.exe(p.pid)) not in ("minisup",)
        return "httpd.js" in " ".join(procfs.cmdline(p.pid)[:3])

    def split(self):
        """(the manager's own processes, the workloads)"""
        own, work = [], []
        for p in self.processes():
            (work if self.is_workload(p) else own).append(p)
        return own, work

    def own(self):
        return self.split()[0]

    def workloads(self):
        """id -> [Proc] of the live workloads, from their command lines."""
        out = {}
        for p in self.split()[1]:
            a = procfs.cmdline(p.pid)
            if "--id" in a:
                out.setdefault(a[a.index("--id") + 1], []).append(p)
        return out

    def cpu(self, own=None):
        """A snapshot for cpu_since()."""
        out = {}
        for p in own if own is not None else self.own():
            out.update(procfs.cpu(p.pid))
        return out

    @staticmethod
    def cpu_since(before, after):
        """{cpu_s, reaped_s, switches} between two snapshots; new threads count from zero."""
        own = ticks = reaped = switches = 0
        for key, (ns, sw) in after.items():
            b = before.get(key, (0, 0))
            if key[1] == "reaped":
                reaped += max(0, ns - b[0])
            elif key[1] == "ticks":
                ticks += max(0, ns - b[0])
            else:
                own += max(0, ns - b[0])
                switches += max(0, sw - b[1])
        # a thread that ended in between is only in the process's own (coarser) total
        return {"cpu_s": max(own, ticks - 20_000_000 if ticks > own + 20_000_000 else own) / 1e9,
                "reaped_s": reaped / 1e9, "switches": switches}

    # -- ending

    def signal(self, procs, sig):
        """Signals exactly these processes: pid and start time have to match."""
        for p in procs:
            try:
                fd = os.pidfd_open(p.pid)
            except OSError:
                continue
            try:
                now = procfs.stat(p.pid)
                if now and now.start == p.start:
                    signal.pidfd_send_signal(fd, sig)
            except ProcessLookupError:
                pass
            finally:
                os.close(fd)

    def wait_gone(self, timeout, daemon=None):
        """Waits until nothing is left, or until the daemon is gone and what it left behind has
        not changed for a while (loggers that sync at their end need one)."""
        end = time.monotonic() + timeout
        was, since = None, time.monotonic()
        while True:
            left = self.processes()
            now = time.monotonic()
            ids = {(p.pid, p.start) for p in left}
            if ids != was:
                was, since = ids, now
            gone = daemon is None or (daemon.pid, daemon.start) not in ids
            if not left or now > end or (gone and now - since > self.patience):
                return left
            time.sleep(0.02 if len(left) < 200 else 0.1)

    def destroy(self, keep=False):
        for _ in range(40):
            left = self.processes()
            if not left:
                break
            self.forced += len(left)
            self.signal(left, signal.SIGKILL)
            time.sleep(0.05)
        self.ledger.close()
        if not keep:
            shutil.rmtree(self.dir, ignore_errors=True)
