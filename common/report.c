#include "common/report.h"

#include <stdio.h>

static enum err_code stdout_write(struct outstream *s, const void *bytes, size_t len, struct err *err)
{
	(void)s;
	return fwrite(bytes, 1, len, stdout) == len ? ERR_OK : err_errno(err, "standard output");
}

static enum err_code stdout_finish(struct outstream *s, struct err *err)
{
	(void)s;
	if (fflush(stdout) != 0)
		return err_errno(err, "standard output");
	if (ferror(stdout)) /* of a printf long ago; errno has changed since */
		return err_set(err, ERR_IO, "standard output: not all could be written");
	return ERR_OK;
}

struct outstream *report_stdout(void)
{
	static struct outstream out = { .write = stdout_write, .finish = stdout_finish };

	return &out;
}

void report_put_error(struct js_out *o, const struct err *err)
{
	js_key(o, "error");
	js_begin(o, '{');
	js_member(o, "code", err_word(err->code));
	js_member(o, "message", err->msg);
	js_end(o, '}');
}

static void print_json(const struct err *err)
{
	struct js_out o;

	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	report_put_error(&o, err);
	js_end(&o, '}');
	js_end_document(&o, NULL);
}

static void print_line(const struct command *c, const struct err *err)
{
	fprintf(stderr, "%s %s: %s", OPT_PROGRAM, c->name, err->msg);
	if (err->code == ERR_USAGE)
		fprintf(stderr, " (see %s %s --help)", OPT_PROGRAM, c->name);
	fputc('\n', stderr);
}

int report_end(const struct command *c, bool json, enum err_code code, const struct err *err)
{
	struct err last = { 0 };

	if (code != ERR_OK)
		last = *err;
	if (json && code != ERR_OK)
		print_json(&last);
	if (code == ERR_OK)
		code = outstream_finish(report_stdout(), &last);
	else
		outstream_finish(report_stdout(), NULL);
	if (code != ERR_OK)
		print_line(c, &last);
	return err_status(code);
}
