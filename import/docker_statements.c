#include "import/docker_statements.h"

#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/docker_check.h"

/* One platform of one image. */
struct subject {
	struct docker *docker;
	const struct plan *plan;
	const struct image *image;
	const struct node *manifest;
	const struct node *attestation;
	struct platform platform;
};

static enum err_code differs(const struct subject *s, const struct node *statement, const char *how, struct err *err)
{
	return err_set(err, ERR_PARTIAL, "%s, %s: statement %s (%s) %s", s->image->name, s->manifest->platform,
		       statement->digest.text, statement->predicate_type, how);
}

static enum err_code ask(const struct subject *s, const char *type, struct json_t **ret_json, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { 0 };
	struct buf_stage to;
	struct docker_query q = {
		.name = s->image->name,
		.platform = &s->platform,
		.types = &type,
		.types_len = type != NULL ? 1 : 0,
		.statements = type != NULL,
	};
	enum err_code code;

	buf_init(&text, LIMIT_ANSWER_BYTES + (type != NULL ? LIMIT_STATEMENT_PARSED_BYTES : 0));
	buf_stage_init(&to, &text);
	code = docker_attestations_get(s->docker, &q, &to.out, err);
	if (code == ERR_NOT_FOUND || code == ERR_REFUSED)
		return err_recode(err, ERR_PARTIAL);
	return code == ERR_OK ? js_read(buf_text(&text), text.len, "attestations", ret_json, err) : code;
}

static const struct node *statement_at(const struct subject *s, size_t i)
{
	const struct graph *g = &s->plan->graph;
	const struct node *n = &g->nodes[g->edges[s->attestation->edges + i].to];

	return n->predicate_type != NULL ? n : NULL;
}

/* The daemon's entry for a statement, NULL if there is none. */
static const struct json_t *find(const struct json_t *list, const struct node *statement)
{
	size_t i;

	for (i = 0; i < js_len(list); i++) {
		const struct json_t *entry = js_at(list, i);
		const char *digest = js_string(js_object(entry, "Descriptor"), "digest");
		const char *type = js_string(entry, "PredicateType");

		if (digest != NULL && strcmp(digest, statement->digest.text) == 0 && type != NULL &&
		    strcmp(type, statement->predicate_type) == 0)
			return entry;
	}
	return NULL;
}

/* Every statement of the bundle, and no other. */
static enum err_code check_list(const struct subject *s, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *list = NULL;
	size_t want = 0, i;
	enum err_code code = ask(s, NULL, &list, err);

	for (i = 0; code == ERR_OK && s->attestation != NULL && i < s->attestation->edges_len; i++) {
		const struct node *n = statement_at(s, i);

		want += n != NULL;
		if (n != NULL && find(list, n) == NULL)
			code = differs(s, n, "is not among the attestations that the daemon gives", err);
	}
	if (code == ERR_OK && js_len(list) != want)
		return err_set(err, ERR_PARTIAL, "%s, %s: the daemon gives %zu statements, the bundle holds %zu",
			       s->image->name, s->manifest->platform, js_len(list), want);
	return code;
}

/* The bundle's own statement as JSON; NULL where it is none, or none within the bounds. */
static enum err_code read_own(const struct subject *s, const struct node *n, struct json_t **ret_json, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	struct instream *in = NULL;
	struct buf_stage to;
	enum err_code code = plan_open(s->plan, graph_find(&s->plan->graph, &n->digest), &in, err);

	*ret_json = NULL;
	if (code != ERR_OK)
		return code;
	buf_init(&bytes, LIMIT_STATEMENT_PARSED_BYTES);
	buf_stage_init(&to, &bytes);
	code = stream_copy(in, &to.out, err);
	instream_release(in);
	if (code == ERR_OK && js_read(buf_text(&bytes), bytes.len, n->digest.text, ret_json, NULL) == ERR_NOMEM)
		code = err_nomem(err);
	return code;
}

static enum err_code check_content(const struct subject *s, const struct node *n, const struct json_t *list,
				   struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *own = NULL;
	const struct json_t *given = js_object(find(list, n), "Statement");
	enum err_code code = read_own(s, n, &own, err);

	if (code != ERR_OK || own == NULL)
		return code;
	if (given == NULL)
		return differs(s, n, "is listed by the daemon, but not given", err);
	if (!js_contains(given, own) || !js_contains(own, given))
		return differs(s, n, "has another content at the daemon", err);
	return ERR_OK;
}

