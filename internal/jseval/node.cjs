// Evaluates a config file in Node, for what the built-in engine has not. Run as: node -e THIS REQUEST, a child of kitt.
// The answer goes to fd 3, in JSON: { value, reads } or { error: { message, file, line, col }, reads }.
'use strict';
const fs = require('fs'), Module = require('module'), path = require('path'), url = require('url'), vm = require('vm');
const request = JSON.parse(process.argv[1]), { file } = request;
process.argv = [process.execPath, 'pm2', 'start', file, ...(request.profile ? ['--env', request.profile] : [])];

const reads = new Set([file]);
for (const name of ['readFileSync', 'existsSync', 'statSync', 'accessSync', 'readdirSync']) {
  const real = fs[name];
  fs[name] = function (p, ...rest) {
    try { reads.add(path.resolve(p instanceof URL ? url.fileURLToPath(p) : String(p))); } catch { /* a number, or nothing */ }
    return real.call(this, p, ...rest);
  };
}

let told = false;
const write = fs.writeSync, leave = process.exit;
function tell(answer) {
  if (told) return;
  told = true;
  for (const name of Object.keys(require.cache)) reads.add(name);
  let rest = Buffer.from(JSON.stringify({ ...answer, reads: [...reads] }));
  while (rest.length > 0) rest = rest.subarray(write(3, rest));
  leave.call(process, 0);
}
process.exit = (code) => { throw new Error(`process.exit(${code ?? ''}) in a config file`); };
process.on('exit', () => tell({ error: { message: 'what it exports is a promise that is never settled' } }));
process.on('uncaughtException', fail);

// fail tells an error and the first place of its stack that lies in a file of the user's.
function fail(e) {
  const stack = String((e && e.stack) || '');
  const message = e && typeof e === 'object' && 'message' in e ? `${e.name ?? 'Error'}: ${String(e.message).split('\n')[0]}` : `it throws ${String(e)}`;
  for (const m of stack.matchAll(/^(?:\s+at (?:.* \()?)?(?:file:\/\/)?(\/[^()\n]*?):(\d+)(?::(\d+))?\)?$/gm)) {
    return tell({ error: { message, file: decodeURI(m[1]), line: Number(m[2]), col: Number(m[3] ?? 0) } });
  }
  tell({ error: { message } });
}

async function exported() {
  if (request.how === 'json') return vm.runInThisContext('(' + fs.readFileSync(file, 'utf8').replace(/^\ufeff/, '') + '\n)', { filename: file });
  if (request.how !== 'module') return Module.createRequire(file)(file);
  const ns = await import(url.pathToFileURL(file));
  return 'default' in ns && !('apps' in ns) ? ns.default : { ...ns, default: undefined };
}

(async () => {
  let v = await exported();
  for (let i = 0; i < 16; i++) {
    if (typeof v === 'function') v = v({ env: request.profile || undefined });
    else if (v !== null && typeof v === 'object' && typeof v.then === 'function') v = await v;
    else if (v !== null && typeof v === 'object' && v.default !== undefined && v.apps === undefined) v = v.default;
    else break;
  }
  const text = JSON.stringify(v);
  tell(text === undefined ? { error: { message: 'what it exports is no object' } } : { value: JSON.parse(text) });
})().catch(fail);
