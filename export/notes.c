#include "export/notes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/root.h"

static bool is_text(const char *text)
{
	size_t len;

	if (*text == '\0' || strlen(text) > LIMIT_TEXT_BYTES)
		return false;
	for (; *text != '\0'; text += len) {
		len = text_utf8_len(text);
		if (len == 0)
			return false;
	}
	return true;
}

static enum err_code add_annotation(struct notes *n, const char *text, struct err *err)
{
	struct description_annotation *a = &n->notes.annotations[n->notes.annotations_len];
	const char *equals = strchr(text, '=');
	CLEANUP(free_ptr) char *key = NULL;
	enum err_code code;

	if (equals == NULL || !is_text(text) || equals == text || equals[1] == '\0')
		return err_set(err, ERR_USAGE, "--annotation %.200s: this should be KEY=VALUE, in UTF-8, neither empty",
			       text);
	code = str_format(&key, err, "%.*s", (int)(equals - text), text);
	if (code == ERR_OK)
		code = intern_text(&n->strings, key, &a->key, err);
	if (code == ERR_OK)
		code = intern_text(&n->strings, equals + 1, &a->value, err);
	n->notes.annotations_len++;
	return code;
}

static int compare(const void *a, const void *b)
{
	const struct description_annotation *one = a, *other = b;

	return strcmp(one->key, other->key);
}

static enum err_code read_annotations(struct notes *n, const struct opt_list *texts, struct err *err)
{
	struct description_notes *d = &n->notes;
	enum err_code code = ERR_OK;
	size_t i;

	if (texts->len == 0)
		return ERR_OK;
	if (texts->len > ANNOTATIONS_MAX)
		return err_set(err, ERR_USAGE, "more than %zu annotations", ANNOTATIONS_MAX);
	d->annotations = calloc(texts->len, sizeof(*d->annotations));
	if (d->annotations == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < texts->len; i++)
		code = add_annotation(n, texts->items[i], err);
	if (code != ERR_OK)
		return code;
	qsort(d->annotations, d->annotations_len, sizeof(*d->annotations), compare);
	for (i = 1; i < d->annotations_len; i++) {
		if (compare(&d->annotations[i - 1], &d->annotations[i]) == 0)
			return err_set(err, ERR_USAGE, "annotation %s is given twice", d->annotations[i].key);
	}
	return ERR_OK;
}

static enum err_code read_stream(struct notes *n, const char *stream, const char *serial, struct err *err)
{
	char *end = NULL;
	unsigned long long value;

	if (stream == NULL && serial == NULL)
		return ERR_OK;
	if (stream == NULL || serial == NULL)
		return err_set(err, ERR_USAGE, "--stream and --serial go together: a serial counts within a stream");
	if (!is_text(stream))
		return err_set(err, ERR_USAGE, "--stream: a name in UTF-8 is needed");
	errno = 0;
	value = strtoull(serial, &end, 10);
	if (strspn(serial, "0123456789") != strlen(serial) || *end != '\0' || errno != 0 || value == 0 ||
	    value > INT64_MAX)
		return err_set(err, ERR_USAGE,
			       "--serial %.40s: this should be a whole number from 1 to 9223372036854775807", serial);
	n->notes.serial = value;
	return intern_text(&n->strings, stream, &n->notes.stream, err);
}

enum err_code notes_read(const struct opt_list *annotations, const char *stream, const char *serial,
			 struct notes *ret_notes, struct err *err)
{
	CLEANUP(notes_release) struct notes n = { 0 };
	enum err_code code = read_annotations(&n, annotations, err);

	if (code == ERR_OK)
		code = read_stream(&n, stream, serial, err);
	if (code != ERR_OK)
		return code;
	*ret_notes = n;
	n = (struct notes){ 0 };
	return ERR_OK;
}

enum err_code notes_include_root(struct notes *n, const char *path, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_TRUSTED_ROOT_BYTES };
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	enum err_code code = file_read(path, &text, err);

	if (code == ERR_OK)
		code = trust_root_parse(buf_text(&text), text.len, path, &root, err);
	if (code == ERR_OK)
		code = js_read(buf_text(&text), text.len, path, &n->trusted_root, err);
	n->notes.trusted_root = n->trusted_root;
	return code;
}

void notes_release(struct notes *n)
{
	js_free(n->trusted_root);
	free(n->notes.annotations);
	selection_release(&n->notes.selection);
	intern_release(&n->strings);
	*n = (struct notes){ 0 };
}
