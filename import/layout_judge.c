#include "import/layout_judge.h"

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

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool layout_judge_asks(const struct layout_judge *j)
{
	return j->admission.len > 0 || j->admission.revoked.len > 0;
}

/* ---- what is remembered ---- */

static enum err_code put_text(struct buf *out, const char *text, struct err *err)
{
	return text != NULL ? buf_add(out, text, strlen(text) + 1, err) : buf_add(out, "", 1, err);
}

static enum err_code put_node(struct buf *out, const struct node *n, struct err *err)
{
	const char *const texts[] = { n->digest.text, n->media_type, n->artifact_type, n->predicate_type, n->platform };
	const char role[] = { (char)n->role, (char)n->absent };
	enum err_code code = buf_add(out, role, sizeof(role), err);
	size_t i;

	if (code == ERR_OK)
		code = buf_add(out, &n->size_bytes, sizeof(n->size_bytes), err);
	for (i = 0; code == ERR_OK && i < COUNT_OF(texts); i++)
		code = put_text(out, texts[i], err);
	return code;
}

static enum err_code put_link(struct buf *out, const struct link *l, struct err *err)
{
	const uint32_t numbers[] = { l->subject, l->referrer, (uint32_t)l->kind };

	return buf_add(out, numbers, sizeof(numbers), err);
}

/* All that the index of the layout adds to what digests prove: which blobs there are, what refers to what, and what it
 * calls them. */
static enum err_code put_graph(struct buf *out, const struct graph *g, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < g->nodes_len; i++)
		code = put_node(out, &g->nodes[i], err);
	for (i = 0; code == ERR_OK && i < g->links_len; i++)
		code = put_link(out, &g->links[i], err);
	return code;
}

/* NULL for a graph that is too large to be remembered. */
static enum err_code key_of(const struct graph *g, const char *name, char **ret_key, struct err *err)
{
	CLEANUP(buf_release) struct buf text;
	struct digest digest;
	enum err_code code;

	buf_init(&text, LIMIT_MANIFEST_BYTES);
	code = put_graph(&text, g, NULL);
	if (code == ERR_LIMIT)
		return ERR_OK;
	if (code != ERR_OK)
		return err_nomem(err);
	code = digest_of(buf_text(&text), text.len, NULL, &digest, err);
	return code == ERR_OK ? str_format(ret_key, err, "%s %s", name, digest.text) : code;
}

static enum err_code remember(struct layout_judge *j, char **key, struct err *err)
{
	if (j->known_len == LIMIT_IMAGES)
		return ERR_OK;
	if (tsearch(*key, &j->known, compare) == NULL)
		return err_nomem(err);
	*key = NULL;
	j->known_len++;
	return ERR_OK;
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

/* What may be revoked comes by another way than the image: it is looked for whatever is remembered. */
static enum err_code judge(struct layout_judge *j, const struct graph *g, const char *name, struct source *source,
			   struct err *err)
{
	CLEANUP(free_ptr) char *key = NULL;
	enum err_code code = revoked_check(&j->admission.revoked, g, "refused", err);

	if (code != ERR_OK || j->admission.len == 0)
		return code;
	code = key_of(g, name, &key, err);
	if (code != ERR_OK || (key != NULL && tfind(key, &j->known, compare) != NULL))
		return code;
	code = admission_check(&j->admission, g, source, NULL, err);
	return code == ERR_OK && key != NULL ? remember(j, &key, err) : code;
}

static enum err_code add_absent(const struct graph *g, struct intern *absent, struct err *err)
{
	enum err_code code = ERR_OK;
	const char *text;
	size_t i;

	for (i = 0; code == ERR_OK && i < g->nodes_len; i++) {
		if (!g->nodes[i].absent)
			continue;
		if (absent->len >= LIMIT_NODES)
			return err_set(err, ERR_LIMIT, "more than %d manifests are not there", LIMIT_NODES);
		code = intern_text(absent, g->nodes[i].digest.text, &text, err);
	}
	return code;
}

enum err_code layout_judge_image(struct layout_judge *j, struct source *source, const struct descriptor *root,
				 const char *name, struct intern *absent, char **ret_why, struct err *err)
{
	CLEANUP(graph_release) struct graph g;
	struct err why = { 0 };
	enum err_code code;

	*ret_why = NULL;
	graph_init(&g);
	if (!layout_judge_asks(j))
		return ERR_OK;
	code = walk(source, root, name, &g, &why);
	if (code == ERR_OK)
		code = judge(j, &g, name, source, &why);
	if (code == ERR_OK)
		code = add_absent(&g, absent, &why);
	if (code == ERR_NOMEM)
		return err_nomem(err);
	return code != ERR_OK ? str_copy(why.msg, ret_why, err) : ERR_OK;
}

void layout_judge_release(struct layout_judge *j)
{
	tdestroy(j->known, free);
	admission_release(&j->admission);
	*j = (struct layout_judge){ 0 };
}
