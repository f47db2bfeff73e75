#include "import/target_containerd.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "import/containerd.h"
#include "import/containerd_held.h"
#include "import/containerd_names.h"
#include "import/containerd_write.h"
#include "import/inventory.h"

struct target_containerd {
	struct target target;
	char *socket, *namespace; /* namespace: NULL for the one that fits */
	bool pin;
	struct containerd *c; /* NULL until probe */
	struct ctr_held held;
	bool *stale; /* by node: it is there, and lacks references */
	bool *lost;  /* by node: a referrer that nothing there would keep */
	bool named;  /* every record is as it must be */
};

static enum err_code connect_containerd(struct target_containerd *t, struct err *err)
{
	char *name = NULL;
	enum err_code code = containerd_open(t->socket, t->namespace, &t->c, err);

	if (code == ERR_OK)
		code = str_format(&name, err, "containerd:%s (containerd %s, namespace %s)", t->socket, t->c->version,
				  t->c->namespace);
	if (code != ERR_OK)
		return code;
	free(t->target.name);
	t->target.name = name;
	return ERR_OK;
}

static enum err_code check_digests(const struct plan *plan, struct err *err)
{
	size_t i;

	for (i = 0; i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (node_is_carried(n) && strcmp(digest_algorithm(&n->digest), "sha256") != 0)
			return err_set(err, ERR_UNSUPPORTED,
				       "%s %s: containerd knows sha256 only; use the embedded store (--to store)",
				       role_name(n->role), n->digest.text);
	}
	return ERR_OK;
}

/* What is there; and of that, what lacks references to what comes. */
static enum err_code look_at_content(struct target_containerd *t, struct plan *plan, struct err *err)
{
	enum err_code code = ctr_held_look(&t->held, t->c, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		uint32_t node = plan->order[i];

		plan->skip[node] = t->held.there[node];
		t->stale[node] = t->held.there[node] && !t->held.refers[node];
	}
	return code;
}

static enum err_code look(struct target_containerd *t, struct plan *plan, struct err *err)
{
	enum err_code code = look_at_content(t, plan, err);

	if (code == ERR_OK)
		code = names_look(t->c, plan, t->pin, &t->named, err);
	return code == ERR_OK ? plan_check(plan, t->target.name, err) : code;
}

/* One more pass: which referrers have a subject that keeps them, itself kept.  True where something was learnt. */
static bool keep_more(const struct target_containerd *t, const struct graph *g, bool *lost)
{
	bool more = false;
	size_t i;

	for (i = 0; i < g->links_len; i++) {
		uint32_t subject = g->links[i].subject, referrer = g->links[i].referrer;

		if (!lost[referrer] || lost[subject] ||
		    !(t->held.there[subject] || node_is_carried(&g->nodes[subject])))
			continue;
		lost[referrer] = false;
		more = true;
	}
	return more;
}

/* A referrer of what is not there has nothing that keeps it; nor has what refers to it. */
static enum err_code find_lost(struct target_containerd *t, struct plan *plan, struct err *err)
{
	const struct graph *g = &plan->graph;
	size_t i;

	t->lost = calloc(g->nodes_len + 1, sizeof(*t->lost));
	if (t->lost == NULL)
		return err_nomem(err);
	for (i = 0; i < g->nodes_len; i++)
		t->lost[i] = g->nodes[i].role == ROLE_REFERRER;
	while (keep_more(t, g, t->lost))
		;
	for (i = 0; i < plan->order_len; i++) {
		if (t->lost[plan->order[i]] && node_is_carried(&g->nodes[plan->order[i]]))
			plan_lose(plan, plan->order[i], &plan->lost_referrers);
	}
	return ERR_OK;
}

static enum err_code ctr_probe(struct target *target, struct plan *plan, struct err *err)
{
	struct target_containerd *t = OUTER_OF(target, struct target_containerd, target);
	enum err_code code = connect_containerd(t, err);

