procfile = "Procfile"
env      = { NODE_ENV = "production", A = "file" }

process "web" {
  instances = 3
  restart {
    policy = "on-abnormal"
  }
}
process "api" {
  env = { PORT = 4000 }
}
process "extra" {
  command = "sleep 5"
}
