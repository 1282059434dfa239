"""What the metrics ask of a manager. An adapter says in `can` what its manager does at all;
`why_not` gives the reason for the rest in words that go into the report.

Words used in `can`:
  empty        runs with nothing to manage
  crash        restarts a program that died
  list         has a command that lists everything
  json         has a machine-readable list
  restart      has a command that restarts one program
  stop         has a command that stops one program
  apply        takes an edited configuration and changes only what differs
  watch        follows its configuration file: a save is an apply; configure() notes saved_ns
  edit         no such thing, but one program can be given a new environment by hand
  logfile      writes one log file per program
  logout       writes all output into one stream, kept here in one file
"""

import os
import shutil
import time


class Unavailable(Exception):
    pass


class Adapter:
    name = ""
    kind = "peer"  # peer, subject (the one being judged) or floor (a physical limit)
    needs = {}  # attribute -> (environment variable, program name on the PATH)
    can = frozenset()
    why_not = {}
    fast = "defaults"  # the fastest restart settings, in words
    usual = "defaults"  # the settings of the restart storm, in words
    max_n = 1000
    notes = ""
    zero = None  # the manager's own zero-downtime way, in words; then zero_app() and reload_argv()

    def __init__(self, run):
        self.run = run
        self.policy = "usual"
        self.main = None  # Popen of a foreground daemon

    # -- is it here

    @classmethod
    def find(cls, path):
        """None when everything needed is here, else what is missing."""
        for attr, (var, prog) in cls.needs.items():
            got = os.environ.get(var) or shutil.which(prog, path=path)
            if not got or not os.path.exists(got):
                return f"{prog} not found (set {var} or put it on the PATH)"
            setattr(cls, attr, os.path.abspath(got))  # commands run in the folder of their run
        return None

    @classmethod
    def version(cls):
        return "?"

    # -- one running manager

    def configure(self, apps, policy="usual"):
        """Writes the configuration; nothing is started and nothing is timed."""
        raise NotImplementedError

    def launch(self):
        """From no daemon to all started; may return before they run."""
        raise NotImplementedError

    def relaunch(self):
        """Starts the manager again after it was killed."""
        self.launch()

    def daemon(self):
        """The one process that is 'the manager'."""
        if self.main is not None:
            for p in self.run.own():
                if p.pid == self.main.pid:
                    return p
        own = sorted(self.run.own(), key=lambda p: (p.start, p.pid))
        return own[0] if own else None

    def ready(self, timeout=15):
        """Waits until commands are answered."""
        if "list" not in self.can:
            time.sleep(0.3)
            return True
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.run.call(self.list_argv(), timeout=timeout).ok:
                return True
            time.sleep(0.1)
        return False

    def list_argv(self):
        raise NotImplementedError

    def json_argv(self):
        raise NotImplementedError

    json_call = None  # a function instead, where only an API is machine-readable

    def restart_argv(self, name):
        raise NotImplementedError

    def stop_argv(self, name):
        raise NotImplementedError

    def zero_app(self, make, port, delay_ms):
        """The HTTP service set up for the zero-downtime way."""
        raise NotImplementedError

    def reload_argv(self, name):
        """The command of the zero-downtime way."""
        raise NotImplementedError

    def apply(self, apps, timeout=120):
        """Timed: makes the manager take the configuration that configure() has written."""
        raise NotImplementedError

    def edit(self, app, timeout=60):
        """Timed: gives one program its new environment by hand."""
        raise NotImplementedError

    def log_files(self, name):
        return []

    def shutdown(self, timeout=60):
        """The manager's own way to stop everything."""
        raise NotImplementedError

    # -- helpers

    def write(self, rel, text, mode=None):
        p = self.run.dir / rel
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_text(text)
        if mode:
            p.chmod(mode)
        return p

    def terminate(self, sig, timeout):
        """Ends a foreground daemon by signal and waits until nothing of the run is left."""
        d = self.daemon()
        if d:
            self.run.signal([d], sig)
        return self.run.wait_gone(timeout, d)


def sh_quote(argv):
    import shlex
    return " ".join(shlex.quote(a) for a in argv)


def first_line(argv, env=None, timeout=20):
    import subprocess
    try:
        r = subprocess.run(argv, capture_output=True, text=True, timeout=timeout,
                           env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    for line in (r.stdout + "\n" + r.stderr).splitlines():
        if line.strip():
            return line.strip()
    return "?"
