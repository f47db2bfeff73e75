#include "import/docker_content.h"

#include <stdlib.h>

#include "common/mem.h"
#include "import/docker_image.h"

#define COMPARED_MAX 32

/* An image of the containerd that the daemon has too, under the same name and with the same digest. */
struct common_image {
	struct docker *daemon;
	size_t compared;
	bool found;
};

/* What the daemon does not want to be asked about is another's. */
static enum err_code compare(void *ctx, const struct containerd_image *image, struct err *err)
{
	struct common_image *common = ctx;
	CLEANUP(docker_image_release) struct docker_image got = { 0 };

	(void)err;
	if (common->found || common->compared++ == COMPARED_MAX)
		return ERR_OK;
	common->found = docker_image_get(common->daemon, image->name, &got, NULL) == ERR_OK &&
			digest_equal(&got.digest, &image->target);
	return ERR_OK;
}

/* A daemon behind a forwarded socket names the containerd of its own machine, and at that path another one may be here.
 * One that has none of the daemon's images has nothing to spare us either. */
static bool is_its_own(struct docker *d, struct containerd *c)
{
	struct common_image common = { .daemon = d };

	return containerd_each_image(c, compare, &common, NULL) == ERR_OK && common.found;
}

static enum err_code open_containerd(struct docker *d, struct containerd **ret_store, struct err *err)
{
	CLEANUP(containerd_close_ptr) struct containerd *c = NULL;
	enum err_code code;

	if (d->containerd_socket == NULL)
		return ERR_OK;
	code = containerd_open(d->containerd_socket, d->containerd_namespace, &c, err);
	if (code == ERR_OK && is_its_own(d, c))
		*ret_store = take_ptr(&c);
	return code;
}

enum err_code docker_content_open(struct docker *d, struct docker_content *ret_content, struct err *err)
{
	struct docker_content content = { .leases = !docker_serves_content(d) };
	struct err why = { 0 };
	enum err_code code = ERR_OK;

	if (d->at->socket != NULL)
		code = content.leases ? open_containerd(d, &content.store, &why)
				      : containerd_attach(d->at->socket, &content.store, &why);
	if (code == ERR_NOMEM)
		return err_nomem(err);
	*ret_content = content;
	return ERR_OK;
}

static enum err_code is_there(struct containerd *store, const struct node *n, bool *ret_there, struct err *err)
{
	CLEANUP(containerd_content_release) struct containerd_content got = { 0 };
	enum err_code code = containerd_content(store, &n->digest, &got, err);

	*ret_there = code == ERR_OK && got.there && got.size_bytes == n->size_bytes;
	return code;
}

enum err_code docker_content_look(struct docker_content *content, struct plan *plan, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = ERR_OK;
	size_t i;

	content->found = calloc(plan->graph.nodes_len + 1, sizeof(*content->found));
	if (content->found == NULL)
		return err_nomem(err);
	for (i = 0; content->store != NULL && code == ERR_OK && i < plan->order_len; i++) {
		uint32_t node = plan->order[i];
		const struct node *n = &plan->graph.nodes[node];

		if (n->role != ROLE_LAYER || plan->skip[node])
			continue;
		code = is_there(content->store, n, &content->found[node], &why);
		plan->skip[node] = content->found[node];
	}
	return code == ERR_NOMEM ? err_nomem(err) : ERR_OK;
}

static enum err_code keep(struct containerd *store, const struct node *n, bool *ret_there, struct err *err)
{
	enum err_code code = containerd_lease_keep(store, &n->digest, err);

	return code == ERR_OK ? is_there(store, n, ret_there, err) : code;
}

enum err_code docker_content_keep(struct docker_content *content, struct plan *plan, struct err *err)
{
	struct err why = { 0 };
	bool leased = false;
	uint32_t node;

	for (node = 0; content->store != NULL && content->leases && node < plan->graph.nodes_len; node++) {
		enum err_code code = ERR_OK;

		if (!content->found[node])
			continue;
		if (!leased)
			code = containerd_lease(content->store, plan_bytes_to_send(plan), &why);
		leased = true;
		if (code == ERR_OK)
			code = keep(content->store, &plan->graph.nodes[node], &plan->skip[node], &why);
		if (code == ERR_NOMEM)
			return err_nomem(err);
		if (code != ERR_OK)
			break; /* what cannot be kept is there all the same, most likely: reading back shows it */
	}
	return ERR_OK;
}

void docker_content_close(struct docker_content *content)
{
	if (content->store != NULL && content->store->lease != NULL)
		(void)containerd_lease_end(content->store, NULL); /* it ends by itself, days later */
	containerd_close(content->store);
	free(content->found);
	*content = (struct docker_content){ 0 };
}
