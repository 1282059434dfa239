env      = { A = "root", B = "root", C = "root", D = "root", E = "root" }
env_file = ["base.env", "-none.env"]

defaults {
  env = { C = "defaults" }
}
process "web" {
  command = "npm start"
  env     = { C = "web", D = "web", E = "web" }
  log {
    keep = 9
  }
}
profile "development" {
  env = { D = "profile" }
  process "web" {
    env     = { E = "profile web" }
    command = "npm run dev"
  }
  process "mail" {
    command = "mailcatcher"
  }
}
profile "test" {
  process "web" {
    instances = 0
  }
}
