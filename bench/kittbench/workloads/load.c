/* HTTP load on 127.0.0.1:--port for --ms milliseconds (at most 120000), said at the end as one line of JSON.
     --rate N     open loop: N requests a second (at most 5000), due by the clock whatever comes back
     --conns N    closed loop instead: N clients, each asks again once it is answered
     --keep PCT   so many per cent of the requests over connections that are kept, the others one connection each
     --timeout MS a request without an answer for so long has failed (5000)
   A kept connection that the server ends while nothing is asked on it is no failure; one that ends before the
   answer is whole is, always. late_ms is the longest that this program itself did not look. SIGTERM ends it early. */
#define _GNU_SOURCE
#include "common.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#define MAXF 12000
#define MAXS 4000000
enum { REFUSED, RESET, CUT, LATE, OTHER, KINDS };
static const char *kinds[] = {"refused", "reset", "cut", "timeout", "other"};
static volatile sig_atomic_t stop;
static void on_stop(int s) { (void)s, stop = 1; }
typedef struct { int fd, busy, up, kept, got, slot; uint64_t t0; char buf[1024]; } conn;
static conn C[MAXF];
static int spare[MAXF], nspare, busy[MAXF], nbusy, idle[MAXF], nidle, ep;
static long sent, ok, failed[KINDS], opened;
static uint64_t gap, last, first;
static uint32_t *us;
static struct sockaddr_in to;
static const char ask_keep[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ask_once[] = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

static void drop(conn *c) { close(c->fd), c->fd = -1, spare[nspare++] = (int)(c - C); }
static void unbusy(conn *c) { int l = busy[--nbusy]; busy[c->slot] = l, C[l].slot = c->slot, c->busy = 0; }
static void fail(conn *c, int kind) { failed[kind]++, unbusy(c), drop(c); }
static int kind_of(int e) { return e == ECONNREFUSED ? REFUSED : e == ECONNRESET || e == EPIPE ? RESET : OTHER; }

static void ask(conn *c) {
  const char *q = c->kept ? ask_keep : ask_once;
  if (send(c->fd, q, strlen(q), MSG_NOSIGNAL) < 0) fail(c, kind_of(errno));
}
static void answered(conn *c, int ends) {
  uint64_t t = now_ns();
  if (last && t - last > gap) gap = t - last;
  last = t;
  if (!first) first = t;
  if (ok < MAXS) us[ok] = (uint32_t)((t - c->t0) / 1000);
  ok++, unbusy(c);
  if (c->kept && !ends) idle[nidle++] = (int)(c - C);
  else drop(c);
}
/* the answer is whole; for one that ends its connection, the end has come too */
static void hear(conn *c) {
  for (;;) {
    ssize_t r = read(c->fd, c->buf + c->got, sizeof c->buf - 1 - (size_t)c->got);
    if (r < 0 && errno == EAGAIN) return;
    if (r < 0) return fail(c, kind_of(errno));
    c->got += (int)r, c->buf[c->got] = 0;
    char *h = strstr(c->buf, "\r\n\r\n"), *l = h ? strcasestr(c->buf, "content-length:") : 0;
    int whole = l && c->got >= h + 4 - c->buf + atoi(l + 15) && !strncmp(c->buf, "HTTP/1.1 200", 12);
    int ends = whole && strcasestr(c->buf, "connection: close") != 0;
    if (whole && (r == 0 || (c->kept && !ends))) return answered(c, r == 0);
    if (whole && c->kept) return answered(c, 1);
    if (r == 0) return fail(c, CUT);
    if (c->got >= (int)sizeof c->buf - 1) return fail(c, OTHER);
  }
}
static int begin(int keep) {
  conn *c = 0;
  while (keep && nidle && !c) { /* the last used first; one that has ended meanwhile is not asked */
    char x;
    conn *i = &C[idle[--nidle]];
    if (recv(i->fd, &x, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN) c = i;
    else drop(i);
  }
  if (!c && !nspare) return sent++, failed[OTHER]++, 0;
  int fresh = !c;
  if (fresh) c = &C[spare[--nspare]], c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) return spare[nspare++] = (int)(c - C), sent++, failed[OTHER]++, 0;
  c->kept = keep, c->got = 0, c->buf[0] = 0, c->t0 = now_ns(), c->busy = 1, c->slot = nbusy, busy[nbusy++] = (int)(c - C), sent++;
  if (!fresh) return ask(c), 1;
  int one = 1;
  opened++, c->up = 0;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = (uint32_t)(c - C)};
  if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) return fail(c, kind_of(errno)), 1;
  epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
  return 1;
}
static void event(conn *c, uint32_t what) {
  if (c->fd < 0 || !c->busy) return;
  if (!c->up) {
    int e = 0;
    socklen_t n = sizeof e;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &e, &n);
    if (e) return fail(c, kind_of(e));
    if (!(what & EPOLLOUT)) return;
    c->up = 1, ask(c);
    return;
  }
  if (what & (EPOLLIN | EPOLLHUP | EPOLLERR)) hear(c);
}
static int by_size(const void *a, const void *b) { uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b; return x < y ? -1 : x > y; }
static double at(double q) { long n = ok < MAXS ? ok : MAXS; return n ? us[(long)((double)(n - 1) * q)] / 1000.0 : 0; }

