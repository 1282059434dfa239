project = "com-example"

process "bot" {
  # KeepAlive.NetworkState has no counterpart
  # Sockets has no counterpart
  command = ["/usr/local/bin/bot", "a & b"]
  cwd     = "/home/u/bot"
  umask   = "077"
  env     = { TOKEN = "t" }

  restart {
    policy      = "on-failure"
    backoff_min = "30s"
    backoff_max = "30s"
  }
  stop { timeout = "20s" }
  log { combined = "/tmp/bot.log" }
}
# stderr: bot: KeepAlive.NetworkState has no counterpart
# stderr: bot: Sockets has no counterpart
