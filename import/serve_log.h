/* serve_log.h - the access log: one line a request, in the form that every log reader knows.
 *
 * Lifecycle  serve_log_open; serve_log_request for each; serve_log_close.
 * Threads    A line goes in one write, to the end of the file: lines never mix.
 * Bounds     SERVE_LOG_LINE_MAX bytes a line; what is longer is cut.
 * Errors     ERR_IO.  What cannot be written later is lost, and hinders nobody.
 * Format     Combined log format, and how long it took in seconds:
 *            PEER - USER [DAY/MON/YEAR:H:M:S ZONE] "METHOD URI HTTP/1.1" STATUS BYTES
 *            "REFERER" "AGENT" SECONDS.  What is unknown is "-"; what is no printable ASCII, and '"' and '\',
 *            stand as \xHH.
 */
#ifndef IMPORT_SERVE_LOG_H
#define IMPORT_SERVE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define SERVE_LOG_LINE_MAX 4096

struct serve_log {
	int fd;     /* -1: none is kept */
	bool owned; /* it is a file of ours */
};

struct serve_log_entry {
	const char *peer, *user, *method, *uri, *version, *referer, *agent; /* NULL: unknown */
	unsigned status;
	uint64_t bytes; /* of the body that went */
	double seconds;
};

/* Append to a file, or write to stderr where path is NULL; quiet: keep none there. */
enum err_code serve_log_open(const char *path, bool quiet, struct serve_log *ret_log, struct err *err);
void serve_log_request(const struct serve_log *log, const struct serve_log_entry *e);
void serve_log_close(struct serve_log *log);
#endif
