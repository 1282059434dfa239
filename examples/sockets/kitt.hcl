# Four programs whose sockets kitt holds: while one is restarted, crashes or is replaced, its clients wait.
project = "sockets"

process "go" {
  command = ["go", "run", "./go"]
  listen  = ["tcp://127.0.0.1:3001"]
}

process "node" {
  command = ["node", "server.mjs"]
  listen  = ["tcp://127.0.0.1:3002"]
}

process "python" {
  command = ["python3", "server.py"]
  listen  = ["tcp://127.0.0.1:3003"]
}

process "c" {
  command = ["sh", "-c", "cc -o /tmp/sockets-c server.c && exec /tmp/sockets-c"]
  listen  = { web = "tcp://127.0.0.1:3004", local = "unix:c.sock" }
}

# The other way: it opens the socket itself, and its successor begins beside it.
process "reuseport" {
  command = ["python3", "reuseport.py"]
  env     = { PORT = "3005" }
  ready {
    log = "^listening"
  }
  reload {
    strategy = "overlap"
  }
}
