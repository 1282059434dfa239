'use strict'
// What a cluster's worker begins with. Node's own disconnect closes connections that are idle just then, under requests
// that are on their way, and leaves those that are not idle open for ever. A worker that is being replaced instead ends
// each connection with its next answer, and those that stay idle after a while.
const cluster = require('cluster')
const { Server } = require('http')

const retired = () => cluster.worker && cluster.worker.exitedAfterDisconnect
const { emit, closeIdleConnections } = Server.prototype

Server.prototype.emit = function (type, request, response) {
  if (type === 'request' && retired()) response.shouldKeepAlive = false
  return emit.apply(this, arguments)
}

if (closeIdleConnections) {
  Server.prototype.closeIdleConnections = function () {
    if (!retired() || this.kittDrained) return closeIdleConnections.call(this)
    this.kittDrained = true
    setTimeout(() => closeIdleConnections.call(this), Number(process.env.KITT_DRAIN) || 500).unref()
  }
}

// It stays until the signal comes that the primary sends now: programs clean up by that.
process.once('disconnect', () => retired() && setTimeout(() => {}, 1000))
