// What pm2 itself makes of process files: node normal.cjs FOLDER-OF-PM2 < request > answer, both JSON.
//
// The request is { env, cases: [{ file, cwd, profile, pretend }] }; the answer lists, for each case, an error or the
// instances that pm2 would start. pm2's own code does all of it, from reading the file to the environment of each
// instance; only the last step, starting a process, is ours, and starts nothing.
'use strict';
const fs = require('fs'), path = require('path'), { EventEmitter } = require('events');

const pm2 = path.resolve(process.argv[2]);
const request = JSON.parse(fs.readFileSync(0, 'utf8'));
let said = [];
for (const word of ['log', 'info', 'warn', 'error']) console[word] = (...words) => { said.push(words.map((w) => (w && w.message) || String(w)).join(' ')); };

const API = require(path.join(pm2, 'lib/API.js')), God = require(path.join(pm2, 'lib/God.js'));
const dayjs = require(require.resolve('dayjs', { paths: [pm2] }));

fs.mkdirSync(request.env.PM2_HOME, { recursive: true });

// nothing is started, watched, timed or written
const started = (env, done) => {
  const child = Object.assign(new EventEmitter(), { process: { pid: 1 }, pm2_env: { ...env, wait_ready: false }, was: env });
  done(null, child);
  setImmediate(() => child.emit('online'));
};
God.forkMode = God.nodeApp = started;
God.watch = { enable() {}, disable() {}, disableAll() {} };
God.registerCron = () => {};
God.notify = () => {};
fs.mkdirSync = () => {};
const exists = fs.existsSync;
let pretend = new Set();
fs.existsSync = (p) => pretend.has(p) || exists(p);

const text = (v) => (v !== null && typeof v === 'object' ? JSON.stringify(v) : String(v));

// record is one instance as pm2 would start it.
function record({ pm2_env: env, was }) {
  const out = { ...(was || env) };
  const node = (p) => (p === process.execPath ? 'node' : p);
  const all = { ...out.env, [out.instance_var]: out[out.instance_var] };
  const vars = {};
  for (const [key, value] of Object.entries(all)) if (value !== undefined) vars[key] = text(value);
  const argv = out.exec_interpreter === 'none' ? [] : [node(out.exec_interpreter), ...(out.node_args || [])];
  return {
    name: out.name, namespace: out.namespace, id: out.pm_id, cwd: out.pm_cwd, argv: [...argv, out.pm_exec_path, ...(out.args || [])].map(String), env: vars,
    fields: out, stamp: out.log_date_format ? dayjs(0).format(out.log_date_format) : '',
  };
}

function one({ file, cwd, profile, only }) {
  return new Promise((done) => {
    for (const key of Object.keys(process.env)) delete process.env[key];
    Object.assign(process.env, request.env);
    God.clusters_db = {};
    God.next_id = 0;
    said = [];
    process.chdir(cwd);
    const api = new API({ cwd, pm2_home: request.env.PM2_HOME });
    api.Client.executeRemote = (method, data, reply) => {
      if (method === 'prepare') return God.prepare(JSON.parse(JSON.stringify(data)), reply);
      if (typeof reply === 'function') reply(null, []);
    };
    api.Client.notifyGod = () => {};
    const answer = (error) => done({
      error: error ? [].concat(error).map((e) => e.message || String(e)).join('; ') : '', said,
      instances: Object.values(God.clusters_db).map(record),
    });
    try { api._startJson(file, { env: profile || undefined, only }, 'restartProcessId', answer); } catch (e) { answer(e); }
  });
}

(async () => {
  const answers = [];
  for (const test of request.cases) {
    pretend = new Set(test.pretend || []);
    answers.push(await one(test));
  }
  process.stdout.write(JSON.stringify(answers), () => process.exit(0));
})();
