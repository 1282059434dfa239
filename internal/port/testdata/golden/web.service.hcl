process "web" {
  # TasksMax=20 has no counterpart
  # ExecStartPre=/usr/bin/true has no counterpart
  # ExecReload=/bin/kill -HUP $MAINPID has no counterpart
  # it waits for postgresql, which is not among the processes
  description = "The shop, 100% up"
  command     = "/usr/bin/node server.js --port \"$${PORT}\" $ARGS --price '$5' 'a b'"
  cwd         = "/srv/web"
  user        = "www"
  group       = "www"
  umask       = "027"
  nice        = -5
  env_file    = ["-/etc/default/web"]
  env = {
    A = "50% of A"
    B = "2"
    C = "c d"
  }

  restart {
    policy      = "on-failure"
    backoff_min = "1m30s"
    backoff_max = "1m30s"
    within      = "1m0s"
    max         = 5
  }
  stop {
    signal  = "SIGINT"
    timeout = "20s"
  }
  log { out = "/var/log/web.log" }
  limits {
    memory_max = "1GiB"
    cpu        = 1.5
    core       = "unlimited"
    nofile     = "65536"
    stack      = "8388608:16777216"
  }
}
# stderr: web: TasksMax=20 has no counterpart
# stderr: web: ExecStartPre=/usr/bin/true has no counterpart
# stderr: web: ExecReload=/bin/kill -HUP $MAINPID has no counterpart
# stderr: web: it waits for postgresql, which is not among the processes
