process "a" {
  # watch = true has no counterpart here
  command = ["node", "/srv/a.js", "--x", "1"]
  mode    = "node"
  cwd     = "/srv"
  env     = { K = "1" }

  stop {
    signal  = "SIGINT"
    timeout = "1.6s"
  }
}
# stderr: a: watch = true has no counterpart here
