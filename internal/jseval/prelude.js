// What a config file sees of Node. It runs once, before the file, as the module kitt:prelude.
const host = {};
for (const name of ["settings", "names", "read", "stat", "list", "resolve", "console", "done", "fail", "need"]) {
  host[name] = globalThis["__kitt_" + name];
  delete globalThis["__kitt_" + name];
}
const settings = JSON.parse(host.settings()), nodeOnly = new Set(settings.nodeOnly);

// --- path
function normalize(path) {
  const up = [], absolute = path.startsWith("/");
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && up.length && up.at(-1) !== "..") up.pop();
    else if (part !== ".." || !absolute) up.push(part);
  }
  const tail = path.endsWith("/") && up.length ? "/" : "";
  return (absolute ? "/" : "") + up.join("/") + tail || (absolute ? "/" : ".");
}
const path = {
  sep: "/", delimiter: ":", normalize,
  join: (...parts) => normalize(parts.filter((p) => p !== "").join("/") || "."),
  isAbsolute: (p) => p.startsWith("/"),
  resolve(...parts) {
    let out = "";
    for (const p of [settings.cwd, ...parts]) if (p !== "") out = p.startsWith("/") ? p : out + "/" + p;
    const clean = normalize(out);
    return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
  },
  dirname(p) {
    const cut = p.replace(/\/+$/, ""), i = cut.lastIndexOf("/");
    return i < 0 ? (p.startsWith("/") ? "/" : ".") : cut.slice(0, i) || "/";
  },
  basename(p, ext = "") {
    const base = p.replace(/\/+$/, "").split("/").at(-1);
    return ext && base !== ext && base.endsWith(ext) ? base.slice(0, -ext.length) : base;
  },
  extname(p) {
    const base = path.basename(p), i = base.lastIndexOf(".");
    return i <= 0 ? "" : base.slice(i);
  },
  relative(from, to) {
    const a = path.resolve(from).split("/").filter(Boolean), b = path.resolve(to).split("/").filter(Boolean);
    let same = 0;
    while (same < a.length && same < b.length && a[same] === b[same]) same++;
    return [...a.slice(same).map(() => ".."), ...b.slice(same)].join("/");
  },
  parse(p) {
    const base = path.basename(p), ext = path.extname(p);
    return { root: p.startsWith("/") ? "/" : "", dir: p.includes("/") ? path.dirname(p) : "", base, ext, name: ext ? base.slice(0, -ext.length) : base };
  },
  format: (o) => ((o.dir ?? o.root ?? "") + (o.dir ? "/" : "") + (o.base ?? (o.name ?? "") + (o.ext ?? ""))),
};
path.posix = path;

// --- fs: reading only
class Text extends String { toString() { return this.valueOf(); } } // stands for a Buffer
function fileError(code, call, file) {
  const words = { ENOENT: "no such file or directory", EACCES: "permission denied", EISDIR: "illegal operation on a directory" };
  return Object.assign(new Error(`${code}: ${words[code]}, ${call} '${file}'`), { code, path: file, syscall: call });
}
const pathOf = (p) => path.resolve(p instanceof URL || String(p).startsWith("file:") ? url.fileURLToPath(p) : String(p));
const forbidden = (name) => () => { throw new Error(`${name} is not available to a config file`); };
const fs = {
  readFileSync(p, options) {
    const file = pathOf(p), got = host.read(file);
    if (got[0] === "-") throw fileError(got.slice(1), "open", file);
    return (typeof options === "string" ? options : options?.encoding) ? got.slice(1) : new Text(got.slice(1));
  },
  existsSync: (p) => host.stat(pathOf(p)) !== "",
  statSync(p, options) {
    const kind = host.stat(pathOf(p));
    if (kind === "" && options?.throwIfNoEntry === false) return undefined;
    if (kind === "") throw fileError("ENOENT", "stat", pathOf(p));
    return { isFile: () => kind === "file", isDirectory: () => kind === "dir", isSymbolicLink: () => false };
  },
  readdirSync(p, options) {
    const dir = pathOf(p), names = JSON.parse(host.list(dir));
    if (!options?.withFileTypes) return names;
    return names.map((name) => ({ name, ...fs.statSync(dir + "/" + name) }));
  },
  accessSync(p) { if (!fs.existsSync(p)) throw fileError("ENOENT", "access", pathOf(p)); },
  realpathSync: (p) => pathOf(p),
  constants: { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 },
};
fs.lstatSync = fs.statSync;
for (const name of ["writeFileSync", "appendFileSync", "mkdirSync", "rmSync", "unlinkSync", "renameSync", "copyFileSync", "chmodSync",
  "symlinkSync", "openSync", "writeSync", "createWriteStream", "createReadStream", "writeFile", "mkdir", "watch"]) fs[name] = forbidden("fs." + name);
