/* One of a dependency graph: says that it started, --after MS later that it is ready ('L', and a newline on
   --ready-fd), and sleeps for ever. */
#include "common.h"
int main(int argc, char **argv) {
  ledger(argc, argv, 'S');
  until_ns(now_ns() + (uint64_t)optn(argc, argv, "--after", 100) * 1000000ull);
  int fd = (int)optn(argc, argv, "--ready-fd", -1);
  ledger(argc, argv, 'L'); /* first, so that whoever waits for it cannot begin before this */
  if (fd >= 0 && (write(fd, "\n", 1) != 1 || close(fd) != 0)) return 2;
  for (;;) pause();
}
