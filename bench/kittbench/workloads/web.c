/* An HTTP service on 127.0.0.1 that keeps connections: one thread.
     --port P     the port; else LISTEN_FDS=1 (descriptor 3), else $PORT
     --reuseport  listens beside another that does, and lets the newest have what comes
   SIGTERM: takes what is queued, answers whatever is asked on what is open, with `Connection: close`, and exits
   with 0 once all are closed, or after a second. */
#include "common.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#define MAXFD 16384
static volatile sig_atomic_t stopping;
static void on_stop(int s) { (void)s, stopping = 1; }
static int ep, open_conns, got[MAXFD];
static char buf[MAXFD][512];

static int listener(int argc, char **argv) {
  const char *lf = getenv("LISTEN_FDS"), *port = getenv("PORT");
  if (!optn(argc, argv, "--port", 0) && lf && atoi(lf) > 0) return 3;
  int one = 1, ls = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)optn(argc, argv, "--port", port ? atol(port) : 0))};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(ls, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (flag(argc, argv, "--reuseport")) setsockopt(ls, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  if (bind(ls, (struct sockaddr *)&a, sizeof a) != 0 || listen(ls, 1024) != 0) exit(3);
  return ls;
}
/* From now on new connections go to the second of those that listen: the successor. Where there is none, to any. */
static void give_way(int ls) {
  struct sock_filter second[] = {BPF_STMT(BPF_RET | BPF_K, 1)};
  struct sock_fprog p = {1, second};
  setsockopt(ls, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &p, sizeof p);
}
static void done(int fd) { close(fd), open_conns--; }
static void answer(int fd) {
  for (;;) {
    ssize_t r = read(fd, buf[fd] + got[fd], sizeof buf[0] - 1 - (size_t)got[fd]);
    if (r < 0 && errno == EAGAIN) return;
    if (r <= 0) return done(fd);
    got[fd] += (int)r, buf[fd][got[fd]] = 0;
    if (!strstr(buf[fd], "\r\n\r\n")) {
      if (got[fd] >= (int)sizeof buf[0] - 1) return done(fd);
      continue;
    }
    int last = stopping || strstr(buf[fd], "Connection: close");
    char all[160];
    int n = snprintf(all, sizeof all, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n%s\r\n%07d\n", last ? "Connection: close\r\n" : "", (int)getpid());
    got[fd] = 0;
    if (send(fd, all, (size_t)n, MSG_NOSIGNAL) < 0 || last) return done(fd);
    return; /* level-triggered: what is left comes again */
  }
}
static void take(int ls) {
  for (int fd, one = 1; (fd = accept4(ls, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    if (fd >= MAXFD) { close(fd); continue; }
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    got[fd] = 0, open_conns++;
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
    answer(fd);
  }
}
int main(int argc, char **argv) {
  struct sigaction sa = {.sa_handler = on_stop};
  sigset_t term, none;
  sigemptyset(&none), sigemptyset(&term), sigaddset(&term, SIGTERM), sigaddset(&term, SIGINT);
  sigprocmask(SIG_BLOCK, &term, 0); /* comes while epoll_pwait waits, so that none is lost */
  sigaction(SIGTERM, &sa, 0), sigaction(SIGINT, &sa, 0);
  ledger(argc, argv, 'S');
  int ls = listener(argc, argv);
  fcntl(ls, F_SETFL, O_NONBLOCK);
  ep = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event e = {.events = EPOLLIN, .data.fd = ls};
  epoll_ctl(ep, EPOLL_CTL_ADD, ls, &e);
  ledger(argc, argv, 'L');
  if (write(1, "listening\n", 10) != 10) return 2;
  for (uint64_t end = 0; !end || (open_conns && now_ns() < end);) {
    struct epoll_event E[256];
    int n = epoll_pwait(ep, E, 256, end ? 10 : -1, &none);
    for (int i = 0; i < n; i++) E[i].data.fd == ls ? take(ls) : answer(E[i].data.fd);
    if (!stopping || end) continue;
    end = now_ns() + 1000000000ull;
    if (flag(argc, argv, "--reuseport")) give_way(ls);
    take(ls), epoll_ctl(ep, EPOLL_CTL_DEL, ls, 0), close(ls);
  }
  return 0;
}
