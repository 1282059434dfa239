# [include] conf.d/*.conf: name these files too
# [eventlistener:mem] has no counterpart: left out

process "web" {
  # priority = 10 has no counterpart
  namespace = "core"
  command   = ["/usr/bin/node", "server.js", "--title", "50% off", "v1"]
  cwd       = "/srv/web"
  user      = "www"
  umask     = "027"
  env = {
    HERE   = "/srv/shop"
    KEY    = "va\"l"
    OTHER  = "x"
    SHARED = "all, of it"
  }

  restart {
    policy     = "on-failure"
    min_uptime = "5s"
    max        = 4
    done_codes = [2]
  }
  stop {
    signal  = "SIGQUIT"
    timeout = "30s"
  }
  log {
    max_size = "52428800"
    keep     = 3
    combined = "/var/log/web.log"
  }
}

process "worker" {
  # %(process_num) is 0 for all instances here; instance.n counts from 1
  namespace = "core"
  command   = ["worker", "--n=0", "--more", "words"]
  instances = 4
  autostart = false
  kill_mode = "process"
  env = {
    HERE   = "/srv/shop"
    SHARED = "all, of it"
  }
}
# stderr: [include] conf.d/*.conf: name these files too
# stderr: [eventlistener:mem] has no counterpart: left out
# stderr: web: priority = 10 has no counterpart
# stderr: worker: %(process_num) is 0 for all instances here; instance.n counts from 1
