/* Asks an HTTP server on a unix socket for paths, over and over, on several connections at once.
 *
 *   ask SOCKET CONNECTIONS REQUESTS <PATHS
 *
 * Each connection asks for the paths in turn, beginning at another one, and waits for each answer.  Prints how many
 * answers came in a second, and the median and the 99th percentile of their milliseconds; fails where one is not 200.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PATHS_MAX 100000
#define ANSWER_MAX (1 << 20)

static char *paths[PATHS_MAX];
static size_t paths_len;
static const char *socket_path;
static size_t requests;

struct asker {
	pthread_t thread;
	size_t first, done;
	double *ms; /* of each request */
	bool failed;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int open_connection(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", socket_path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	perror(socket_path);
	return -1;
}

/* The whole length of an answer whose heads are in buf; 0 while they are not. */
static size_t answer_len(const char *buf)
{
	const char *end = strstr(buf, "\r\n\r\n"), *length = strcasestr(buf, "\r\nContent-Length:");

	return end == NULL || length == NULL ? 0 : (size_t)(end + 4 - buf) + strtoul(length + 17, NULL, 10);
}

static bool ask(int fd, const char *path, char *buf)
{
	char request[8192];
	int len = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path);
	size_t have = 0, want = 0;

	if (write(fd, request, (size_t)len) != len)
		return false;
	while (want == 0 || have < want) {
		ssize_t n = read(fd, buf + have, ANSWER_MAX - 1 - have);

		if (n <= 0)
			return false;
		have += (size_t)n;
		buf[have] = '\0';
		if (want == 0)
			want = answer_len(buf);
	}
	return strncmp(buf, "HTTP/1.1 200", 12) == 0;
}

static void *run(void *ctx)
{
	struct asker *a = ctx;
	char *buf = malloc(ANSWER_MAX);
	int fd = open_connection();

	a->failed = buf == NULL || fd < 0;
	for (a->done = 0; !a->failed && a->done < requests; a->done++) {
		double start = now_ms();

		a->failed = !ask(fd, paths[(a->first + a->done) % paths_len], buf);
		a->ms[a->done] = now_ms() - start;
	}
	if (fd >= 0)
		close(fd);
	free(buf);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool read_paths(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	while (paths_len < PATHS_MAX && (len = getline(&line, &cap, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		paths[paths_len] = strdup(line);
		if (paths[paths_len++] == NULL)
			return false;
	}
	free(line);
	return paths_len > 0;
}

int main(int argc, char **argv)
{
	size_t len = argc == 4 ? strtoul(argv[2], NULL, 10) : 0, i;
	struct asker *askers = calloc(len + 1, sizeof(*askers));
	double *all, start, seconds;
	bool failed = false;

	if (len == 0 || askers == NULL || !read_paths()) {
		fprintf(stderr, "ask SOCKET CONNECTIONS REQUESTS <PATHS\n");
		return 2;
	}
	socket_path = argv[1];
	requests = strtoul(argv[3], NULL, 10) / len;
	all = calloc(len * requests + 1, sizeof(*all));
	if (all == NULL)
		return 1;
	start = now_ms();
	for (i = 0; i < len; i++) {
		askers[i].first = i * paths_len / len;
		askers[i].ms = all + i * requests;
		if (pthread_create(&askers[i].thread, NULL, run, &askers[i]) != 0)
			return 1;
	}
	for (i = 0; i < len; i++) {
		pthread_join(askers[i].thread, NULL);
		failed |= askers[i].failed;
	}
	seconds = (now_ms() - start) / 1e3;
	if (failed) {
		fprintf(stderr, "ask: an answer was not 200, or none came\n");
		return 1;
	}
	qsort(all, len * requests, sizeof(*all), compare);
	printf("%.0f %.3f %.3f\n", (double)(len * requests) / seconds, all[len * requests / 2],
	       all[len * requests * 99 / 100]);
	return 0;
}
