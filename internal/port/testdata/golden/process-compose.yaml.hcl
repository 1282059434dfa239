# log_location has no counterpart

process "api" {
  # depends_on x: odd has no counterpart
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

  ready {
    http              = "https://localhost:8080/health"
    initial_delay     = "2s"
    period            = "5s"
    success_threshold = 2
  }
  alive {
    exec              = "curl -f $${URL}"
    timeout           = "3s"
    failure_threshold = 4
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
  # liveness_probe: it asks nothing that is known here
  command = "postgres"
  env     = { ALL = "1" }

  ready { log = "ready to accept \\(5432\\)" }
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
# stderr: db: liveness_probe: it asks nothing that is known here
# stderr: nightly: restart.policy always: what runs at its times ends in between
# stderr: nightly: schedule.run_on_start has no counterpart
# stderr: api: it waits for x, which is not among the processes
