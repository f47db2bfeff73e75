#include "import/layout_judge.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

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

/* Nothing can be added to it that would make a difference. */
static bool is_whole(const struct graph *g)
{
	size_t i;

	for (i = 0; i < g->nodes_len; i++) {
		if (g->nodes[i].absent)
			return false;
	}
	return true;
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

enum err_code layout_judge_image(struct layout_judge *j, struct source *source, const struct descriptor *root,
				 const char *name, char **ret_why, struct err *err)
{
	CLEANUP(graph_release) struct graph g;
	CLEANUP(free_ptr) char *key = NULL;
	struct err why = { 0 };
	enum err_code code;

	*ret_why = NULL;
	graph_init(&g);
	if (j->admission.len == 0 && j->admission.revoked.len == 0)
		return ERR_OK;
	code = str_format(&key, err, "%s %s", name, root->digest.text);
	if (code != ERR_OK || tfind(key, &j->known, compare) != NULL)
		return code;
	code = walk(source, root, name, &g, &why);
	if (code == ERR_OK)
		code = layout_judge_graph(&j->admission, &g, source, &why);
	if (code == ERR_NOMEM)
		return err_nomem(err);
	if (code != ERR_OK)
		return str_copy(why.msg, ret_why, err);
	return is_whole(&g) ? remember(j, &key, err) : ERR_OK;
}

void layout_judge_release(struct layout_judge *j)
{
	tdestroy(j->known, free);
	admission_release(&j->admission);
	*j = (struct layout_judge){ 0 };
}
