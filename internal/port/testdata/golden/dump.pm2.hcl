process "a" {
  command = ["node", "/srv/a.js", "--x", "1"]
  mode    = "node"
  cwd     = "/srv"
  env     = { K = "1" }

  stop {
    signal  = "SIGINT"
    timeout = "1.6s"
  }
  watch { paths = ["/srv"] }
}
