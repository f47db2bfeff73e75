#include "import/layout_judge.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/walk.h"

enum err_code layout_judge_init(struct layout_judge *j, const struct admission_wanted *wanted, struct err *err)
{
	*j = (struct layout_judge){ 0 };
	return admission_load(wanted, &j->admission, err);
}

bool layout_judge_asks(const struct layout_judge *j)
{
	return j->admission.len > 0 || j->admission.revoked.len > 0;
}

/* ---- what is remembered ---- */

/* An image that was accepted.  Its graph is known by its root, by which of the manifests under that are not there, and
 * by what refers to the others; the rest is proved by digests. */
struct judged {
	char *key; /* owned: name and root */
	struct digest referrers;
	const char **manifests; /* owned, the texts are the judge's: those that were there, then the others */
	size_t there_len, len;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct judged *)a)->key, ((const struct judged *)b)->key);
}

static void judged_free(void *p)
{
	struct judged *k = p;

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
static enum err_code digest_referrers(const struct judged *k, struct source *source, struct digest *ret_digest,
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

static enum err_code take_nodes(struct layout_judge *j, const struct graph *g, bool absent, struct judged *k,
				struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < g->nodes_len; i++) {
		const struct node *n = &g->nodes[i];

		if (absent ? n->absent : n->expanded)
			code = intern_text(&j->digests, n->digest.text, &k->manifests[k->len++], err);
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

static enum err_code fill(struct layout_judge *j, const struct graph *g, struct source *source, struct judged *k,
			  struct err *err)
{
	enum err_code code;

	k->manifests = calloc(count_manifests(g) + 1, sizeof(*k->manifests));
	if (k->manifests == NULL)
		return err_nomem(err);
	code = take_nodes(j, g, false, k, err);
	k->there_len = k->len;
	if (code == ERR_OK)
		code = take_nodes(j, g, true, k, err);
	return code == ERR_OK ? digest_referrers(k, source, &k->referrers, err) : code;
}

/* Takes the place of what was known of the same image. */
static enum err_code keep(struct layout_judge *j, struct judged *k, struct err *err)
{
	struct judged **old = tfind(k, &j->known, compare);
	struct judged *gone = old != NULL ? *old : NULL;

	if (old != NULL) {
		*old = k;
		j->manifests_len -= gone->len;
		judged_free(gone);
	} else if (tsearch(k, &j->known, compare) == NULL) {
		return err_nomem(err);
	}
	j->known_len += old == NULL;
	j->manifests_len += k->len;
	return ERR_OK;
}

/* What would be too much is judged each time. */
static enum err_code remember(struct layout_judge *j, char **key, const struct graph *g, struct source *source,
			      struct err *err)
{
	struct judged *k;
	enum err_code code;

	if (j->known_len >= LIMIT_IMAGES || j->manifests_len + count_manifests(g) > LIMIT_JUDGED ||
	    j->digests.len + count_manifests(g) > LIMIT_JUDGED)
		return ERR_OK;
	k = calloc(1, sizeof(*k));
	if (k == NULL)
		return err_nomem(err);
	k->key = take_ptr(key);
	code = fill(j, g, source, k, err);
	if (code == ERR_OK)
		code = keep(j, k, err);
	if (code != ERR_OK)
		judged_free(k);
	return code == ERR_LIMIT ? ERR_OK : code;
}

static enum err_code note(void *ctx, bool there, struct err *err)
{
	(void)err;
	*(bool *)ctx |= there;
	return ERR_OK;
}

/* Whether its graph would be the same again. */
static bool is_same(const struct judged *k, struct source *source)
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

static const struct judged *find(const struct layout_judge *j, char *key, struct source *source)
{
	const struct judged wanted = { .key = key };
	struct judged *const *at = tfind(&wanted, &j->known, compare);

	return at != NULL && is_same(*at, source) ? *at : NULL;
}

/* ---- judging ---- */

static enum err_code walk(struct source *source, const struct descriptor *root, const char *name, struct graph *g,
			  struct err *err)
{
	CLEANUP(walk_release) struct walk w;
	enum err_code code;

	walk_init(&w, g, NULL, NULL);
	code = walk_root(&w, source, root, name, err);
	return code == ERR_OK ? graph_settle(g, err) : code;
}

enum err_code layout_judge_graph(struct admission *a, const struct graph *g, struct source *source, struct err *err)
{
	enum err_code code = revoked_check(&a->revoked, g, "refused", err);

	return code == ERR_OK ? admission_check(a, g, source, NULL, err) : code;
}

static enum err_code add_absent(const char *digest, struct intern *absent, struct err *err)
{
	const char *text;

	if (absent->len >= LIMIT_NODES)
		return err_set(err, ERR_LIMIT, "more than %d manifests are not there", LIMIT_NODES);
	return intern_text(absent, digest, &text, err);
}

static enum err_code add_known(const struct judged *k, struct intern *absent, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = k->there_len; code == ERR_OK && i < k->len; i++)
		code = add_absent(k->manifests[i], absent, err);
	return code;
}

static enum err_code judge(struct layout_judge *j, struct source *source, const struct descriptor *root,
			   const char *name, char **key, struct intern *absent, struct err *err)
{
	CLEANUP(graph_release) struct graph g;
	enum err_code code;
	size_t i;

	graph_init(&g);
	code = walk(source, root, name, &g, err);
	if (code == ERR_OK)
		code = layout_judge_graph(&j->admission, &g, source, err);
	for (i = 0; code == ERR_OK && i < g.nodes_len; i++) {
		if (g.nodes[i].absent)
			code = add_absent(g.nodes[i].digest.text, absent, err);
	}
	return code == ERR_OK ? remember(j, key, &g, source, err) : code;
}

enum err_code layout_judge_image(struct layout_judge *j, struct source *source, const struct descriptor *root,
				 const char *name, struct intern *absent, char **ret_why, struct err *err)
{
	CLEANUP(free_ptr) char *key = NULL;
	const struct judged *known;
	struct err why = { 0 };
	enum err_code code;

	*ret_why = NULL;
	if (!layout_judge_asks(j))
		return ERR_OK;
	code = str_format(&key, err, "%s %s %" PRIu64 " %s", name, root->digest.text, root->size_bytes,
			  root->media_type);
	if (code != ERR_OK)
		return code;
	known = find(j, key, source);
	code = known != NULL ? add_known(known, absent, &why) : judge(j, source, root, name, &key, absent, &why);
	if (code == ERR_NOMEM)
		return err_nomem(err);
	return code != ERR_OK ? str_copy(why.msg, ret_why, err) : ERR_OK;
}

void layout_judge_release(struct layout_judge *j)
{
	tdestroy(j->known, judged_free);
	intern_release(&j->digests);
	admission_release(&j->admission);
	*j = (struct layout_judge){ 0 };
}
