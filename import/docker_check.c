#include "import/docker_check.h"

#include <stdlib.h>

#include "common/mem.h"

enum err_code docker_check_init(struct docker_check *c, const struct graph *graph, struct err *err)
{
	size_t i;

	*c = (struct docker_check){ .graph = graph };
	c->paired = calloc(graph->nodes_len + 1, sizeof(*c->paired));
	c->stamp = calloc(graph->nodes_len + 1, sizeof(*c->stamp));
	if (c->paired == NULL || c->stamp == NULL) {
		docker_check_release(c);
		return err_nomem(err);
	}
	for (i = 0; i < graph->links_len; i++) {
		if (graph->links[i].kind == LINK_BUILDKIT)
			c->paired[graph->links[i].referrer] = true;
	}
	return ERR_OK;
}

void docker_check_release(struct docker_check *c)
{
	free(c->paired);
	free(c->stamp);
	*c = (struct docker_check){ 0 };
}

bool docker_attests(const struct graph *g, uint32_t attestation, uint32_t manifest)
{
	const struct link *links;
	size_t len = graph_links_of(g, manifest, &links), i;

	for (i = 0; i < len; i++) {
		if (links[i].kind == LINK_BUILDKIT && links[i].referrer == attestation)
			return true;
	}
	return false;
}

/* Nobody can expect it of the daemon. */
static bool is_lacking(const struct node *n)
{
	return n->absent || n->left_out;
}

bool docker_whole(const struct graph *g, uint32_t node)
{
	const struct node *n = &g->nodes[node];
	size_t i;

	for (i = 0; !is_lacking(n) && i < n->edges_len; i++) {
		if (is_lacking(&g->nodes[g->edges[n->edges + i].to]))
			return false;
	}
	return !is_lacking(n);
}

/* One comparison under way. */
struct turn {
	struct docker_check *check;
	const struct image *image;
	const struct docker_image *got;
	struct docker_count count;
};

static enum err_code check_manifest(struct turn *t, uint32_t node, struct err *err)
{
	const struct node *n = &t->check->graph->nodes[node];
	const struct docker_manifest *m = docker_image_find(t->got, &n->digest);
	bool is_there = m != NULL && m->available && !is_lacking(n); /* the layers that the bundle leaves out too */

	if (!docker_whole(t->check->graph, node)) {
		t->count.partial += !is_lacking(n) && !is_there;
		t->count.platforms += is_there && n->role == ROLE_MANIFEST;
		return ERR_OK;
	}
	if (m == NULL)
		return err_set(err, ERR_PARTIAL, "%s: the daemon does not list its %s %s", t->image->name,
			       role_name(n->role), n->digest.text);
	if (!m->available)
		return err_set(err, ERR_PARTIAL, "%s: the daemon lacks parts of its %s %s%s%s", t->image->name,
			       role_name(n->role), n->digest.text, n->platform != NULL ? ", platform " : "",
			       n->platform != NULL ? n->platform : "");
	t->count.platforms += n->role == ROLE_MANIFEST;
	return ERR_OK;
}

/* An attestation may be listed by several indexes, for another manifest in each: any of them will do. */
static enum err_code check_attestation(struct turn *t, uint32_t node, struct err *err)
{
	const struct graph *g = t->check->graph;
	const struct node *n = &g->nodes[node];
	const struct docker_manifest *m = docker_image_find(t->got, &n->digest);
	uint32_t subject;

	if (m == NULL || !m->attestation) {
		if (is_lacking(n) || !t->check->paired[node])
			return ERR_OK;
		return err_set(err, ERR_PARTIAL, "%s: the daemon does not know %s as an attestation", t->image->name,
			       n->digest.text);
	}
	t->count.attestations += m->available && !is_lacking(n);
	subject = graph_find(g, &m->subject);
	if (t->check->paired[node] && (subject == NODE_NONE || !docker_attests(g, node, subject)))
		return err_set(err, ERR_PARTIAL, "%s: the daemon takes %s for an attestation of %s, which it is not",
			       t->image->name, n->digest.text,
			       m->subject.text[0] != '\0' ? m->subject.text : "nothing");
	return ERR_OK;
}

/* Indexes may list indexes, as deep as the walk has let them; each node counts once. */
static enum err_code check_node(struct turn *t, uint32_t node, struct err *err)
{
	const struct graph *g = t->check->graph;
	const struct node *n = &g->nodes[node];
	enum err_code code = ERR_OK;
	size_t i;

	if (t->check->stamp[node] == t->check->turn)
		return ERR_OK;
	t->check->stamp[node] = t->check->turn;
	if (n->role == ROLE_MANIFEST || n->role == ROLE_ATTESTATION)
		code = check_manifest(t, node, err);
	if (code == ERR_OK && n->role == ROLE_ATTESTATION)
		code = check_attestation(t, node, err);
	for (i = 0; code == ERR_OK && n->role == ROLE_INDEX && i < n->edges_len; i++)
		code = check_node(t, g->edges[n->edges + i].to, err);
	return code;
}

enum err_code docker_check_image(struct docker_check *c, const struct image *image, const struct docker_image *got,
				 struct docker_count *ret_count, struct err *err)
{
	struct turn t = { .check = c, .image = image, .got = got };
	const struct digest *want = &c->graph->nodes[image->root].digest;
	enum err_code code;

	if (got->digest.text[0] == '\0')
		return err_set(err, ERR_PARTIAL, "%s: the daemon does not have it", image->name);
	if (!digest_equal(&got->digest, want))
		return err_set(err, ERR_PARTIAL, "%s: the daemon has %s under this name, not %s", image->name,
			       got->digest.text, want->text);
	c->turn++;
	code = check_node(&t, image->root, err);
	if (code == ERR_OK)
		*ret_count = t.count;
	return code;
}
