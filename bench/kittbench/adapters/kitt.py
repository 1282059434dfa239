"""kitt, the one being judged. Everything that depends on its command line and its file is here."""

import glob
import json
import os
import shutil
import time

from .base import Adapter, first_line


def quote(text):
    """A string of HCL; ${ and %{ are its template marks."""
    return json.dumps(str(text)).replace("${", "$${").replace("%{", "%%{")


class Kitt(Adapter):
    name = "kitt"
    kind = "subject"
    needs = {"exe": ("KITT_BIN", "kitt")}
    can = frozenset("empty crash list json restart stop apply watch logfile".split())
    fast = "restart.backoff_min and backoff_max 0"
    usual = "defaults (100 ms, doubled up to 15 s)"
    notes = "keeper and daemon are both counted; metric 8 kills the keeper, the parent of all programs"

    CLI = {
        "apply": ["apply", "-f", "{file}"],
        "list": ["status"],
        "json": ["status", "-o", "json"],
        "restart": ["restart", "{name}"],
        "stop": ["stop", "{name}"],
        "reload": ["reload", "{name}"],
        "shutdown": ["shutdown"],
    }
    # what config() adds to every process for the fastest restart
    FAST = 'restart {\n    backoff_min = "0s"\n    backoff_max = "0s"\n  }'
    # no rotation while lines are being counted
    LOG = 'log {\n    max_size = "4GiB"\n    keep     = 100\n    compress = false\n  }'
    # the zero-downtime way, the same as pm2's
    node = shutil.which("node")
    zero = "kitt reload of a Node.js cluster of 2, ready.message" if node else None

    def zero_app(self, make, port, delay_ms):
        a = make.httpd("web", port, delay_ms)
        a.argv[:1] = [self.node, f"{self.run.bin}/httpd.js"]
        a.node_cluster = 2
        return a

    # metric 12: way -> (the service that is replaced without a gap, the port of its clients)
    OVERLAP = 'reload {\n    strategy = "overlap"\n  }'
    DRAIN = 'stop {\n    drain = "200ms"\n  }'
    SAYS = 'ready {\n    log = "^listening"\n  }'

    def ways(self):
        return {"listen": self.way_listen, "expose": self.way_expose, "reuseport": self.way_reuseport,
                **({"cluster": self.way_cluster} if self.node else {})}

    def way_listen(self, make, port):
        a = make.web()
        a.lines = [f'listen = ["tcp://127.0.0.1:{port}"]', self.SAYS, self.OVERLAP]
        return a

    def way_expose(self, make, port, instances=1, app=None):
        a = app or make.web()
        a.lines = [f"expose = {port}", f"instances = {instances}", self.DRAIN]
        return a

    def way_reuseport(self, make, port):
        a = make.web("--port", port, "--reuseport")
        a.lines = [self.SAYS, self.OVERLAP]
        return a

    def way_cluster(self, make, port):
        a = make.node_web(self.node, "--port", port)
        a.node_cluster = 2
        return a

    def replace_argv(self, way, name):
        return self.argv("reload" if way == "cluster" else "restart", name=name)

    # metric 14
    def chained(self, app, needs):
        """app, which says on a descriptor that it is ready, and begins once all of needs are."""
        app.argv += ["--ready-fd", "3"]
        app.lines = ["ready {\n    fd = 3\n  }"]
        if needs:
            app.lines.append("depends_on = {" + ", ".join(f'{quote(n)} = "ready"' for n in needs) + "}")
        return app

    @classmethod
    def version(cls):
        return first_line([cls.exe, "--version"])

    def config(self, apps):
        """The text of kitt.hcl for these apps."""
        out = ['project = "bench"\n']
        for a in apps:
            lines = [f"command = [{', '.join(quote(w) for w in a.argv)}]"]
            if a.env:
                lines.append("env = { " + ", ".join(f"{k} = {quote(v)}" for k, v in a.env.items()) + " }")
            lines.append(self.LOG)
            if self.policy == "fast":
                lines.append(self.FAST)
            if a.node_cluster:
                lines += ['mode = "cluster"', f"instances = {a.node_cluster}", "ready {\n    message = true\n  }"]
            lines += a.lines
            out.append(f"process {quote(a.name)} {{\n  " + "\n  ".join(lines) + "\n}\n")
        return "".join(out)

    def log_files(self, name):
        home = self.run.dir / "kitt"
        return sorted(glob.glob(f"{home}/logs/**/{name}.1/out/@*", recursive=True)) + \
            glob.glob(f"{home}/logs/**/{name}.1/out/current", recursive=True)

    # -- the rest follows from the above

    def argv(self, what, **kw):
        return [self.exe, "--home", str(self.run.dir / "kitt")] + [w.format(**kw) for w in self.CLI[what]]

    @property
    def file(self):
        return self.run.dir / "kitt.hcl"

    def configure(self, apps, policy="usual"):
        self.policy = policy
        new = self.file.with_suffix(".new")
        new.write_text(self.config(apps))
        self.saved_ns = time.monotonic_ns()
        new.rename(self.file)

    def launch(self):
        self.run.spawn(self.argv("apply", file=self.file))

    def list_argv(self):
        return self.argv("list")

    def json_argv(self):
        return self.argv("json")

    def restart_argv(self, name):
        return self.argv("restart", name=name)

    def stop_argv(self, name):
        return self.argv("stop", name=name)

    def reload_argv(self, name):
        return self.argv("reload", name=name)

    def apply(self, apps, timeout=120):
        return self.run.call(self.argv("apply", file=self.file), timeout)

    def shutdown(self, timeout=60):
        self.run.call(self.argv("shutdown"), timeout)
        return self.run.wait_gone(5)
