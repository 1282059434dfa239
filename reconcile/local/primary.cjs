'use strict'
// The primary of a cluster: the parent of its workers, and nothing else. kitt says over the channel how many workers
// there are to be, and of which round; a worker of an older round is replaced, one after the other, once its successor
// is ready. What there is goes back over the channel after each change.
const cluster = require('cluster')

const evaluated = __filename === '[eval]'
const [script, ...args] = process.argv.slice(evaluated ? 1 : 2)
const own = process.execArgv.indexOf('-e')
const execArgv = own < 0 ? process.execArgv : process.execArgv.filter((_, i) => i !== own && i !== own + 1)
if (!evaluated) execArgv.push('--require', __dirname + '/worker.cjs')
const setup = cluster.setupPrimary || cluster.setupMaster
setup.call(cluster, { exec: script, args, execArgv })
process.title = 'kitt cluster of ' + script

let want = null // what kitt said last
let ending = false
let trouble = '' // why the last round was not gone on with
let refused = 0 // that round
let said = ''
const slots = new Map() // number from 1 -> slot

function slotOf(n) {
  if (!slots.has(n)) slots.set(n, { n, current: null, next: null, deaths: [], restarts: 0, streak: 0, timer: null, over: null })
  return slots.get(n)
}

// make brings what is in line with what is wanted.
function make() {
  for (const slot of [...slots.values()]) if (slot.n > want.workers) drop(slot)
  for (let n = 1; n <= want.workers && !ending; n++) {
    const slot = slotOf(n)
    if (!slot.current && !slot.timer && (!slot.over || slot.over.round < want.reload)) begin(slot)
  }
  if (!ending && ![...slots.values()].some((s) => s.next)) replaceOne()
  tell()
}

function begin(slot) {
  slot.over = null
  slot.current = fork(slot)
}

function fork(slot) {
  const env = { KITT_INSTANCE: slot.n, KITT_DRAIN: Math.floor(want.stop.ms / 2) }
  if (want.instance_var) env[want.instance_var] = slot.n - 1
  for (const [name, first] of Object.entries(want.step || {})) env[name] = first + slot.n - 1
  const w = { worker: cluster.fork(env), round: want.reload, born: Date.now(), ready: false, retired: false }
  w.worker.on(want.ready_message ? 'message' : 'listening', (m) => (!want.ready_message || m === 'ready') && ready(slot, w))
  // One that never listens is trusted once it has lived for a while; one that replaces another has ready_ms for that.
  const trust = () => (w.young = setTimeout(() => slot.current === w && ready(slot, w), 250))
  if (!want.ready_message) w.worker.once('online', trust)
  w.worker.on('error', () => {}) // its channel broke: its exit tells
  w.worker.on('exit', (code, signal) => ended(slot, w, code, signal))
  return w
}

function ready(slot, w) {
  if (w.ready || w.retired) return
  w.ready = true
  if (slot.next === w) promote(slot)
  if (process.connected && allReady()) process.send('ready', () => {})
  tell()
}

const allReady = () => slots.size >= want.workers && [...slots.values()].every((s) => s.over || (s.current && s.current.ready))

// replaceOne begins the successor of one worker of an older round.
function replaceOne() {
  if (refused === want.reload) return
  const slot = [...slots.values()].find((s) => s.current && s.current.round < want.reload)
  if (!slot) return
  const w = (slot.next = fork(slot))
  w.timer = setTimeout(() => {
    if (slot.next !== w) return
    if (!want.ready_message) return ready(slot, w) // it may be one that never listens
    refuse(slot, `worker ${slot.n} was not ready after ${want.ready_ms} ms; the old one stays`)
    retire(w)
    tell()
  }, want.ready_ms)
}

function refuse(slot, why) {
  clearTimeout(slot.next.timer)
  slot.next = null
  refused = want.reload
  trouble = why
}

function promote(slot) {
  clearTimeout(slot.next.timer)
  retire(slot.current)
  slot.current = slot.next
  slot.next = null
  trouble = ''
  setImmediate(make)
}

// retire lets a worker serve what it has, then asks it to end; at last it is killed.
function retire(w) {
  if (!w || w.retired) return
  w.retired = true
  const ask = () => signal(w, want.stop.signal)
  if (want.stop.message && w.worker.isConnected()) w.worker.send(want.stop.message, () => {})
  w.worker.once('disconnect', ask)
  if (w.worker.isConnected()) w.worker.disconnect()
  else ask()
  w.timer = setTimeout(() => signal(w, 'SIGKILL'), want.stop.ms)
}

