// The page: state comes in by one stream, and each part draws what became otherwise.
import { $, el, svg, put, clean, full, bytes, percent, span, clock, exitText } from "./text.js";
import { get, post, lines, stream } from "./api.js";
import { chart, bars, sum, spark, cpuWords, memoryWords } from "./chart.js";
import { segments, lane, table, hovers } from "./lives.js";
import { Log } from "./log.js";
import * as spec from "./spec.js";

const rows = new Map(); // full id -> instance
const drawn = new Map(); // full id -> its elements
const uses = new Map(); // full id -> {cpu: [], memory: []}
const events = []; // oldest first
const spans = { "15 min": 15, "1 h": 60, "6 h": 360, "24 h": 1440 };
let specs = [], selected = "", view = "list", tab = "logs", minutes = 15, sort = { by: "name", down: false }, may = false, log = null, order = [];

// ---- coming in

async function begin() {
  theme(localStorage.getItem("kitt-theme"));
  const token = location.hash.slice(1);
  if (/^[0-9a-f]{64}$/.test(token)) {
    history.replaceState(null, "", "/");
    try {
      await post("/enter", { token });
    } catch (err) {
      if (!(await knows())) return gate("This address was used already", "It is good once, and for five minutes. Open a new one with", "kitt ui");
    }
  }
  const session = await knows();
  if (!session) return gate("This browser was not let in", "Open the address that this command prints:", "kitt ui");
  may = session.control;
  $("mode").hidden = $("actions").hidden = !may;
  for (const e of document.querySelectorAll(".may")) e.hidden = !may;
  log = new Log();
  wire();
  watch();
}

const knows = () => get("/session").catch(() => null);

function gate(title, text, code) {
  put($("gate-title"), title);
  put($("gate-text"), text);
  put($("gate-code"), code);
  $("gate").hidden = false;
}

function watch() {
  stream("/v1/watch", { every: "2s" }, { watch: take }, online);
  stream("/v1/events", { n: 5000, follow: 1 }, { event: takeEvent });
}

let lost = 0;
async function online(ok) {
  const link = $("link");
  link.className = "link " + (ok ? "ok" : "off");
  put(link, ok ? "live" : "connection lost");
  if (ok) {
    lost = 0;
    return banner("");
  }
  lost = lost || Date.now();
  const session = await knows();
  if (session) return;
  banner(Date.now() - lost < 15000 ? "The daemon does not answer; trying again." : "The page was closed, or kitt is down. kitt ui opens it again.");
}

function banner(text) {
  put($("banner"), text);
  $("banner").hidden = !text;
}

function take(w) {
  if (w.status) {
    rows.clear();
    w.instances = w.status.instances;
    w.specs = w.status.specs;
  }
  for (const id of w.gone || []) rows.delete(id);
  for (const i of w.instances || []) {
    const id = full(i), was = rows.get(id), use = uses.get(id) || { cpu: [], memory: [] };
    rows.set(id, i);
    uses.set(id, use);
    use.cpu.push(i.cpu);
    use.memory.push(i.memory);
    if (use.cpu.length > 60) { use.cpu.shift(); use.memory.shift(); }
    if (was && was.phase !== i.phase) say(i);
  }
  if (w.specs) {
    specs = w.specs;
    $("spec-mark").hidden = !specs.some((s) => s.error);
    if (view === "spec") drawSpecs();
  }
  later();
}

let waiting = [];
function say(i) {
  if (!["failed", "running", "held", "done"].includes(i.phase)) return;
  waiting.push(`${i.id} is ${i.phase}${i.reason ? ": " + clean(i.reason) : ""}`);
  if (waiting.length === 1) setTimeout(() => {
    put($("live"), waiting.length > 4 ? `${waiting.length} processes changed` : waiting.join(". "));
    waiting = [];
  }, 1000);
}

function takeEvent(e) {
  events.push(e);
  if (events.length > 20000) events.splice(0, 2000);
  later();
}

// ---- drawing

let due = false;
function later() {
  if (due || document.hidden) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    draw();
  });
}

function draw() {
  drawRows();
  summary();
  if (selected) drawDetail();
  if (view === "events") drawEvents();
  if (view === "lives") drawTimeline();
}

