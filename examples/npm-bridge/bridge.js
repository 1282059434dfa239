'use strict';
// A small HTTP service on a free port of loopback (or BRIDGE_PORT). It writes to stdout and to stderr.
const http = require('http');
const { execFile } = require('child_process');

const name = process.env.KITT_PROCESS || 'bridge';

const routes = {
  'GET /health': (res) => {
    answer(res, 200, { name, pid: process.pid, life: process.env.KITT_LIFE, uptime: process.uptime() });
  },
  // kitt answers once the restart is on disk, so this program still can, although it is about to end
  'POST /restart': (res) => {
    execFile(process.env.KITT_EXE || 'kitt', ['restart', name], { timeout: 10000 }, (err, out) => {
      if (err) console.error(`restart: ${err.message}`);
      answer(res, err ? 502 : 202, { did: `kitt restart ${name}`, kitt: String(out).trim() });
    });
  },
};

function answer(res, code, body) {
  res.writeHead(code, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify(body) + '\n');
}

const server = http.createServer((req, res) => {
  const page = req.headers.origin !== undefined; // a page in a browser may not restart things
  const route = routes[`${req.method} ${req.url}`];
  console.log(`${req.method} ${req.url}`);
  if (route && !page) return route(res);
  console.error(`${req.method} ${req.url}: not served`);
  answer(res, 404, { error: 'GET /health or POST /restart' });
});

server.listen(Number(process.env.BRIDGE_PORT || 0), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    console.error(`${signal}: stopping`);
    server.close(() => process.exit(0));
    setTimeout(() => process.exit(0), 3000).unref();
  });
}
