#include "export/references.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define BLANKS " \t\r"
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* U+FEFF in UTF-8 */

static enum err_code add(struct references *r, const char *text, const char *file, size_t line, struct err *err)
{
	struct reference_line *item;
	enum err_code code = vec_grow(&r->items, &r->cap, r->len + 1, sizeof(*r->items), LIMIT_IMAGES, err);

	if (code != ERR_OK)
		return code;
	item = &r->items[r->len];
	*item = (struct reference_line){ .line = line };
	code = intern_text(&r->strings, text, &item->text, err);
	if (code == ERR_OK && file != NULL)
		code = intern_text(&r->strings, file, &item->file, err);
	r->len += code == ERR_OK;
	return code;
}

enum err_code references_add(struct references *r, const struct opt_list *operands, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < operands->len; i++)
		code = add(r, operands->items[i], NULL, 0, err);
	return code;
}

/* The reference in a line, "" where it holds none; the line is cut. */
static char *find_reference(char *line)
{
	char *end;

	line += strspn(line, BLANKS);
	for (end = line; *end != '\0'; end++) {
		if (*end == '#' && (end == line || strchr(BLANKS, end[-1]) != NULL))
			break;
	}
	while (end > line && strchr(BLANKS, end[-1]) != NULL)
		end--;
	*end = '\0';
	return line;
}

/* One line, len bytes and then a NUL. */
static enum err_code read_line(struct references *r, char *line, size_t len, const char *file, size_t number,
			       struct err *err)
{
	const char *text;

	if (strlen(line) != len)
		return err_set(err, ERR_USAGE, "%s:%zu: a line with a NUL byte: this is no list of references", file,
			       number);
	if (len > LIMIT_TEXT_BYTES)
		return err_set(err, ERR_LIMIT, "%s:%zu: a line of more than %d bytes", file, number, LIMIT_TEXT_BYTES);
	text = find_reference(line);
	if (*text == '\0')
		return ERR_OK;
	return add(r, text, file, number, err) == ERR_OK ? ERR_OK : err_add(err, "%s:%zu", file, number);
}

static enum err_code read_lines(struct references *r, struct buf *text, const char *file, struct err *err)
{
	char *line = text->data, *end = text->data + text->len;
	enum err_code code = ERR_OK;
	size_t number;

	if (text_starts(line, BYTE_ORDER_MARK)) /* editors of Windows begin files with it, and nobody sees it */
		line += strlen(BYTE_ORDER_MARK);

	for (number = 1; code == ERR_OK && line < end; number++) {
		char *feed = memchr(line, '\n', (size_t)(end - line));
		char *stop = feed != NULL ? feed : end;

		*stop = '\0'; /* the buffer has a NUL behind its end */
		code = read_line(r, line, (size_t)(stop - line), file, number, err);
		line = stop + 1;
	}
	return code;
}

enum err_code references_read(struct references *r, const char *file, struct err *err)
{
	bool is_pipe = strcmp(file, "-") == 0;
	const char *name = is_pipe ? "standard input" : file;
	CLEANUP(buf_release) struct buf text;
	size_t had = r->len;
	enum err_code code;

	buf_init(&text, LIMIT_LIST_BYTES);
	code = is_pipe ? file_read_all(STDIN_FILENO, name, &text, err) : file_read_any(file, &text, err);
	if (code == ERR_OK && text.len > 0)
		code = read_lines(r, &text, name, err);
	if (code == ERR_OK && r->len == had)
		code = err_set(err, ERR_USAGE, "%s: no reference in it; write one a line, as in ghcr.io/acme/app:1.4",
			       name);
	return code;
}

enum err_code references_want(struct references *r, const struct holdings *want, const char *file, struct err *err)
{
	bool named = r->len > 0;
	enum err_code code = ERR_OK;
	size_t i;

	if (want->images_len == 0)
		return err_set(err, ERR_USAGE, "%s: it names no image", file);
	for (i = 0; code == ERR_OK && !named && i < want->images_len; i++) {
		const struct held_image *image = &want->images[i];
		CLEANUP(free_ptr) char *text = NULL;

		/* a name without tag holds its digest already */
		code = strchr(image->name, '@') != NULL
			       ? str_copy(image->name, &text, err)
			       : str_format(&text, err, "%s@%s", image->name, image->digest.text);
		if (code == ERR_OK)
			code = add(r, text, NULL, 0, err);
	}
	return code;
}

enum err_code references_where(const struct reference_line *line, struct err *err)
{
	return line->file != NULL ? err_add(err, "%s:%zu", line->file, line->line) : err->code;
}

void references_release(struct references *r)
{
	free(r->items);
	intern_release(&r->strings);
	*r = (struct references){ 0 };
}
