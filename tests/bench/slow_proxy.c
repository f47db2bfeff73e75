/* slow_proxy ADDRESS PORT DELAY_MS BYTES_PER_SECOND: what a far registry is like, in front of a near one.
 *
 * Listens on a free port of loopback, prints it, and passes on what comes to ADDRESS:PORT and what is answered. Every
 * connection is a line of its own: what is sent arrives DELAY_MS / 2 later, either way, and answers come at no more
 * than BYTES_PER_SECOND. Ends when its standard input does. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE_BYTES 65536
#define PIECES_MAX 64           /* under way in one direction */
#define WAITING_BYTES (1 << 20) /* may wait to be sent, so that who sends need not be there at each moment */
#define STACK_BYTES 65536

struct settings {
	struct sockaddr_in to;
	int64_t delay_ns; /* one way */
	uint64_t bytes_per_second;
};

static struct settings settings;

/* Bytes under way, and when they arrive. */
struct piece {
	char *bytes;
	size_t len;
	int64_t due_ns;
};

/* One direction of a connection: a thread reads, another one writes when it is time. */
struct direction {
	int from, to;
	uint64_t bytes_per_second; /* 0: as fast as they come */
	struct piece pieces[PIECES_MAX];
	unsigned head, len;
	bool ended;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t due_ns)
{
	struct timespec t = { .tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static bool send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* What there is to read, whether it had been waiting or not. */
static ssize_t receive(int fd, char *bytes, bool *ret_waited)
{
	ssize_t n = recv(fd, bytes, PIECE_BYTES, MSG_DONTWAIT);

	*ret_waited = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
	return *ret_waited ? recv(fd, bytes, PIECE_BYTES, 0) : n;
}

/* Read at the line's speed; so what is not read yet holds the sender up. The line's time goes on where this thread is
 * woken late, or a loaded machine would have a slower line; it begins anew where there was nothing to send, or no room.
 */
static void *reader(void *arg)
{
	struct direction *d = arg;
	int64_t free_ns = now_ns(); /* when the line has sent what it was given */

	for (;;) {
		struct piece p = { .bytes = malloc(PIECE_BYTES) };
		bool idle = true;
		ssize_t n = p.bytes != NULL ? receive(d->from, p.bytes, &idle) : 0;

		pthread_mutex_lock(&d->lock);
		while (n > 0 && d->len == PIECES_MAX && !d->ended) {
			pthread_cond_wait(&d->changed, &d->lock);
			idle = true;
		}
		if (n <= 0 || d->ended) {
			d->ended = true;
			pthread_cond_broadcast(&d->changed);
			pthread_mutex_unlock(&d->lock);
			free(p.bytes);
			return NULL;
		}
		if (idle && now_ns() > free_ns)
			free_ns = now_ns();
		if (d->bytes_per_second > 0)
			free_ns += n * 1000000000 / (int64_t)d->bytes_per_second;
		p.len = (size_t)n;
		p.due_ns = free_ns + settings.delay_ns;
		d->pieces[(d->head + d->len++) % PIECES_MAX] = p;
		pthread_cond_broadcast(&d->changed);
		pthread_mutex_unlock(&d->lock);
		sleep_until(free_ns);
	}
}

static void *writer(void *arg)
{
	struct direction *d = arg;
	bool sent = true;

	pthread_mutex_lock(&d->lock);
	while (sent) {
		struct piece p;

		while (d->len == 0 && !d->ended)
			pthread_cond_wait(&d->changed, &d->lock);
		if (d->len == 0)
			break;
		p = d->pieces[d->head];
		d->head = (d->head + 1) % PIECES_MAX;
		d->len--;
		pthread_cond_broadcast(&d->changed);
		pthread_mutex_unlock(&d->lock);
		sleep_until(p.due_ns);
		sent = send_all(d->to, p.bytes, p.len);
		free(p.bytes);
		pthread_mutex_lock(&d->lock);
	}
	d->ended = true;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	shutdown(d->to, SHUT_WR);
	if (!sent)
		shutdown(d->from, SHUT_RD);
	return NULL;
}

static void start_thread(pthread_t *ret_thread, void *(*run)(void *), void *arg)
{
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK_BYTES);
	if (pthread_create(ret_thread, &small, run, arg) != 0)
		exit(1);
	pthread_attr_destroy(&small);
}

static void direction_start(struct direction *d, int from, int to, uint64_t bytes_per_second, pthread_t threads[2])
{
	*d = (struct direction){ .from = from, .to = to, .bytes_per_second = bytes_per_second };
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
	start_thread(&threads[0], reader, d);
	start_thread(&threads[1], writer, d);
}

static void direction_end(struct direction *d)
{
	for (; d->len > 0; d->len--, d->head = (d->head + 1) % PIECES_MAX)
		free(d->pieces[d->head].bytes);
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
}

static void *serve(void *arg)
{
	int client = (int)(intptr_t)arg, server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, i;
	int waiting_bytes = WAITING_BYTES;
	struct direction there, back;
	pthread_t threads[4];

	sleep_until(now_ns() + 2 * settings.delay_ns); /* SYN, and its answer */
	if (server >= 0)
		setsockopt(server, SOL_SOCKET, SO_RCVBUF, &waiting_bytes, sizeof(waiting_bytes));
	if (server >= 0 && connect(server, (struct sockaddr *)&settings.to, sizeof(settings.to)) == 0) {
		setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		direction_start(&there, client, server, 0, threads);
		direction_start(&back, server, client, settings.bytes_per_second, threads + 2);
		for (i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
		direction_end(&there);
		direction_end(&back);
	}
	close(client);
	if (server >= 0)
		close(server);
	return NULL;
}

static void *accept_all(void *arg)
{
	int listener = *(int *)arg;

	for (;;) {
		int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		pthread_t thread;

		if (client < 0)
			continue;
		start_thread(&thread, serve, (void *)(intptr_t)client);
		pthread_detach(thread);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(at);
	pthread_t thread;
	char end;

	if (argc != 5) {
		fprintf(stderr, "usage: %s ADDRESS PORT DELAY_MS BYTES_PER_SECOND\n", argv[0]);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	settings.to.sin_family = AF_INET;
	settings.to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	settings.delay_ns = (int64_t)strtol(argv[3], NULL, 10) * 1000000 / 2;
	settings.bytes_per_second = strtoull(argv[4], NULL, 10);
	if (inet_pton(AF_INET, argv[1], &settings.to.sin_addr) != 1 || listener < 0 ||
	    bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(listener, 128) != 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &len) != 0) {
		perror(argv[0]);
		return 1;
	}
	printf("127.0.0.1:%u\n", ntohs(at.sin_port));
	fflush(stdout);
	start_thread(&thread, accept_all, &listener);
	while (read(STDIN_FILENO, &end, 1) > 0)
		;
	return 0;
}
