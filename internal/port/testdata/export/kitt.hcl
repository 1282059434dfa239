project = "shop"

process "release" {
  command = "npm run migrate"

  restart { policy = "never" }
}

process "web" {
  command    = "node server.js --title \"a b\" && echo $HOME 100%"
  instances  = 2
  env        = { PORT = 3000 + instance.n, PRICE = "50% of $5" }
  depends_on = { release = "completed" }

  restart {
    policy     = "on-failure"
    max        = 5
    done_codes = [3]
  }
  stop {
    signal  = "SIGINT"
    timeout = "1500ms"
  }
  log { out = "/var/log/web.log" }
}

process "bot" {
  command   = ["/usr/local/bin/bot", "<a & b>", ""]
  cwd       = "/srv/bot"
  autostart = false
  user      = "bot"
  umask     = "027"
}
