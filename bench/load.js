// node load.js PORT RATE MS: asks so often a second, half of it over connections that are kept, and says what came back.
const http = require('http')
const [port, rate, ms] = process.argv.slice(2).map(Number)
const agents = [new http.Agent({ keepAlive: true, maxSockets: 100 }), new http.Agent({ keepAlive: false })]
let sent = 0, ok = 0, failed = 0
const began = Date.now()
const one = (agent) => http.get({ port, host: '127.0.0.1', agent, timeout: 5000 }, (r) => r.resume().on('end', () => ok++)).on('error', () => failed++)
const tick = setInterval(() => {
  const past = Date.now() - began
  for (const due = Math.min(past, ms) * rate / 1000; sent < due; sent++) one(agents[sent % 2])
  if (past >= ms && (ok + failed === sent || past > ms + 10000)) {
    clearInterval(tick)
    console.log(JSON.stringify({ sent, failed: sent - ok, rate: Math.round(sent * 1000 / ms) }))
    process.exit(0)
  }
}, 2)