	if (code == ERR_OK)
		code = check_digests(plan, err);
	if (code == ERR_OK)
		code = ctr_held_init(&t->held, &plan->graph, err);
	t->stale = calloc(plan->graph.nodes_len + 1, sizeof(*t->stale));
	if (code == ERR_OK && t->stale == NULL)
		code = err_nomem(err);
	if (code == ERR_OK)
		code = look(t, plan, err);
	return code == ERR_OK ? find_lost(t, plan, err) : code;
}

static enum err_code refer(struct target_containerd *t, const struct plan *plan, struct err *err)
{
	enum err_code code = ERR_OK;
	uint32_t i;

	for (i = 0; code == ERR_OK && i < plan->graph.nodes_len; i++) {
		CLEANUP(gc_refs_release) struct gc_refs refs = { 0 };

		if (!t->stale[i])
			continue;
		code = gc_refs_of(&plan->graph, i, &refs, err);
		if (code == ERR_OK && refs.len > 0)
			code = containerd_refer(t->c, &plan->graph.nodes[i].digest, &refs, err);
	}
	return code;
}

/* What was there may be collected at any time.  What one content refers to is kept with it. */
static enum err_code keep_what_is_there(struct target_containerd *t, const struct plan *plan, struct err *err)
{
	CLEANUP(free_ptr) bool *kept = calloc(plan->graph.nodes_len + 1, sizeof(*kept));
	enum err_code code = kept != NULL ? ERR_OK : err_nomem(err);
	size_t i, j;

	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		uint32_t node = plan->order[i];

		if (kept[node] || !t->held.there[node])
			continue;
		code = containerd_lease_keep(t->c, &plan->graph.nodes[node].digest, err);
		ctr_held_from(&t->held, node);
		for (j = 0; j < t->held.found_len; j++)
			kept[t->held.found[j]] = true;
	}
	return code;
}

/* Nothing is sent, no reference is lacking, every name is right: then all of it is kept already. */
static bool is_done(const struct target_containerd *t, const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->order_len; i++) {
		if (plan_sends(plan, plan->order[i]) || t->stale[plan->order[i]])
			return false;
	}
	return t->named;
}

/* Others may have given the names while the blobs were written. */
static enum err_code publish(struct target_containerd *t, struct plan *plan, struct err *err)
{
	enum err_code code = names_look(t->c, plan, t->pin, &t->named, err);

	if (code == ERR_OK)
		code = plan_check_layers(plan, t->target.name, err);
	if (code == ERR_OK)
		code = plan_check_names(plan, t->target.name, err);
	return code == ERR_OK ? names_give(t->c, plan, t->pin, err) : code;
}

static enum err_code ctr_write(struct target *target, struct plan *plan, struct err *err)
{
	struct target_containerd *t = OUTER_OF(target, struct target_containerd, target);
	enum err_code code;

	if (is_done(t, plan))
		return plan_finish(plan, err);
	code = containerd_lease(t->c, plan_bytes_to_send(plan), err);
	if (code == ERR_OK)
		code = keep_what_is_there(t, plan, err);
	if (code == ERR_OK)
		code = look(t, plan, err);
	if (code == ERR_OK)
		code = containerd_write(t->c, plan, t->stale, err);
	if (code == ERR_OK)
		code = plan_finish(plan, err);
	if (code == ERR_OK)
		code = refer(t, plan, err);
	if (code == ERR_OK)
		code = publish(t, plan, err);
	if (err_status(code) == 3 && t->c->lease != NULL) /* nobody goes on with what does not prove itself */
		containerd_lease_end(t->c, NULL);
	return code == ERR_OK ? containerd_lease_end(t->c, err) : code;
}

/* All that a manifest lists is there and kept. */
static bool is_whole(const struct ctr_held *held, const struct node *n)
{
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		if (!ctr_held_found(held, held->graph->edges[n->edges + i].to))
			return false;
	}
	return true;
}

static void count_found(const struct ctr_held *held, struct plan_image *image)
{
	size_t i;

	for (i = 0; i < held->found_len; i++) {
		const struct node *n = &held->graph->nodes[held->found[i]];

		image->platforms += n->role == ROLE_MANIFEST && !n->left_out && is_whole(held, n);
		image->attestations += n->role == ROLE_ATTESTATION;
		image->referrers += n->role == ROLE_REFERRER;
	}
	image->referrers_known = true;
}

