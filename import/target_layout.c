#include "import/target_layout.h"

#include <stdlib.h>
#include <string.h>

#include "bundles/profile.h"
#include "common/layout_proved.h"
#include "common/limits.h"
#include "common/mem.h"
#include "import/inventory.h"
#include "import/layout_held.h"
#include "import/target_layout_private.h"

static enum layout_keep keep_of(const struct target_layout *t)
{
	enum layout_keep keep = t->moves_tags ? LAYOUT_KEEP_TAGGED : LAYOUT_KEEP_NONE;

	return t->owner == LAYOUT_SHARED ? keep | LAYOUT_KEEP_NAMED : keep;
}

/* All that is listed there is read at once: what would be too much must be known before anything is written. */
static enum err_code check_room_in_index(const struct target_layout *t, const struct plan *plan, struct err *err)
{
	CLEANUP(buf_release) struct buf index;
	enum err_code code;

	buf_init(&index, LIMIT_DESCRIPTION_BYTES);
	code = profile_plan(t->layout, &plan->graph, &index, err);
	if (code == ERR_OK)
		code = layout_check_added(t->layout, buf_text(&index), index.len, keep_of(t), err);
	if (code != ERR_LIMIT)
		return code;
	return err_set(
		err, ERR_LIMIT,
		"%s: its index.json has room for %llu MiB of entries, and with these images there would be more; "
		"nothing is written: %s",
		t->target.name, (unsigned long long)(LIMIT_DESCRIPTION_BYTES / MIB),
		t->owner == LAYOUT_OURS ? "take out images that nobody needs, with bundle store remove and then "
					  "bundle store gc, or name another store in BUNDLE_STORE"
					: "name another folder");
}

/* What names stand for there, and whether there is a place for what comes. */
static enum err_code look(struct target_layout *t, struct plan *plan, struct err *err)
{
	enum err_code code = target_layout_look_at_names(t, plan, err);

	if (code == ERR_OK)
		code = plan_check(plan, t->target.name, err);
	return code == ERR_OK ? check_room_in_index(t, plan, err) : code;
}

static enum err_code layout_target_probe(struct target *target, struct plan *plan, struct err *err)
{
	struct target_layout *t = OUTER_OF(target, struct target_layout, target);
	enum err_code code = layout_open(t->path, false, &t->layout, err);

	if (code == ERR_NOT_FOUND) { /* an empty store: made by write */
		code = layout_check_place(t->path, err);
		return code == ERR_OK ? plan_check(plan, target->name, err) : code;
	}
	if (code != ERR_OK)
		return code;
	layout_held_look(t->layout, plan);
	return look(t, plan, err);
}

static enum err_code put_node(struct target_layout *t, struct plan *plan, uint32_t node, struct err *err)
{
	const struct node *n = &plan->graph.nodes[node];
	struct instream *in = NULL;
	enum err_code code = plan_open(plan, node, &in, err);

	if (code == ERR_OK) {
		code = layout_put(t->layout, &n->digest, n->size_bytes, in, err);
		instream_release(in);
	}
	if (code != ERR_OK)
		return code;
	plan->sent_bytes += n->size_bytes;
	progress_advance(plan->progress, PROGRESS_NONE, n->size_bytes);
	return ERR_OK;
}

static enum err_code publish(struct target_layout *t, struct plan *plan, struct err *err)
{
	CLEANUP(buf_release) struct buf index;
	enum err_code code = plan_finish(plan, err);

	buf_init(&index, LIMIT_DESCRIPTION_BYTES);
	if (code == ERR_OK)
		code = profile_write(t->layout, &plan->graph, &index, err);
	return code == ERR_OK ? layout_publish_beside(t->layout, &index, keep_of(t), err) : code;
}

/* What probe has seen may have been collected since: from here on, under the lock, it stays.  Its content was proved.
 */
static void look_again(const struct target_layout *t, struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (plan->skip[plan->order[i]])
			plan->skip[plan->order[i]] = layout_is_there_sized(t->layout, &n->digest, n->size_bytes);
	}
}

static enum err_code layout_target_room(struct target *target, const struct plan *plan, struct err *err)
{
	return layout_held_room(OUTER_OF(target, struct target_layout, target)->path, plan, err);
}

/* Others may have published and collected since probe. */
static enum err_code check_again(struct target_layout *t, struct plan *plan, struct err *err)
{
	look_again(t, plan);
	return look(t, plan, err);
}

static enum err_code layout_target_write(struct target *target, struct plan *plan, struct err *err)
{
	struct target_layout *t = OUTER_OF(target, struct target_layout, target);
	enum err_code code = t->layout != NULL ? ERR_OK : layout_open(t->path, true, &t->layout, err);
	size_t i;

