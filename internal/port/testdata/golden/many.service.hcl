process "many" {
  # its 2 ExecStart run one after the other
  command = "/bin/a 'it'\\''s' && /bin/b"
  cwd     = "/"

  restart { policy = "never" }
}
# stderr: many: its 2 ExecStart run one after the other