function summary() {
  const counts = {};
  for (const i of rows.values()) counts[i.phase] = (counts[i.phase] || 0) + 1;
  put($("sum"), Object.entries(counts).sort().map(([k, n]) => `${n} ${k}`).join(", "));
  document.title = (counts.failed ? `(${counts.failed}) ` : "") + "kitt";
}

const phases = ["failed", "waiting", "starting", "stopping", "running", "held", "done"];
const keys = {
  name: (i) => full(i).toLowerCase(), phase: (i) => phases.indexOf(i.phase), cpu: (i) => i.cpu, memory: (i) => i.memory,
  restarts: (i) => i.restarts, age: (i) => Date.parse(i.since) || 0,
};

function shown() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const list = [...rows.values()].filter((i) => words.every((w) => `${full(i)} ${i.phase} ${i.reason}`.toLowerCase().includes(w)));
  const key = keys[sort.by], up = sort.down ? -1 : 1;
  return list.sort((a, b) => (key(a) < key(b) ? -up : key(a) > key(b) ? up : full(a).localeCompare(full(b), undefined, { numeric: true })));
}

function drawRows() {
  const list = shown(), body = $("rows").tBodies[0], ids = list.map(full);
  for (const [id, r] of drawn) if (!rows.has(id)) { r.tr.remove(); drawn.delete(id); }
  list.forEach((i, n) => {
    const id = ids[n], r = drawn.get(id) || made(id);
    fill(r, i, id);
    if (body.children[n] !== r.tr) body.insertBefore(r.tr, body.children[n] || null);
  });
  while (body.children.length > list.length) body.lastChild.remove();
  order = ids;
  put($("count"), list.length === rows.size ? "" : `${list.length} of ${rows.size}`);
  $("none").hidden = list.length > 0;
  put($("none"), rows.size ? "Nothing matches the filter." : "Nothing runs yet: kitt apply, in the folder of a spec file.");
}

function made(id) {
  const cpuPath = svg("path"), memoryPath = svg("path"), box = (p) => svg("svg", { class: "spark", viewBox: "0 0 60 16", "aria-hidden": "true" }, p);
  const r = { name: el("button", { class: "name" }), sub: el("span", { class: "sub" }), phase: el("span", { class: "phase" }), cpu: el("span"), memory: el("span"),
    restarts: el("td", { class: "num wide" }), age: el("td", { class: "num" }), reason: el("td", { class: "reason" }), cpuPath, memoryPath };
  r.tr = el("tr", { "data-id": id }, el("td", { class: "name-cell" }, r.name, r.sub), el("td", {}, r.phase), el("td", { class: "num" }, box(cpuPath), r.cpu),
    el("td", { class: "num" }, box(memoryPath), r.memory), r.restarts, r.age, r.reason);
  r.tr.addEventListener("click", () => select(id));
  drawn.set(id, r);
  return r;
}

function fill(r, i, id) {
  put(r.name, i.id);
  put(r.sub, clean(i.reason));
  put(r.phase, i.phase);
  const phase = "phase " + i.phase, alive = i.pid > 0;
  if (r.phase.className !== phase) r.phase.className = phase;
  put(r.cpu, alive ? percent(i.cpu) : "–");
  put(r.memory, alive ? bytes(i.memory) : "–");
  put(r.restarts, String(i.restarts));
  put(r.age, i.since ? span(Date.now() - Date.parse(i.since)) : "–");
  put(r.reason, clean(i.reason));
  if (r.reason.title !== i.reason) r.reason.title = clean(i.reason);
  const use = uses.get(id);
  if (use && innerWidth > 900) { spark(r.cpuPath, use.cpu); spark(r.memoryPath, use.memory); }
  const on = String(id === selected);
  if (r.tr.getAttribute("aria-selected") !== on) r.tr.setAttribute("aria-selected", on);
}

// ---- one process

function select(id, focus) {
  const i = rows.get(id), again = id === selected;
  if (!i) return;
  selected = id;
  show("list");
  $("detail").hidden = false;
  location.hash = "";
  if (!again) {
    log.open(id, false);
    charted = 0;
    told = "";
    drawTab();
  }
  later();
  if (focus) drawn.get(id)?.name.focus();
  else if (innerWidth <= 900) $("back").focus();
}

function closeDetail() {
  const id = selected;
  selected = "";
  $("detail").hidden = true;
  log.close();
  later();
  drawn.get(id)?.name.focus();
}

