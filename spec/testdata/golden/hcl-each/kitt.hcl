process "web" {
  command   = ["server", "--id", instance.n]
  cwd       = "data/${instance.n}"
  instances = 2
  env = {
    PORT   = 3000 + instance.n
    SHARED = "yes"
    FIRST  = instance.n == 1 ? "me" : null
  }
}
