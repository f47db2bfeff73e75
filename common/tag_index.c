#include "common/tag_index.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

/* From here on one list costs less than the questions that it saves. */
#define DUE_WANTED 4
#define DUE_SUBJECTS 8

enum err_code tag_index_want(struct tag_index *t, const char *tag, struct err *err)
{
	enum err_code code;

	if (t->state != TAG_INDEX_UNASKED)
		return ERR_OK;
	code = vec_grow(&t->wanted, &t->wanted_cap, t->wanted_len + 1, sizeof(*t->wanted), LIMIT_IMAGES, err);
	if (code == ERR_OK)
		code = intern_text(&t->strings, tag, &t->wanted[t->wanted_len], err);
	t->wanted_len += code == ERR_OK;
	return code;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

enum err_code tag_index_add_root(struct tag_index *t, const char *digest, struct err *err)
{
	const char *text = NULL;
	enum err_code code = intern_text(&t->strings, digest, &text, err);

	if (code == ERR_OK && tsearch(text, &t->roots, compare_texts) == NULL)
		code = err_nomem(err);
	return code;
}

bool tag_index_is_root(const struct tag_index *t, const char *digest)
{
	return tfind(digest, &t->roots, compare_texts) != NULL;
}

bool tag_index_is_due(struct tag_index *t)
{
	if (t->state != TAG_INDEX_UNASKED || t->wanted_len == 0)
		return false;
	if (++t->subjects <= DUE_SUBJECTS && t->wanted_len < DUE_WANTED)
		return false;
	t->state = TAG_INDEX_ASKED;
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has(const struct tag_index *t, const char *tag)
{
	return t->tags_len > 0 && bsearch(&tag, t->tags, t->tags_len, sizeof(*t->tags), compare) != NULL;
}

static bool has_wanted(const struct tag_index *t)
{
	size_t i;

	for (i = 0; i < t->wanted_len; i++) {
		if (!has(t, t->wanted[i]))
			return false;
	}
	return true;
}

enum err_code tag_index_learn(struct tag_index *t, const char *const *tags, size_t len, struct err *err)
{
	enum err_code code = ERR_OK;

	t->tags = calloc(len + 1, sizeof(*t->tags));
	if (t->tags == NULL)
		return err_nomem(err);
	for (; code == ERR_OK && t->tags_len < len; t->tags_len++)
		code = intern_text(&t->strings, tags[t->tags_len], &t->tags[t->tags_len], err);
	if (code != ERR_OK)
		return code;
	if (len > 0)
		qsort(t->tags, len, sizeof(*t->tags), compare);
	t->state = has_wanted(t) ? TAG_INDEX_KNOWN : TAG_INDEX_NOT_BELIEVED;
	return ERR_OK;
}

void tag_index_give_up(struct tag_index *t)
{
	t->state = TAG_INDEX_NOT_BELIEVED;
}

bool tag_index_may_have(const struct tag_index *t, const char *tag)
{
	return t->state != TAG_INDEX_KNOWN || has(t, tag);
}

static void keep_text(void *text)
{
	(void)text; /* it is one of the strings */
}

void tag_index_release(struct tag_index *t)
{
	tdestroy(t->roots, keep_text);
	intern_release(&t->strings);
	free(t->wanted);
	free(t->tags);
	*t = (struct tag_index){ 0 };
}