function drawDetail() {
  const i = rows.get(selected);
  if (!i) return closeDetail();
  put($("detail-name"), i.id);
  put($("detail-phase"), i.phase);
  $("detail-phase").className = "phase " + i.phase;
  put($("detail-reason"), clean(i.reason));
  if (tab === "charts" && Date.now() - charted > 5000) drawCharts();
  if (tab === "events") drawLives();
  if (tab === "facts" && told !== i.phase + i.restarts + i.generation) drawFacts();
}

let charted = 0, told = "", asked = 0;
async function drawCharts() {
  charted = Date.now();
  const id = selected, to = Date.now(), from = to - minutes * 60000;
  const got = await get("/v1/samples", { targets: id, since: minutes + "m", points: 300 }).catch(() => ({ instances: [] }));
  if (id !== selected) return;
  const step = Math.max(10000, ((minutes * 60000) / 300) | 0), gap = step * 3;
  const deaths = ofOne(id).filter((e) => e.kind === "exit").map((e) => Date.parse(e.at));
  $("charts").replaceChildren(chart("CPU", sum(got.instances, "cpu", step), from, to, cpuWords, gap),
    chart("Memory", sum(got.instances, "memory", step), from, to, memoryWords, gap), bars("Ends of lives", deaths, from, to));
}

const ofOne = (id) => events.filter((e) => e.id === id);

function drawLives() {
  const to = Date.now(), from = to - minutes * 60000, list = segments(ofOne(selected), rows.get(selected), from, to);
  const sign = selected + minutes + list.length + Math.floor(to / 2000);
  if (sign === asked) return;
  asked = sign;
  $("one-life").replaceChildren(lane(rows.get(selected).id, list, from, to));
  table($("lives-table").tBodies[0], list);
}

async function drawFacts() {
  const id = selected, i = rows.get(id);
  told = i.phase + i.restarts + i.generation;
  const [show, why] = await Promise.all([get("/v1/show", { name: id }).catch((err) => err), get("/v1/why", { name: id }).catch(() => null)]);
  if (id !== selected) return;
  const out = [], one = why && (why.instances || []).find((x) => full(x) === id);
  if (one && one.cause) out.push(el("div", { class: "cause" }, el("b", {}, clean(one.cause.text)), one.cause.hint ? el("div", { class: "hint" }, "hint: " + clean(one.cause.hint)) : null));
  if (one && one.old_config) out.push(el("div", { class: "cause" }, "It is as its file said before: " + clean(one.old_config.text)));
  out.push(el("h3", {}, "Now"), facts({ phase: i.phase, reason: i.reason, pid: i.pid || "–", since: i.since && clock(i.since), restarts: i.restarts, generation: i.generation,
    "last exit": i.exit && `${exitText(i.exit)}, ${clock(i.exit.at)}` }));
  if (one && i.phase !== "running" && one.last_words.length) out.push(el("h3", {}, "Last words"), el("pre", {}, one.last_words.slice(-12).map(clean).join("\n")));
  if (show.process) {
    const p = show.process;
    out.push(el("h3", {}, "Spec"), facts({ file: show.file, command: (p.command || []).join(" "), folder: p.cwd, instances: p.instances, "restart policy": p.restart && p.restart.policy,
      "stop": p.stop && `${p.stop.signal}, ${p.stop.timeout}`, "depends on": p.depends_on && Object.entries(p.depends_on).map(([k, v]) => `${k} ${v}`).join(", "),
      variables: p.env && Object.keys(p.env).sort().join(", "), description: p.description }));
    const tree = (show.tree || []).filter((t) => t.id === i.id || t.id === id);
    if (tree.length) out.push(el("h3", {}, "Processes"), el("pre", {}, branches(tree)));
  }
  $("facts").replaceChildren(...out);
}

function branches(tree) {
  const pids = new Set(tree.map((t) => t.pid)), out = [];
  const walk = (t, depth) => {
    out.push("  ".repeat(depth) + `${t.pid}  ${clean(t.command)}  ${bytes(t.memory)}`);
    for (const c of tree) if (c.parent === t.pid) walk(c, depth + 1);
  };
  for (const t of tree) if (!pids.has(t.parent)) walk(t, 0);
  return out.join("\n");
}