/* How much the statements of one type have, and whether this is the first of them. */
static bool is_first(const struct subject *s, size_t at, uint64_t *ret_bytes)
{
	const char *type = statement_at(s, at)->predicate_type;
	size_t i;

	*ret_bytes = 0;
	for (i = 0; i < s->attestation->edges_len; i++) {
		const struct node *n = statement_at(s, i);

		if (n == NULL || strcmp(n->predicate_type, type) != 0)
			continue;
		if (i < at)
			return false;
		*ret_bytes += n->size_bytes;
	}
	return true;
}

static enum err_code check_type(const struct subject *s, const char *type, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *list = NULL;
	enum err_code code = ask(s, type, &list, err);
	size_t i;

	if (code == ERR_LIMIT) /* more values than are looked at */
		return ERR_OK;
	for (i = 0; code == ERR_OK && i < s->attestation->edges_len; i++) {
		const struct node *n = statement_at(s, i);

		if (n != NULL && strcmp(n->predicate_type, type) == 0)
			code = check_content(s, n, list, err);
	}
	return code;
}

static enum err_code check_platform(const struct subject *s, struct err *err)
{
	enum err_code code = check_list(s, err);
	uint64_t size_bytes = 0;
	size_t i;

	for (i = 0; code == ERR_OK && s->attestation != NULL && i < s->attestation->edges_len; i++) {
		const struct node *n = statement_at(s, i);

		if (n != NULL && is_first(s, i, &size_bytes) && size_bytes <= LIMIT_STATEMENT_PARSED_BYTES)
			code = check_type(s, n->predicate_type, err);
	}
	return code;
}

/* The attestation that the daemon will look at: the first that the index lists for the manifest. */
static uint32_t attestation_of(const struct graph *g, const struct node *root, uint32_t manifest)
{
	size_t i;

	for (i = 0; i < root->edges_len; i++) {
		const struct edge *e = &g->edges[root->edges + i];

		if (e->kind == EDGE_ATTESTATION && docker_attests(g, e->to, manifest))
			return e->to;
	}
	return NODE_NONE;
}

static bool is_only_one(const struct graph *g, const struct node *root, const struct node *manifest)
{
	size_t i;

	for (i = 0; i < root->edges_len; i++) {
		const struct node *n = &g->nodes[g->edges[root->edges + i].to];

		if (n != manifest && n->role == ROLE_MANIFEST && n->platform != NULL &&
		    strcmp(n->platform, manifest->platform) == 0)
			return false;
	}
	return true;
}

static enum err_code check_manifest(struct docker *d, const struct plan *plan, size_t image, uint32_t node,
				    struct err *err)
{
	const struct graph *g = &plan->graph;
	struct subject s = {
		.docker = d,
		.plan = plan,
		.image = &g->images[image],
		.manifest = &g->nodes[node],
	};
	const struct node *root = &g->nodes[s.image->root];
	uint32_t attestation = attestation_of(g, root, node);

	if (s.manifest->role != ROLE_MANIFEST || !node_is_carried(s.manifest) || s.manifest->platform == NULL ||
	    platform_parse(s.manifest->platform, &s.platform, NULL) != ERR_OK || !is_only_one(g, root, s.manifest))
		return ERR_OK;
	if (attestation != NODE_NONE && !docker_whole(g, attestation))
		return ERR_OK;
	if (attestation != NODE_NONE)
		s.attestation = &g->nodes[attestation];
	return check_platform(&s, err);
}

enum err_code docker_statements_check(struct docker *d, const struct plan *plan, size_t image, struct err *err)
{
	const struct graph *g = &plan->graph;
	const struct node *root = &g->nodes[g->images[image].root];
	enum err_code code = ERR_OK;
	size_t i;

	if (!docker_gives_attestations(d) || strcmp(root->media_type, TYPE_OCI_INDEX) != 0)
		return ERR_OK;
	for (i = 0; code == ERR_OK && i < root->edges_len; i++)
		code = check_manifest(d, plan, image, g->edges[root->edges + i].to, err);
	return code;
}
