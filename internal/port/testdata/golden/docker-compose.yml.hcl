# db: what it runs is in its image: left out

project = "shop"

process "web" {
  # image: it runs on this machine, not in a container
  # ports has no counterpart
  # deploy.resources.limits.pids has no counterpart
  # ulimits.rtprio has no counterpart
  # it waits for db, which is not among the processes
  command    = ["node", "server.js", "--title", "a b"]
  cwd        = "web"
  instances  = 3
  env_file   = ["/srv/shop/web.env", "-/srv/shop/more.env"]
  depends_on = { migrate = "completed" }
  env = {
    LOG   = "debug"
    OWN   = "own"
    PRICE = "$5"
    TAG   = "v1"
  }

  ready {
    exec    = "curl -f localhost:$PORT || exit 1"
    period  = "5s"
    timeout = "2s"
    within  = "40s"
  }
  stop {
    signal  = "SIGINT"
    timeout = "1m30s"
  }
  limits {
    memory_max = "256MiB"
    cpu        = 0.5
    nofile     = "1024:unlimited"
  }
}

process "migrate" {
  # build: it runs on this machine, not in a container
  # it waits for db, which is not among the processes
  command = "npm run migrate && echo done"
  user    = "1000"
  group   = "1000"
  env     = { A = "1" }

  restart {
    policy = "on-failure"
    max    = 5
  }
}

process "cache" {
  # PASSWORD is not set: empty here
  command = ["redis-server", "--requirepass"]

  restart { policy = "never" }
}
# stderr: web: image: it runs on this machine, not in a container
# stderr: web: ports has no counterpart
# stderr: web: deploy.resources.limits.pids has no counterpart
# stderr: web: ulimits.rtprio has no counterpart
# stderr: migrate: build: it runs on this machine, not in a container
# stderr: db: what it runs is in its image: left out
# stderr: cache: PASSWORD is not set: empty here
# stderr: web: it waits for db, which is not among the processes
# stderr: migrate: it waits for db, which is not among the processes