const facts = (o) => el("dl", {}, ...Object.entries(o).filter(([, v]) => v !== undefined && v !== null && v !== "").flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, clean(String(v)))]));

function choose(name, focus) {
  tab = name;
  for (const b of document.querySelectorAll("[data-tab]")) {
    const on = b.dataset.tab === name;
    b.setAttribute("aria-selected", on);
    b.tabIndex = on ? 0 : -1;
    $("pane-" + b.dataset.tab).hidden = !on;
    if (on && focus) b.focus();
  }
  drawTab();
}

function drawTab() {
  charted = 0;
  told = "";
  asked = 0;
  if (selected) drawDetail();
  if (log) log.later();
}

// ---- the other views

function show(name) {
  if (view === name) return;
  view = name;
  for (const b of document.querySelectorAll("[data-view]")) b.toggleAttribute("aria-current", b.dataset.view === name);
  for (const b of document.querySelectorAll("[data-view][aria-current]")) b.setAttribute("aria-current", "page");
  for (const v of document.querySelectorAll(".view")) v.hidden = v.id !== name;
  $("detail").hidden = name !== "list" || !selected;
  lanes = "";
  if (name === "spec") drawSpecs();
  later();
}

const drawSpecs = () => spec.draw(specs, may, toast);

let lanes = "";
function drawTimeline() {
  const to = Date.now(), from = to - minutes * 60000, sign = [minutes, rows.size, events.length, Math.floor(to / 5000)].join();
  if (sign === lanes || $("timeline").contains(document.activeElement)) return;
  lanes = sign;
  const by = new Map();
  for (const e of events) if (e.id && Date.parse(e.at) > from - 86400000) (by.get(e.id) || by.set(e.id, []).get(e.id)).push(e);
  $("timeline").replaceChildren(...[...rows.values()].sort((a, b) => full(a).localeCompare(full(b), undefined, { numeric: true })).slice(0, 200)
    .map((i) => lane(i.id, segments(by.get(full(i)) || [], i, from, to), from, to)),
    el("div", { class: "lane" }, el("span"), el("div", { class: "axis" }, el("span", {}, clock(from, false)), el("span", {}, clock((from + to) / 2, false)), el("span", {}, "now"))));
}

let eventSign = "";
function drawEvents() {
  const words = $("event-filter").value.toLowerCase().split(/\s+/).filter(Boolean), sign = words.join() + events.length + (events.length && events[events.length - 1].seq);
  if (sign === eventSign) return;
  eventSign = sign;
  const list = [];
  for (let n = events.length - 1; n >= 0 && list.length < 500; n--) {
    const e = events[n];
    if (words.every((w) => `${e.kind} ${e.id || ""} ${e.reason || ""}`.toLowerCase().includes(w))) list.push(e);
  }
  $("event-table").tBodies[0].replaceChildren(...list.map((e) => el("tr", {}, el("td", {}, clock(e.at)), el("td", {}, el("span", { class: "kind " + (["exit", "gaveup", "spec-error", "error"].includes(e.kind) ? "bad" : e.kind === "start" ? "run" : "") }, e.kind)),
    el("td", {}, clean(e.id || "")), el("td", {}, clean((e.reason || exitText(e.exit)) + (e.pid ? ` (pid ${e.pid})` : "") + (e.by ? ` by ${e.by}` : ""))))));
}

// ---- doing

function toast(text) {
  const t = el("div", {}, clean(text));
  $("toast").append(t);
  setTimeout(() => t.remove(), 6000);
}

const question = {
  restart: (i) => [`Restart ${i.id}?`, "Restart"], stop: (i) => [`Stop ${i.id}? It stays down until it is started.`, "Stop"], start: (i) => [`Start ${i.id}?`, "Start"],
  scale: (i) => [`How many instances of ${i.process}?`, "Scale"],
};

function act(verb) {
  const i = rows.get(selected);
  if (!i || !may) return;
  const [text, yes] = question[verb](i), ask = $("ask"), number = $("ask-number");
  put($("ask-text"), text);
  put($("ask-yes"), yes);
  $("ask-label").hidden = verb !== "scale";
  number.value = [...rows.values()].filter((x) => x.project === i.project && x.process === i.process).length;
  ask.returnValue = "no";
  ask.onclose = () => { if (ask.returnValue === "yes") order1(verb, i, Number(number.value)); };
  ask.showModal();
  (verb === "scale" ? number : $("ask-yes")).focus();
}

