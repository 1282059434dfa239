/* Serves HTTP on the socket that kitt holds, descriptor 3, and tells its pid. See docs/reload.md. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t asked;

static void term(int sig) { (void)sig; asked = 1; }

int main(void) {
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	if (!pid || atoi(pid) != getpid() || !n || atoi(n) < 1) { /* as sd_listen_fds(3) has it */
		fprintf(stderr, "no socket was passed\n");
		return 1;
	}
	sigset_t block, none;
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, NULL); /* it comes in ppoll alone: none is lost */
	struct sigaction act = {.sa_handler = term};
	sigaction(SIGTERM, &act, NULL);
	fcntl(3, F_SETFL, O_NONBLOCK); /* another instance may have been faster */
	struct pollfd p = {.fd = 3, .events = POLLIN};
	while (!asked) {
		if (ppoll(&p, 1, NULL, &none) < 1)
			continue;
		int c = accept(3, NULL, NULL);
		if (c < 0)
			continue;
		char in[4096];
		if (read(c, in, sizeof in) > 0)
			dprintf(c, "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nc %d\n", (int)getpid());
		shutdown(c, SHUT_WR);
		close(c);
	}
	return 0; /* who comes now waits in kitt's queue */
}
