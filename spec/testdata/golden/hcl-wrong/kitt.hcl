process "web" {
  comand    = "npm start"
  instances = "many"
  env       = { PORT = env.NOPE, LIST = [1] }
  env_file  = "missing.env"
  umask     = 22
  policy    = "always"
  restart {
    policy      = "allways"
    backoff_min = "10 s"
    backoff_max = 15
  }
  restart {
    max = 3
  }
  stop {
    signal = "SIGTREM"
  }
  log {
    max_size = "10 megs"
    keep     = true
  }
  depends_on = { web2 = "ready", db = "redy" }
}
process "db" {
  command    = unquoted
  depends_on = ["api"]
}
process "api" {
  command    = "x"
  depends_on = ["db"]
}
process "../x" {
  command = ""
}
process "api" {
  command = "y"
}
proces "late" {}
