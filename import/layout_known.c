#include "import/layout_known.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/mem.h"

/* An image that was accepted.  Its graph is known by its root, by which of the manifests under that are not there, and
 * by what refers to the others; the rest is proved by digests. */
struct known_image {
	char *key; /* owned: name and root */
	struct digest referrers;
	const char **manifests; /* owned, the texts are the judge's: those that were there, then the others */
	size_t there_len, len;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct known_image *)a)->key, ((const struct known_image *)b)->key);
}

static void known_free(void *p)
{
	struct known_image *k = p;

	free(k->manifests);
	free(k->key);
	free(k);
}

static enum err_code put_referrers(void *ctx, const struct source_referrer *referrers, size_t len, struct err *err)
{
	enum err_code code = buf_printf(ctx, err, "%zu\n", len);
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++) {
		const struct descriptor *d = &referrers[i].descriptor;

		code = buf_printf(ctx, err, "%s %" PRIu64 " %d %s", d->digest.text, d->size_bytes,
				  (int)referrers[i].kind, d->media_type != NULL ? d->media_type : "");
		if (code == ERR_OK)
			code = buf_add(ctx, "", 1, err); /* which no text has in it */
	}
	return code;
}

/* What refers to the manifests that are there, as one digest. */
static enum err_code digest_referrers(const struct known_image *k, struct source *source, struct digest *ret_digest,
				      struct err *err)
{
	CLEANUP(buf_release) struct buf text;
	enum err_code code = ERR_OK;
	size_t i;

	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	for (i = 0; code == ERR_OK && i < k->there_len; i++) {
		struct digest digest;

		code = digest_parse(k->manifests[i], &digest, err);
		if (code == ERR_OK)
			code = source->referrers(source, &digest, put_referrers, &text, err);
	}
	return code == ERR_OK ? digest_of(buf_text(&text), text.len, NULL, ret_digest, err) : code;
}

static enum err_code take_nodes(struct layout_known *l, const struct graph *g, bool absent, struct known_image *k,
				struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < g->nodes_len; i++) {
		const struct node *n = &g->nodes[i];

		if (absent ? n->absent : n->expanded)
			code = intern_text(&l->digests, n->digest.text, &k->manifests[k->len++], err);
	}
	return code;
}

static size_t count_manifests(const struct graph *g)
{
	size_t len = 0, i;

	for (i = 0; i < g->nodes_len; i++)
		len += g->nodes[i].expanded || g->nodes[i].absent;
	return len;
}

static enum err_code fill(struct layout_known *l, const struct graph *g, struct source *source, struct known_image *k,
			  struct err *err)
{
	enum err_code code;

	k->manifests = calloc(count_manifests(g) + 1, sizeof(*k->manifests));
	if (k->manifests == NULL)
		return err_nomem(err);
	code = take_nodes(l, g, false, k, err);
	k->there_len = k->len;
	if (code == ERR_OK)
		code = take_nodes(l, g, true, k, err);
	return code == ERR_OK ? digest_referrers(k, source, &k->referrers, err) : code;
}

/* Takes the place of what was known of the same image. */
static enum err_code put(struct layout_known *l, struct known_image *k, struct err *err)
{
	struct known_image **old = tfind(k, &l->images, compare);
	struct known_image *gone = old != NULL ? *old : NULL;

	if (old != NULL) {
		*old = k;
		l->manifests_len -= gone->len;
		known_free(gone);
	} else if (tsearch(k, &l->images, compare) == NULL) {
		return err_nomem(err);
	}
	l->len += old == NULL;
	l->manifests_len += k->len;
	return ERR_OK;
}

enum err_code layout_known_keep(struct layout_known *l, char **key, const struct graph *g, struct source *source,
				struct err *err)
{
	struct known_image *k;
	enum err_code code;

	if (l->len >= LIMIT_IMAGES || l->manifests_len + count_manifests(g) > LIMIT_JUDGED ||
	    l->digests.len + count_manifests(g) > LIMIT_JUDGED)
		return ERR_OK;
	k = calloc(1, sizeof(*k));
	if (k == NULL)
		return err_nomem(err);
	k->key = take_ptr(key);
	code = fill(l, g, source, k, err);
	if (code == ERR_OK)
		code = put(l, k, err);
	if (code != ERR_OK)
		known_free(k);
	return code == ERR_LIMIT ? ERR_OK : code;
}

static enum err_code note(void *ctx, bool there, struct err *err)
{
	(void)err;
	*(bool *)ctx |= there;
	return ERR_OK;
}

/* Whether its graph would be the same again. */
static bool is_same(const struct known_image *k, struct source *source)
{
	struct digest now = { 0 };
	bool came = false;
	enum err_code code = digest_referrers(k, source, &now, NULL);
	size_t i;

	for (i = k->there_len; code == ERR_OK && !came && i < k->len; i++) {
		struct descriptor d = { .size_bytes = 0 };

		code = digest_parse(k->manifests[i], &d.digest, NULL);
		if (code == ERR_OK)
			code = source->has(source, &d, note, &came, NULL);
	}
	return code == ERR_OK && !came && digest_equal(&now, &k->referrers);
}

bool layout_known_find(const struct layout_known *l, char *key, struct source *source, const char *const **ret_absent,
		       size_t *ret_len)
{
	const struct known_image wanted = { .key = key };
	struct known_image *const *at = tfind(&wanted, &l->images, compare);

	if (at == NULL || !is_same(*at, source))
		return false;
	*ret_absent = (*at)->manifests + (*at)->there_len;
	*ret_len = (*at)->len - (*at)->there_len;
	return true;
}

void layout_known_release(struct layout_known *l)
{
	tdestroy(l->images, known_free);
	intern_release(&l->digests);
	*l = (struct layout_known){ 0 };
}