async function order1(verb, i, n) {
  const body = { project: i.project, wait: true, timeout: "30s" };
  if (verb === "scale") body.scale = { [i.process]: n };
  else body.targets = [full(i)];
  try {
    const out = await post("/v1/" + verb, body), last = out.filter((l) => l.text).pop();
    toast(last ? last.text.split("\n")[0] : `${verb} ${i.id}: done`);
  } catch (err) {
    toast(err.message + (err.hint ? " (" + err.hint + ")" : ""));
  }
}

// ---- keys and buttons

function theme(name) {
  const dark = name ? name === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

function turn() {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("kitt-theme", next);
  theme(next);
}

function move(by) {
  const at = order.indexOf(selected), next = order[Math.min(Math.max(at < 0 ? 0 : at + by, 0), order.length - 1)];
  if (!next) return;
  select(next, true);
  drawn.get(next).tr.scrollIntoView({ block: "nearest" });
}

const pressed = {
  j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1), "?": () => $("keys").showModal(), t: turn,
  p: () => show("list"), l: () => show("lives"), e: () => show("events"), s: () => show("spec"), r: () => may && act("restart"),
  1: () => choose("logs"), 2: () => choose("charts"), 3: () => choose("events"), 4: () => choose("facts"), f: () => $("log-tail").click(),
  "/": () => (selected && tab === "logs" && view === "list" ? $("log-find") : view === "events" ? $("event-filter") : $("filter")).focus(),
};

function wire() {
  $("filter").addEventListener("input", later);
  $("event-filter").addEventListener("input", later);
  for (const b of document.querySelectorAll("[data-view]")) b.addEventListener("click", () => show(b.dataset.view));
  for (const b of document.querySelectorAll("[data-sort]")) b.addEventListener("click", () => sorted(b.dataset.sort));
  for (const b of document.querySelectorAll("[data-do]")) b.addEventListener("click", () => act(b.dataset.do));
  const tabs = [...document.querySelectorAll("[data-tab]")];
  tabs.forEach((b, n) => {
    b.addEventListener("click", () => choose(b.dataset.tab));
    b.addEventListener("keydown", (e) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
      if (step) { e.preventDefault(); e.stopPropagation(); choose(tabs[(n + step + tabs.length) % tabs.length].dataset.tab, true); }
    });
  });
  for (const box of document.querySelectorAll("[data-spans]")) for (const [name, n] of Object.entries(spans)) {
    const b = el("button", { "aria-pressed": String(n === minutes), "data-minutes": n }, name);
    b.addEventListener("click", () => spanned(n));
    box.append(b);
  }
  $("close").addEventListener("click", closeDetail);
  $("back").addEventListener("click", closeDetail);
  $("theme").addEventListener("click", turn);
  $("help").addEventListener("click", () => $("keys").showModal());
  hovers($("timeline"));
  hovers($("one-life"));
  document.addEventListener("visibilitychange", later);
  document.addEventListener("spec", drawSpecs);
  document.addEventListener("keydown", key);
  setInterval(later, 1000); // ages
  sorted("name");
}

function spanned(n) {
  minutes = n;
  for (const b of document.querySelectorAll("[data-minutes]")) b.setAttribute("aria-pressed", String(Number(b.dataset.minutes) === n));
  lanes = "";
  drawTab();
  later();
}

function sorted(by) {
  sort = { by, down: sort.by === by ? !sort.down : by !== "name" && by !== "phase" };
  if (by === "name" && !drawn.size) sort.down = false;
  for (const b of document.querySelectorAll("[data-sort]")) b.parentNode.setAttribute("aria-sort", b.dataset.sort === by ? (sort.down ? "descending" : "ascending") : "none");
  later();
}

function key(e) {
  const typing = e.target.matches("input, select, textarea");
  if (e.key === "Escape") {
    if (typing) { e.target.blur(); return; }
    if (selected && !document.querySelector("dialog[open]")) closeDetail();
    return;
  }
  if (typing || e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
  if (e.target.id === "log" && e.key.startsWith("Arrow")) return;
  if (e.target.matches("rect")) return;
  const does = pressed[e.key];
  if (!does) return;
  e.preventDefault();
  does();
}

begin();
