#include "common/report.h"

#include <stdio.h>

#include "common/js.h"

static enum err_code stdout_write(struct outstream *s, const void *bytes, size_t len, struct err *err)
{
	(void)s;
	return fwrite(bytes, 1, len, stdout) == len ? ERR_OK : err_errno(err, "standard output");
}

static enum err_code stdout_finish(struct outstream *s, struct err *err)
{
	(void)s;
	return fflush(stdout) == 0 ? ERR_OK : err_errno(err, "standard output");
}

struct outstream *report_stdout(void)
{
	static struct outstream out = { .write = stdout_write, .finish = stdout_finish };

	return &out;
}

static void print_json(const struct err *err)
{
	struct js_out o;

	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_key(&o, "error");
	js_begin(&o, '{');
	js_member(&o, "code", err_word(err->code));
	js_member(&o, "message", err->msg);
	js_end(&o, '}');
	js_end(&o, '}');
	js_end_document(&o, NULL);
}

int report_end(const struct command *c, bool json, const struct err *err)
{
	struct err last = *err;

	/* A command that has printed its whole report before it found itself partial has had its say on stdout. */
	if (json && last.code != ERR_OK && last.code != ERR_PARTIAL)
		print_json(&last);
	if (outstream_finish(report_stdout(), last.code == ERR_OK ? &last : NULL) != ERR_OK && last.code == ERR_OK)
		last.code = ERR_IO;
	if (last.code != ERR_OK && last.msg[0] != '\0')
		fprintf(stderr, "%s %s: %s\n", OPT_PROGRAM, c->name, last.msg);
	return err_status(last.code);
}