function signal(w, name) {
  if (!w.worker.isDead()) w.worker.process.kill(name)
}

function drop(slot) {
  clearTimeout(slot.timer)
  retire(slot.current)
  retire(slot.next)
  slots.delete(slot.n)
}

function ended(slot, w, code, sig) {
  clearTimeout(w.timer)
  clearTimeout(w.young)
  if (slot.next === w) {
    refuse(slot, `worker ${slot.n} of the new round ended with ${sig || 'code ' + code}; the old one stays`)
  } else if (slot.current === w) {
    slot.current = null
    if (!w.retired && !ending && slots.get(slot.n) === slot) died(slot, w, code, sig)
  }
  leave()
  if (want) tell()
}

// died decides what follows a death: again, later, or never.
function died(slot, w, code, sig) {
  const r = want.restart
  const now = Date.now()
  const ran = now - w.born
  slot.exit = { code, signal: sig }
  const again = r.policy === 'always' || (r.policy === 'on-failure' ? code !== 0 : r.policy === 'on-abnormal' && sig)
  if (!again || (r.done || []).includes(code)) return void (slot.over = { state: 'done', round: w.round })
  if (!r.min_uptime || ran < r.min_uptime) slot.deaths.push(now)
  slot.deaths = slot.deaths.filter((at) => now - at < r.within)
  if (r.most > 0 && slot.deaths.length >= r.most) return void (slot.over = { state: 'failed', round: w.round })
  slot.streak = ran >= r.stable ? 1 : slot.streak + 1
  const pause = Math.min(r.max, r.min * Math.pow(r.factor, slot.streak - 1))
  slot.timer = setTimeout(() => {
    slot.timer = null
    slot.restarts++
    make()
  }, pause)
}

// leave ends the primary where no worker is left and none will come.
function leave() {
  const left = Object.keys(cluster.workers).length
  if (ending && left === 0) process.exit(0)
  const all = [...slots.values()]
  if (want && want.workers > 0 && all.length > 0 && left === 0 && all.every((s) => s.over)) {
    const gaveUp = all.some((s) => s.over.state === 'failed')
    tell(() => process.exit(gaveUp ? 122 : all[0].exit.code || 0)) // 122: kitt knows it
  }
}

// end is asked for by kitt: by a message, or by a signal that the workers get as well if it goes to the whole tree.
function end(by) {
  if (ending) return
  ending = true
  for (const slot of slots.values()) {
    clearTimeout(slot.timer)
    for (const w of [slot.current, slot.next]) {
      if (!w) continue
      w.retired = true
      if (by === 'message') w.worker.isConnected() && w.worker.send(want.stop.message, () => {})
      else if (!want.stop.tree) signal(w, by)
    }
  }
  leave()
}

function tell(then) {
  if (!process.connected) return then && then()
  const list = [...slots.values()].map((s) => ({
    n: s.n, pid: s.current ? s.current.worker.process.pid : 0, round: s.current ? s.current.round : 0, restarts: s.restarts, since: s.current ? s.current.born : 0,
    state: s.over ? s.over.state : !s.current ? 'waiting' : s.next ? 'replacing' : s.current.ready ? 'running' : 'starting', exit: s.exit,
  }))
  const text = JSON.stringify({ kitt: 'cluster', workers: list, round: want.reload, trouble })
  if (text === said && !then) return
  said = text
  process.send(JSON.parse(text), () => then && then())
}

const heard = new Set()
function hear(name) {
  if (heard.has(name)) return
  heard.add(name)
  process.on(name, () => (want ? end(name) : process.exit(0)))
}

process.on('message', (m) => {
  if (m && m.kitt === 'cluster') {
    if (want && m.reload !== want.reload) trouble = ''
    want = m
    hear(want.stop.signal)
    make()
    if (process.connected && allReady()) process.send('ready', () => {})
  } else if (want && want.stop.message && m === want.stop.message) end('message')
})
process.on('disconnect', () => {}) // kitt is away: what runs goes on
for (const name of ['SIGINT', 'SIGTERM']) hear(name)
