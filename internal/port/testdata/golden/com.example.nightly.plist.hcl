project = "com-example"

process "nightly" {
  # ResidentSetSize in HardResourceLimits or SoftResourceLimits has no counterpart
  command = ["/usr/local/bin/backup"]
  cwd     = "/"
  nice    = 10

  schedule { cron = "0 3,15 * * *" }
  restart {
    policy      = "never"
    backoff_min = "10s"
  }
  stop { timeout = "20s" }
  limits { nofile = "256" }
}
# stderr: nightly: ResidentSetSize in HardResourceLimits or SoftResourceLimits has no counterpart
