project = "shop"
env     = { NODE_ENV = "production", GONE = null }

defaults {
  stop {
    signal = "int"
  }
}

process "db" {
  command = ["postgres", "-D", "${path.dir}/data"]
}

process "web" {
  description = "the shop"
  command     = "npm start"
  cwd         = "app"
  instances   = 2
  user        = 501
  umask       = "022"
  kill_mode   = "group"
  env         = { PORT = 3000, DEBUG = false, HOME_DIR = env.HOME, OTHER = try(env.NOPE, "none"), THIRD = env("NOPE", "d") }
  depends_on  = { db = "ready" }
  restart {
    policy      = "on-failure"
    backoff_min = "500ms"
    backoff_max = "1m"
    stable      = 0
    max         = 5
    within      = "1h"
  }
  stop {
    timeout = "3s"
    command = "npm run bye && sync"
  }
  log {
    max_size = "10MB"
    keep     = 3
    compress = false
    dir      = "logs"
  }
  watch {
    paths = ["src"]
  }
  limits { memory = "300MB" }
}

service "kitt" {}
