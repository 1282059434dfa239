process "web" {
  command = ["server"]
  listen = [
    ":3000",
    "3000",
    "tcp://:3000",
    "tcp://localhost",
    "tcp://127.0.0.1:0",
    "tcp://127.0.0.1:70000",
    "tcp://web.internal:80",
    "tcp://::1:80",
    "tcp://[fe80::1%eth0]:80",
    "http://127.0.0.1:80",
    "unix:",
    "unix:@abstract",
    "unix:x?mode=rw",
    "unix:x?mode=01777",
    "unix:/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ["tcp://127.0.0.1:80"],
  ]
}

process "twice" {
  command = ["server"]
  listen  = ["tcp://127.0.0.1:80", "unix:a"]
}

process "again" {
  command = ["server"]
  listen  = { "a:b" = "unix:./a", web = "tcp://127.0.0.1:80" }
}

process "cluster" {
  command = ["node", "app.js"]
  mode    = "cluster"
  listen  = "unix:c"
}

process "ready" {
  command = ["server"]
  listen  = "unix:d"
  ready {
    fd = 3
  }
}