const later = (f) => async (...args) => f(...args);
fs.promises = { readFile: later(fs.readFileSync), stat: later(fs.statSync), readdir: later(fs.readdirSync), access: later(fs.accessSync) };

// --- url
class URL {
  constructor(text, base) {
    text = String(text);
    if (!/^[a-z][a-z0-9+.-]*:/i.test(text)) {
      if (base === undefined) throw Object.assign(new TypeError("Invalid URL"), { code: "ERR_INVALID_URL", input: text });
      const b = new URL(base);
      const dir = text.startsWith("/") ? "" : b.pathname.slice(0, b.pathname.lastIndexOf("/") + 1);
      text = b.protocol + "//" + b.host + normalize(dir + (text || "."));
      if (/(^|\/)\.{0,2}$/.test(arguments[0] || ".") && !text.endsWith("/")) text += "/";
    }
    const m = /^([a-z][a-z0-9+.-]*:)(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(text);
    const [user = "", password = ""] = (m[2] ?? "").split(":");
    const port = /:(\d+)$/.exec(m[3] ?? "")?.[1] ?? "";
    Object.assign(this, { protocol: m[1].toLowerCase(), username: user, password, host: m[3] ?? "", hostname: (m[3] ?? "").replace(/:\d+$/, ""), port,
      pathname: m[4] || "/", search: m[5] ?? "", hash: m[6] ?? "", origin: m[1].toLowerCase() + "//" + (m[3] ?? "") });
  }
  get href() {
    const who = this.username ? this.username + (this.password ? ":" + this.password : "") + "@" : "";
    return this.protocol + "//" + who + this.host + this.pathname + this.search + this.hash;
  }
  toString() { return this.href; }
  toJSON() { return this.href; }
}
const url = {
  URL,
  fileURLToPath(u) {
    const at = u instanceof URL ? u : new URL(u);
    if (at.protocol !== "file:") throw new TypeError("The URL must be of scheme file");
    return decodeURIComponent(at.pathname);
  },
  parse(text, query) { // the old way: null for what is not there
    const m = /^([a-z][a-z0-9+.-]*:)?(\/\/(?:([^/?#]*)@)?([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(String(text)), host = m[4] ?? null, port = /:(\d+)$/.exec(host ?? "");
    return { protocol: m[1]?.toLowerCase() ?? null, slashes: m[2] ? true : null, auth: m[3] ?? null, host, port: port?.[1] ?? null, hostname: host?.replace(/:\d+$/, "") ?? null,
      hash: m[7] ?? null, search: m[6] ?? null, query: query ? Object.fromEntries((m[6] ?? "?").slice(1).split("&").filter(Boolean).map((p) => p.split("=").map(decodeURIComponent))) : m[6]?.slice(1) ?? null,
      pathname: m[5] || (host === null ? null : "/"), path: (m[5] || "/") + (m[6] ?? ""), href: String(text) };
  },
  format: (u) => (typeof u === "string" || u instanceof URL ? String(u) : (u.protocol ?? "") + (u.host || u.hostname ? "//" + (u.auth ? u.auth + "@" : "") + (u.host ?? u.hostname + (u.port ? ":" + u.port : "")) : "") + (u.pathname ?? "") + (u.search ?? "") + (u.hash ?? "")),
  resolve: (from, to) => new URL(to, from).href,
  pathToFileURL: (p) => new URL("file://" + encodeURI(path.resolve(p)).replace(/[?#]/g, encodeURIComponent)),
};

// --- util, os, and the rest
function inspect(v) {
  if (typeof v === "string") return v;
  if (v instanceof Error) return v.stack ? `${v.name}: ${v.message}\n${v.stack}` : String(v);
  try { return typeof v === "object" && v !== null ? JSON.stringify(v) : String(v); } catch { return String(v); }
}
function format(...args) {
  if (typeof args[0] !== "string") return args.map(inspect).join(" ");
  let next = 1;
  const text = args[0].replace(/%[sdifjoOc%]/g, (m) => (m === "%%" ? "%" : next < args.length ? (m === "%c" ? (next++, "") : inspect(args[next++])) : m));
  return [text, ...args.slice(next).map(inspect)].join(" ");
}
const util = {
  inspect, format,
  promisify: (f) => (...args) => new Promise((ok, no) => f(...args, (err, v) => (err ? no(err) : ok(v)))),
  inherits(a, b) { Object.setPrototypeOf(a.prototype, b.prototype); },
  isArray: Array.isArray,
};
const os = {
  EOL: "\n", platform: () => settings.platform, arch: () => settings.arch, type: () => (settings.platform === "darwin" ? "Darwin" : "Linux"),
  hostname: () => settings.hostname, homedir: () => settings.env.HOME ?? settings.home, tmpdir: () => settings.env.TMPDIR ?? settings.tmp,
  cpus: () => Array.from({ length: settings.cpus }, () => ({ model: "", speed: 0, times: {} })), availableParallelism: () => settings.cpus,
  userInfo: () => ({ username: settings.user, homedir: settings.home }), networkInterfaces: () => ({}), release: () => "",
  totalmem: () => 8 * 1024 ** 3, freemem: () => 4 * 1024 ** 3, loadavg: () => [0, 0, 0], uptime: () => 0,
};
const LINE = /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/gm;
const dotenv = {
  parse(text) {
    const out = {};
    for (const m of String(text).replace(/\r\n?/g, "\n").matchAll(LINE)) {
      let value = (m[2] ?? "").trim();
      const double = value[0] === '"';
      value = value.replace(/^(['"`])([\s\S]*)\1$/gm, "$2");
      out[m[1]] = double ? value.replace(/\\n/g, "\n").replace(/\\r/g, "\r") : value;
    }
    return out;
  },
  config(options = {}) {
    const parsed = {};
    let error;
    for (const file of [options.path ?? path.resolve(settings.cwd, ".env")].flat()) {
      try { Object.assign(parsed, dotenv.parse(fs.readFileSync(file, "utf8"))); } catch (e) { error = e; }
    }
    for (const [key, value] of Object.entries(parsed)) if (options.override || !(key in process.env)) process.env[key] = value;
    return error ? { parsed, error } : { parsed };
  },
};
const child_process = {};
for (const name of ["exec", "execSync", "execFile", "execFileSync", "spawn", "spawnSync", "fork"]) child_process[name] = () => { host.need("the module child_process"); forbidden("child_process." + name)(); };
const assert = Object.assign((ok, why) => { if (!ok) throw new Error(why ?? "assertion failed"); }, {
  equal(a, b, why) { assert(a == b, why); }, strictEqual(a, b, why) { assert(a === b, why); } });
assert.ok = (ok, why) => assert(ok, why);
const builtins = {
  path, "path/posix": path, fs, "fs/promises": fs.promises, url, util, os, dotenv, child_process, assert,
  module: { createRequire: (from) => requireIn(path.dirname(String(from).startsWith("file:") ? url.fileURLToPath(from) : String(from))) },
};
Object.defineProperty(builtins, "dotenv/config", { enumerable: true, get: () => dotenv.config() });

// --- process and the globals
const env = new Proxy({ ...settings.env }, {
  set(o, key, value) { o[key] = String(value); return true; },
});
const process = {
  env, argv: ["node", "pm2", "start", settings.file, ...(settings.profile ? ["--env", settings.profile] : [])], argv0: "node", execArgv: [],
  cwd: () => settings.cwd, platform: settings.platform, arch: settings.arch, pid: 1, ppid: 0, version: "v22.0.0", versions: { node: "22.0.0" },
  execPath: "node", title: "node", exitCode: undefined, release: { name: "node" },
  exit(code) { throw new Error(`process.exit(${code ?? ""}) in a config file`); },
  on() { return process; }, once() { return process; }, emitWarning() {}, uptime: () => 0, memoryUsage: () => ({ rss: 0 }),
  hrtime: Object.assign(() => [0, 0], { bigint: () => 0n }), nextTick: (f, ...args) => { Promise.resolve().then(() => f(...args)); },
  stdout: { isTTY: false, write(text) { host.console(String(text).trimEnd()); return true; } },
  getuid: () => 0, chdir: forbidden("process.chdir"),
};
process.stderr = process.stdout;
builtins.process = process;
const print = (...args) => { host.console(format(...args)); };
const timers = [];
let now = 0, lastTimer = 0;
const after = (every) => (f, ms = 0, ...args) => {
  timers.push({ id: ++lastTimer, at: now + (Number(ms) || 0), every: every ? Math.max(1, Number(ms) || 0) : 0, run: () => f(...args) });
  return lastTimer;
};
const clear = (id) => { const i = timers.findIndex((t) => t.id === id); if (i >= 0) timers.splice(i, 1); };
Object.assign(globalThis, {
  global: globalThis, process, URL,
  console: { log: print, info: print, warn: print, error: print, debug: print, trace: print, dir: print, table: print, group: print, groupEnd() {}, time() {}, timeEnd() {}, assert() {} },
  setTimeout: after(false), setInterval: after(true), setImmediate: (f, ...args) => globalThis.setTimeout(f, 0, ...args),
  clearTimeout: clear, clearInterval: clear, clearImmediate: clear, queueMicrotask: (f) => { Promise.resolve().then(f); },
  structuredClone: (v) => JSON.parse(JSON.stringify(v)), performance: { now: () => now },
});

// --- require
const loaded = new Map();
const compile = eval; // called under another name, it knows the globals only
function load(file) {
  if (loaded.has(file)) return loaded.get(file).exports;
  const module = { exports: {}, id: file, filename: file, loaded: false, children: [], paths: [] };
  loaded.set(file, module);
  try {
    let text = fs.readFileSync(file, "utf8").replace(/^\ufeff/, "").replace(/^#!/, "//");
    if (/\.json$/.test(file)) module.exports = JSON.parse(text);
    else if (/\.mjs$/.test(file)) throw new Error(`require() of the ES module ${file}: write import() instead`);
    else compile("(function" + settings.wrap + text + "\n})").call(module.exports, module.exports, requireIn(path.dirname(file), module), module, file, path.dirname(file));
  } catch (e) {
    loaded.delete(file);
    if (typeof e === "object" && e !== null && e.kittFile === undefined) Object.defineProperty(e, "kittFile", { value: file });
    throw e;
  }
  module.loaded = true;
  return module.exports;
}
function requireIn(dir, parent) {
  const find = (name) => {
    try { return host.resolve(dir, String(name)); }
    catch (e) {
      if (/^(node:)?[a-z0-9_]+(\/promises)?$/.test(name) && nodeOnly.has(String(name).replace("node:", ""))) host.need("the module " + name);
      throw Object.assign(new Error(e.message), { code: "MODULE_NOT_FOUND" });
    }
  };
  const require = (name) => {
    const found = find(name);
    return found.startsWith("node:") ? builtins[found.slice(5)] : load(found);
  };
  return Object.assign(require, { resolve: find, cache: {}, main: parent, extensions: {} });
}

// --- the run
const names = {};
for (const [name, m] of Object.entries(Object.getOwnPropertyDescriptors(builtins))) {
  names[name] = m.value ? Object.keys(m.value).filter((k) => /^[A-Za-z_$][\w$]*$/.test(k) && k !== "default" && k !== "m") : [];
}
host.names(JSON.stringify(names));

async function exportsOf(how) {
  if (how === "module") return plain(await import(settings.file));
  if (how === "json") return globalThis.__main();
  const module = { exports: {}, id: ".", filename: settings.file, loaded: false, children: [], paths: [] };
  loaded.set(settings.file, module);
  globalThis.__main.call(module.exports, module.exports, requireIn(settings.dir, module), module, settings.file, settings.dir);
  return module.exports;
}
function plain(ns) {
  const keys = Object.keys(ns);
  if (keys.length === 0) throw new Error("it exports nothing: write export default { apps: [ … ] }");
  return "default" in ns && !("apps" in ns) ? ns.default : { ...ns, default: undefined };
}
async function settle(v) {
  for (let i = 0; i < 16; i++) {
    if (typeof v === "function") v = v({ env: settings.profile || undefined });
    else if (v !== null && typeof v === "object" && typeof v.then === "function") v = await v;
    else if (v !== null && typeof v === "object" && v.default !== undefined && v.apps === undefined) v = v.default;
    else break;
  }
  return v;
}
globalThis.__kitt = {
  builtin: (name) => builtins[name],
  file: load,
  async run(how) {
    try {
      const value = JSON.stringify(await settle(await exportsOf(how)));
      if (value === undefined) host.fail("what it exports is no object", "", "");
      else host.done(value);
    } catch (e) {
      if (e !== null && typeof e === "object" && "message" in e) host.fail(`${e.name ?? "Error"}: ${e.message}`, String(e.stack ?? ""), String(e.kittFile ?? ""));
      else host.fail("it throws " + inspect(e), "", "");
    }
  },
  tick() { // the next timer, without waiting for it
    if (timers.length === 0) return false;
    timers.sort((a, b) => a.at - b.at || a.id - b.id);
    const t = timers.shift();
    now = t.at;
    if (t.every) timers.push({ ...t, at: now + t.every });
    t.run();
    return true;
  },
};
