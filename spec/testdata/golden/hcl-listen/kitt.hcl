process "list" {
  command = ["server"]
  listen  = ["tcp://127.0.0.1:3000", "tcp://[::1]:3000", "tcp://localhost:3001", "unix:/run/x.sock", "unix:run/y.sock?mode=0660"]
}

process "map" {
  command = ["server"]
  listen  = { web = "tcp://0.0.0.0:8080", admin = "unix:run/admin.sock" }
}

process "one" {
  command = ["server"]
  listen  = "tcp://[0:0:0:0:0:0:0:0]:9000"
}
