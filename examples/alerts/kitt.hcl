# Whom to tell when a process fails, whatever its project: kitt apply -f examples/alerts/kitt.hcl, then kitt notify test.
# docs/alerts.md has a block for each service.
project = "alerts"

notify "chat" {
  processes = ["*/*"]
  on        = ["failed", "flapping", "gave-up", "hung", "recovered"]
  every     = "5m" # at most one message in that time; the rest is a digest
  webhook {
    form = "slack"
    url  = { env = "SLACK_URL" }
  }
}

notify "screen" {
  processes = ["*/*"]
  on        = ["gave-up"]
  desktop {}
}