static enum err_code read_image(struct target_containerd *t, struct plan *plan, size_t i, bool *reached,
				struct err *err)
{
	enum err_code code = names_read(t->c, plan, i, t->target.name, err);
	size_t j;

	if (code != ERR_OK)
		return code;
	ctr_held_from(&t->held, plan->graph.images[i].root);
	for (j = 0; j < t->held.found_len; j++)
		reached[t->held.found[j]] = true;
	count_found(&t->held, &plan->images[i]);
	plan->images[i].read_back = true;
	return ERR_OK;
}

/* What a lost referrer lists need not be kept either. */
static void excuse_lost(const struct target_containerd *t, const struct graph *g, bool *reached)
{
	size_t i, j;

	for (i = 0; i < g->nodes_len; i++) {
		if (!t->lost[i])
			continue;
		reached[i] = true;
		for (j = 0; j < g->nodes[i].edges_len; j++)
			reached[g->edges[g->nodes[i].edges + j].to] = true;
	}
}

static enum err_code check_reached(const struct target_containerd *t, const struct plan *plan, bool *reached,
				   struct err *err)
{
	size_t i;

	excuse_lost(t, &plan->graph, reached);
	for (i = 0; i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (!node_is_carried(n) || reached[plan->order[i]])
			continue;
		return err_set(err, ERR_PARTIAL, "%s: %s %s is %s after the import%s", t->target.name,
			       role_name(n->role), n->digest.text,
			       t->held.there[plan->order[i]] ? "there" : "not there",
			       t->held.there[plan->order[i]] ? ", but nothing keeps it" : "");
	}
	return ERR_OK;
}

static enum err_code ctr_read_back(struct target *target, struct plan *plan, struct err *err)
{
	struct target_containerd *t = OUTER_OF(target, struct target_containerd, target);
	CLEANUP(free_ptr) bool *reached = calloc(plan->graph.nodes_len + 1, sizeof(*reached));
	enum err_code code = reached != NULL ? ctr_held_look(&t->held, t->c, err) : err_nomem(err);
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++)
		code = read_image(t, plan, i, reached, err);
	if (code == ERR_OK)
		code = check_reached(t, plan, reached, err);
	return code;
}

static enum err_code ctr_inventory(struct target *target, struct holdings *h, struct err *err)
{
	struct target_containerd *t = OUTER_OF(target, struct target_containerd, target);
	enum err_code code = connect_containerd(t, err);

	if (code == ERR_OK)
		code = inventory_of_containerd(t->c, h, err);
	return code;
}

static void ctr_free(struct target *target)
{
	struct target_containerd *t = OUTER_OF(target, struct target_containerd, target);

	ctr_held_release(&t->held);
	containerd_close(t->c);
	free(t->stale);
	free(t->lost);
	free(t->socket);
	free(t->namespace);
	free(t->target.name);
	free(t);
}

enum err_code target_containerd_new(const char *socket, const char *namespace, bool pin, struct target **ret_target,
				    struct err *err)
{
	struct target_containerd *t = calloc(1, sizeof(*t));
	enum err_code code;

	if (t == NULL)
		return err_nomem(err);
	t->target = (struct target){
		.probe = ctr_probe,
		.write = ctr_write,
		.read_back = ctr_read_back,
		.inventory = ctr_inventory,
		.free = ctr_free,
	};
	t->pin = pin;
	code = str_copy(socket, &t->socket, err);
	if (code == ERR_OK)
		code = str_copy(namespace, &t->namespace, err);
	if (code == ERR_OK)
		code = namespace != NULL
			       ? str_format(&t->target.name, err, "containerd:%s (namespace %s)", socket, namespace)
			       : str_format(&t->target.name, err, "containerd:%s", socket);
	if (code == ERR_OK)
		*ret_target = &t->target;
	else
		ctr_free(&t->target);
	return code;
}