int main(int argc, char **argv) {
  long rate = optn(argc, argv, "--rate", 0), conns = optn(argc, argv, "--conns", 0), keep = optn(argc, argv, "--keep", 50);
  long ms = optn(argc, argv, "--ms", 5000), timeout = optn(argc, argv, "--timeout", 5000);
  if (ms > 120000) ms = 120000;
  if (rate > 5000) rate = 5000;
  if (conns > 1000) conns = 1000;
  if (!rate == !conns) return fprintf(stderr, "load: one of --rate and --conns\n"), 2;
  struct sigaction sa = {.sa_handler = on_stop};
  sigaction(SIGTERM, &sa, 0);
  us = calloc(MAXS, sizeof *us);
  to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)optn(argc, argv, "--port", 1)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  ep = epoll_create1(EPOLL_CLOEXEC);
  for (int i = MAXF - 1; i >= 0; i--) C[i].fd = -1, spare[nspare++] = i;
  uint64_t t0 = now_ns(), end = t0 + (uint64_t)ms * 1000000, look = t0, late = 0, over = 0;
  for (long due = 0;;) {
    uint64_t t = now_ns();
    if (t - look > late) late = t - look;
    if (stop && end > t) end = t;
    if (t < end && rate)
      for (due = (long)((double)(t - t0) * (double)rate / 1e9); sent < due;) begin((sent * 37) % 100 < keep);
    else if (t < end)
      for (int i = 0; nbusy < conns && i < conns; i++) begin((sent * 37) % 100 < keep);
    else if (!over) over = t;
    if (over && (nbusy == 0 || t > over + (uint64_t)timeout * 1000000)) break;
    for (int i = nbusy - 1; i >= 0; i--)
      if (t > C[busy[i]].t0 + (uint64_t)timeout * 1000000) fail(&C[busy[i]], LATE);
    struct epoll_event E[256];
    uint64_t before = now_ns();
    int n = epoll_wait(ep, E, 256, 1); /* a millisecond's requests at once: two at 2000 a second */
    look = now_ns() - before > 1000000 ? before + 1000000 : now_ns();
    for (int i = 0; i < n; i++) event(&C[E[i].data.u32], E[i].events);
  }
  while (nbusy) fail(&C[busy[0]], LATE);
  long bad = 0;
  for (int i = 0; i < KINDS; i++) bad += failed[i];
  double secs = (double)((over ? over : now_ns()) - t0) / 1e9;
  qsort(us, (size_t)(ok < MAXS ? ok : MAXS), sizeof *us, by_size);
  printf("{\"sent\": %ld, \"ok\": %ld, \"failed\": %ld, ", sent, ok, bad);
  for (int i = 0; i < KINDS; i++) printf("\"%s\": %ld, ", kinds[i], failed[i]);
  printf("\"connections\": %ld, \"secs\": %.3f, \"rps\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"gap_ms\": %.3f, \"late_ms\": %.3f}\n",
         opened, secs, (double)ok / secs, at(0.5), at(0.99), at(1), (double)gap / 1e6, (double)late / 1e6);
  return 0;
}
