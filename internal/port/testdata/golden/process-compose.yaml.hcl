# log_location has no counterpart

process "api" {
  # depends_on x: odd has no counterpart
  # readiness_probe has no counterpart
  # it waits for x, which is not among the processes
  namespace  = "core"
  command    = "./api --port $${PORT} | tee log"
  cwd        = "api"
  instances  = 2
  depends_on = { db = "healthy", seed = "completed" }
  env = {
    ALL  = "1"
    PORT = "8080"
    T    = "v1"
  }

  restart {
    policy      = "on-failure"
    backoff_min = "2s"
    max         = 5
  }
  stop {
    signal  = "SIGINT"
    timeout = "5s"
    command = "./bye"
  }
}

process "db" {
  command = "postgres"
  env     = { ALL = "1" }

  log { combined = "db.log" }
}

process "seed" {
  command   = "./seed"
  autostart = false
  env       = { ALL = "1" }

  restart { policy = "never" }
}

process "nightly" {
  # restart.policy always: what runs at its times ends in between
  # schedule.run_on_start has no counterpart
  command = "./backup"
  env     = { ALL = "1" }

  schedule {
    cron     = "0 3 * * *"
    timezone = "UTC"
  }
  restart { policy = "never" }
}
# stderr: log_location has no counterpart
# stderr: api: depends_on x: odd has no counterpart
# stderr: api: readiness_probe has no counterpart
# stderr: nightly: restart.policy always: what runs at its times ends in between
# stderr: nightly: schedule.run_on_start has no counterpart
# stderr: api: it waits for x, which is not among the processes
