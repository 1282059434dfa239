# What `kitt apply` makes true in this folder. Edit it while it runs: saving is enough.

procfile = "Procfile" # the commands are there; what is said here is added to them

process "kitt-bridge" {
  description = "an HTTP service that restarts itself through kitt"

  env = {
    BRIDGE_ADDR_FILE = "${path.dir}/.kitt/bridge.addr" # where it writes the address it chose
  }

  # after a crash: at once, then ever more slowly, and forgiven after ten good seconds
  restart {
    backoff_min = "100ms"
    backoff_max = "15s"
    stable      = "10s"
  }

  stop {
    signal  = "SIGTERM"
    timeout = "5s"
  }

  log {
    max_size = "1MiB"
    keep     = 3
  }
}
