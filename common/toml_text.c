/* The characters of a TOML document, and its strings. */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/toml_private.h"

enum err_code toml_bad(const struct toml_reader *r, struct err *err, const char *why)
{
	return err_set(err, ERR_FORMAT, "%s: line %u: not valid TOML: %s", r->what, r->line, why);
}

enum err_code toml_check_text(struct toml_reader *r, const char *text, size_t len, struct err *err)
{
	const char *end = text + len;

	if (len > LIMIT_TOML_BYTES)
		return err_set(err, ERR_LIMIT, "%s: more than %zu bytes", r->what, (size_t)LIMIT_TOML_BYTES);
	while (text < end) {
		size_t step = text_utf8_len(text);
		unsigned char c = (unsigned char)*text;

		if (step == 0 || c == 0x7f || (c < ' ' && c != '\t' && c != '\n' && (c != '\r' || text[1] != '\n')))
			return toml_bad(r, err, "a character that may not stand in it");
		r->line += c == '\n';
		text += step;
	}
	r->line = 1;
	return ERR_OK;
}

void toml_skip_blanks(struct toml_reader *r)
{
	r->p += strspn(r->p, " \t");
}

void toml_skip_lines(struct toml_reader *r)
{
	for (;;) {
		r->p += strspn(r->p, " \t\r");
		if (*r->p == '#')
			r->p += strcspn(r->p, "\n");
		if (*r->p != '\n')
			return;
		r->p++;
		r->line++;
	}
}

bool toml_eat(struct toml_reader *r, const char *text)
{
	bool here = text_starts(r->p, text);

	r->p += here ? strlen(text) : 0;
	return here;
}

static enum err_code put_character(const struct toml_reader *r, unsigned long c, struct buf *out, struct err *err)
{
	char bytes[4];
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return toml_bad(r, err, "an escape that is no character");
	for (i = len - 1; i > 0; i--, c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)(len == 1 ? c : (0xf00UL >> len & 0xff) | c);
	return buf_add(out, bytes, len, err);
}

/* What stands behind a backslash. */
static enum err_code read_escape(struct toml_reader *r, struct buf *out, struct err *err)
{
	static const char letters[] = "btnfr\"\\", meant[] = "\b\t\n\f\r\"\\";
	char hex[9] = "";
	const char *letter = *r->p != '\0' ? strchr(letters, *r->p) : NULL;
	size_t digits = *r->p == 'u' ? 4 : *r->p == 'U' ? 8 : 0;

	if (letter != NULL) {
		r->p++;
		return buf_add(out, &meant[letter - letters], 1, err);
	}
	if (digits == 0 || strspn(r->p + 1, "0123456789abcdefABCDEF") < digits)
		return toml_bad(r, err, "an escape that does not exist");
	memcpy(hex, r->p + 1, digits);
	r->p += 1 + digits;
	return put_character(r, strtoul(hex, NULL, 16), out, err);
}

/* A backslash at the end of a line takes with it what is blank from there on. */
static bool joins_lines(const struct toml_reader *r)
{
	const char *p = r->p + strspn(r->p, " \t\r");

	return *p == '\n';
}

static void skip_empty_lines(struct toml_reader *r)
{
	for (; *r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'; r->p++)
		r->line += *r->p == '\n';
}

/* How many quotes close the text here, 0 for none: up to two more than three belong to a text of several lines. */
static size_t closing(const struct toml_reader *r, char quote, bool lines)
{
	size_t run = 0;

	while (run < (lines ? 5 : 1) && r->p[run] == quote)
		run++;
	return run >= (lines ? 3 : 1) ? run : 0;
}

/* One character of the text, or what a backslash stands for. */
static enum err_code read_character(struct toml_reader *r, char quote, bool lines, struct buf *out, struct err *err)
{
	if (*r->p == '\0' || (*r->p == '\n' && !lines))
		return toml_bad(r, err, "a string without its end");
	if (*r->p != '\\' || quote != '"') {
		r->line += *r->p == '\n';
		return buf_add(out, r->p++, 1, err);
	}
	r->p++;
	if (!lines || !joins_lines(r))
		return read_escape(r, out, err);
	skip_empty_lines(r);
	return ERR_OK;
}

static enum err_code read_text(struct toml_reader *r, char quote, bool lines, struct buf *out, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t run;

	while ((run = closing(r, quote, lines)) == 0 && code == ERR_OK)
		code = read_character(r, quote, lines, out, err);
	if (code == ERR_OK && lines)
		code = buf_add(out, r->p, run - 3, err);
	r->p += run;
	return code;
}

enum err_code toml_read_string(struct toml_reader *r, bool may_have_lines, char **ret_text, struct err *err)
{
	CLEANUP(buf_release) struct buf out;
	char quote = *r->p;
	bool lines = toml_eat(r, quote == '"' ? "\"\"\"" : "'''");
	enum err_code code;

	buf_init(&out, LIMIT_TEXT_BYTES);
	if (lines && !may_have_lines)
		return toml_bad(r, err, "a key of several lines");
	if (!lines)
		r->p++;
	else if (toml_eat(r, "\n") || toml_eat(r, "\r\n"))
		r->line++; /* the first line end is not part of it */
	code = read_text(r, quote, lines, &out, err);
	if (code == ERR_LIMIT)
		return err_add(err, "%s: line %u", r->what, r->line);
	return code == ERR_OK ? str_copy(buf_text(&out), ret_text, err) : code;
}
