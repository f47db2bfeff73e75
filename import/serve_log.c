#include "import/serve_log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"

#define TIME_MAX 40
#define TAIL_MAX 64 /* what follows the last text from outside */

/* A line that is being put together; what does not fit is left out. */
struct line {
	char bytes[SERVE_LOG_LINE_MAX];
	size_t len;
};

static void put(struct line *l, const char *text)
{
	size_t len = strlen(text), room = sizeof(l->bytes) - TAIL_MAX - l->len;

	if (len > room)
		len = room;
	memcpy(l->bytes + l->len, text, len);
	l->len += len;
}

/* Text from outside: at most share bytes of the line. */
static void put_clean(struct line *l, const char *text, size_t share)
{
	const unsigned char *c = (const unsigned char *)(text != NULL && *text != '\0' ? text : "-");
	size_t end = l->len + share;
	char hex[8];

	for (; *c != '\0' && l->len + 4 <= end; c++) {
		snprintf(hex, sizeof(hex), *c < 0x20 || *c > 0x7e || *c == '"' || *c == '\\' ? "\\x%02X" : "%c", *c);
		put(l, hex);
	}
}

static void put_time(struct line *l)
{
	char text[TIME_MAX];
	time_t now = time(NULL);
	struct tm at;

	if (localtime_r(&now, &at) == NULL || strftime(text, sizeof(text), " [%d/%b/%Y:%H:%M:%S %z] \"", &at) == 0)
		snprintf(text, sizeof(text), " [-] \"");
	put(l, text);
}

static void put_request(struct line *l, const struct serve_log_entry *e)
{
	char text[64];

	put_clean(l, e->method, 32);
	put(l, " ");
	put_clean(l, e->uri, 2048);
	put(l, " ");
	put_clean(l, e->version, 32);
	snprintf(text, sizeof(text), "\" %u %" PRIu64 " \"", e->status, e->bytes);
	put(l, text);
	put_clean(l, e->referer, 512);
	put(l, "\" \"");
	put_clean(l, e->agent, 512);
}

enum err_code serve_log_open(const char *path, bool quiet, struct serve_log *ret_log, struct err *err)
{
	struct serve_log log = { .fd = quiet ? -1 : STDERR_FILENO };

	if (path != NULL) {
		log.fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
		log.owned = true;
		if (log.fd < 0)
			return err_errno(err, path);
	}
	*ret_log = log;
	return ERR_OK;
}

void serve_log_request(const struct serve_log *log, const struct serve_log_entry *e)
{
	struct line l = { .len = 0 };

	if (log->fd < 0)
		return;
	put_clean(&l, e->peer, 64);
	put(&l, " - ");
	put_clean(&l, e->user, 256);
	put_time(&l);
	put_request(&l, e);
	l.len += (size_t)snprintf(l.bytes + l.len, TAIL_MAX, "\" %.3f\n", e->seconds);
	if (write(log->fd, l.bytes, l.len) < 0)
		return; /* nobody can be told where the log itself is what fails */
}

void serve_log_close(struct serve_log *log)
{
	if (log->owned)
		close_fd(&log->fd);
	*log = (struct serve_log){ .fd = -1 };
}