	if (code == ERR_OK)
		code = layout_lock(t->layout, err);
	if (code == ERR_OK) {
		layout_proved_open(t->layout);
		code = check_again(t, plan, err);
	}
	if (code == ERR_OK)
		code = layout_target_room(target, plan, err);
	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		if (plan_sends(plan, plan->order[i]))
			code = put_node(t, plan, plan->order[i], err);
	}
	if (code == ERR_OK)
		code = publish(t, plan, err);
	if (code == ERR_OK)
		layout_proved_save(t->layout);
	return code;
}

/* Count what an image has in the store, and note which nodes of the plan were reached. */
static enum err_code read_image(struct target_layout *t, struct source *stored, const struct plan *plan, size_t at,
				bool *reached, struct err *err)
{
	const struct image *image = &plan->graph.images[at];
	const struct layout_entry *entry = layout_find(t->layout, image->name);
	struct plan_image *found = &plan->images[at];
	CLEANUP(graph_release) struct graph g;
	enum err_code code;
	size_t i;

	graph_init(&g);
	if (entry == NULL)
		return err_set(err, ERR_PARTIAL, "%s: %s is not there after the import", t->target.name, image->name);
	found->is = digest_unpack(&entry->digest);
	code = target_layout_walk(stored, image, &g, err);
	for (i = 0; code == ERR_OK && i < g.nodes_len; i++) {
		uint32_t node = graph_find(&plan->graph, &g.nodes[i].digest);

		if (g.nodes[i].absent)
			continue;
		found->platforms += g.nodes[i].role == ROLE_MANIFEST;
		found->attestations += g.nodes[i].role == ROLE_ATTESTATION;
		found->referrers += g.nodes[i].role == ROLE_REFERRER;
		if (node != NODE_NONE)
			reached[node] = true;
	}
	found->platforms -= found->bare < found->platforms ? found->bare : found->platforms;
	found->read_back = found->referrers_known = code == ERR_OK;
	return code;
}

/* A blob of the plan is in the store, and reached from an image there. */
static enum err_code check_node(struct target_layout *t, const struct node *n, bool reached, struct err *err)
{
	struct instream *in = NULL;
	enum err_code code = layout_blob(t->layout, &n->digest, &in, err);

	if (code != ERR_OK)
		return code;
	instream_release(in);
	if (!reached)
		return err_set(err, ERR_PARTIAL, "%s: %s %s is there after the import, but no image leads to it",
			       t->target.name, role_name(n->role), n->digest.text);
	return ERR_OK;
}

static enum err_code read_images(struct target_layout *t, const struct plan *plan, bool *reached, struct err *err)
{
	struct source *stored = NULL;
	enum err_code code = layout_source_new(t->layout, &stored, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++)
		code = read_image(t, stored, plan, i, reached, err);
	if (stored != NULL)
		stored->free(stored);
	return code;
}

static enum err_code layout_target_read_back(struct target *target, struct plan *plan, struct err *err)
{
	struct target_layout *t = OUTER_OF(target, struct target_layout, target);
	CLEANUP(free_ptr) bool *reached = calloc(plan->graph.nodes_len + 1, sizeof(*reached));
	enum err_code code = reached != NULL ? read_images(t, plan, reached, err) : err_nomem(err);
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (!n->absent && !n->left_out)
			code = check_node(t, n, reached[plan->order[i]], err);
	}
	return code;
}

static enum err_code layout_target_inventory(struct target *target, struct holdings *h, struct err *err)
{
	struct target_layout *t = OUTER_OF(target, struct target_layout, target);
	enum err_code code = layout_open(t->path, false, &t->layout, err);

	if (code == ERR_NOT_FOUND && t->owner == LAYOUT_OURS)
		return layout_check_place(t->path, err); /* an empty store is made by the first import */
	return code == ERR_OK ? inventory_of_layout(t->layout, h, err) : code;
}

static void layout_target_free(struct target *target)
{
	struct target_layout *t = OUTER_OF(target, struct target_layout, target);

	layout_close(t->layout);
	free(t->path);
	free(t->target.name);
	free(t);
}

enum err_code target_layout_new(const char *path, const char *name, enum layout_owner owner, struct target **ret_target,
				struct err *err)
{
	struct target_layout *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return err_nomem(err);
	t->owner = owner;
	t->target = (struct target){
		.probe = layout_target_probe,
		.room = layout_target_room,
		.write = layout_target_write,
		.read_back = layout_target_read_back,
		.inventory = layout_target_inventory,
		.free = layout_target_free,
	};
	if (str_copy(path, &t->path, err) != ERR_OK || str_copy(name, &t->target.name, err) != ERR_OK) {
		layout_target_free(&t->target);
		return ERR_NOMEM;
	}
	*ret_target = &t->target;
	return ERR_OK;
}
