#include "import/layout_judge.h"

#include <inttypes.h>

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
	return code == ERR_OK ? layout_known_keep(&j->known, key, &g, source, err) : code;
}

enum err_code layout_judge_image(struct layout_judge *j, struct source *source, const struct descriptor *root,
				 const char *name, struct intern *absent, char **ret_why, struct err *err)
{
	CLEANUP(free_ptr) char *key = NULL;
	const char *const *known = NULL;
	struct err why = { 0 };
	enum err_code code;
	size_t len = 0, i;

	*ret_why = NULL;
	if (!layout_judge_asks(j))
		return ERR_OK;
	code = str_format(&key, err, "%s %s %" PRIu64 " %s", name, root->digest.text, root->size_bytes,
			  root->media_type);
	if (code != ERR_OK)
		return code;
	if (!layout_known_find(&j->known, key, source, &known, &len))
		code = judge(j, source, root, name, &key, absent, &why);
	for (i = 0; code == ERR_OK && i < len; i++)
		code = add_absent(known[i], absent, &why);
	if (code == ERR_NOMEM)
		return err_nomem(err);
	return code != ERR_OK ? str_copy(why.msg, ret_why, err) : ERR_OK;
}

void layout_judge_release(struct layout_judge *j)
{
	layout_known_release(&j->known);
	admission_release(&j->admission);
	*j = (struct layout_judge){ 0 };
}
