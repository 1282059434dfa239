"""kitt beside pm2 with one and the same ecosystem file: from cold, a restart, a reload under load.

    python3 bench/pm2file.py --kitt ./kitt --pm2 bench-out/peers/node_modules/.bin/pm2 [--runs 7]

Medians of several runs, taken in turn, and their ratios, as a table. Needs node.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ECO = """module.exports = { apps: Array.from({ length: 10 }, (_, i) =>
  ({ name: 'app' + i, script: '/bin/sleep', args: '1000', interpreter: 'none' })) }
"""
CLUSTER = """module.exports = { apps: [{ name: 'web', script: 'server.js', instances: 2, exec_mode: 'cluster',
  wait_ready: true, listen_timeout: 10000, kill_timeout: 5000 }] }
"""
SERVER = """const http = require('http')
http.createServer((q, r) => setTimeout(() => r.end('ok'), 2)).listen(+process.env.PORT, '127.0.0.1', () => process.send('ready'))
process.on('SIGINT', () => process.exit(0))
"""


class Manager:
    def __init__(self, name, exe, root, env):
        self.name, self.exe, self.dir = name, exe, pathlib.Path(root) / name
        self.dir.mkdir()
        self.env = dict(os.environ, **{k: v.format(dir=self.dir) for k, v in env.items()})

    def run(self, *args, **kw):
        began = time.monotonic()
        subprocess.run([self.exe, *args], cwd=self.dir, env=self.env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kw)
        return time.monotonic() - began


class Kitt(Manager):
    start, restart, reload, end = ["apply"], ["restart", "app3"], ["reload", "web"], ["shutdown"]


class Pm2(Manager):
    start, restart, reload, end = ["start", "ecosystem.config.js"], ["restart", "app3"], ["reload", "web"], ["kill"]


def speeds(managers, runs):
    out = {m.name: {"from cold": [], "restart": []} for m in managers}
    for _ in range(runs):
        for m in managers:
            (m.dir / "ecosystem.config.js").write_text(ECO)
            out[m.name]["from cold"].append(m.run(*m.start))
            out[m.name]["restart"].append(m.run(*m.restart))
            m.run(*m.end)
    return {name: {what: statistics.median(took) for what, took in rows.items()} for name, rows in out.items()}


def reloads(m, port, rate, seconds):
    (m.dir / "ecosystem.config.js").write_text(CLUSTER)
    (m.dir / "server.js").write_text(SERVER)
    m.env["PORT"] = str(port)
    m.run(*m.start)
    load = subprocess.Popen(["node", HERE / "load.js", str(port), str(rate), str(seconds * 1000)], stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    took = m.run(*m.reload)
    result = json.loads(load.communicate()[0])
    m.run(*m.end)
    return took, result


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kitt", required=True)
    p.add_argument("--pm2", required=True)
    p.add_argument("--runs", type=int, default=7)
    p.add_argument("--rate", type=int, default=2000)
    a = p.parse_args()
    root = tempfile.mkdtemp(prefix="pm2file-")
    kitt = Kitt("kitt", os.path.abspath(a.kitt), root, {"KITT_HOME": "{dir}/home"})
    pm2 = Pm2("pm2", os.path.abspath(a.pm2), root, {"PM2_HOME": "{dir}/home", "PM2_DISABLE_VERSION_CHECK": "true"})
    try:
        took = speeds([pm2, kitt], a.runs)
        print("| one file, 10 apps | pm2 | kitt | pm2 / kitt |\n|---|---|---|---|")
        for what in took["kitt"]:
            old, new = took["pm2"][what], took["kitt"][what]
            print(f"| {what} | {old * 1000:.0f} ms | {new * 1000:.0f} ms | {old / new:.1f} |")
        for i, m in enumerate([pm2, kitt]):
            took, r = reloads(m, 21800 + i, a.rate, 6)
            print(f"{m.name}: reload of a cluster of 2 in {took * 1000:.0f} ms at {r['rate']} requests a second: {r['sent']} sent, {r['failed']} failed")
    finally:
        for m in [kitt, pm2]:
            subprocess.run([m.exe, *m.end], cwd=m.dir, env=m.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
