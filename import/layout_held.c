#include "import/layout_held.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "bundles/room.h"
#include "common/layout_proved.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/workers.h"

#define MUCH_BYTES (16 * MIB) /* to read: less is read before another thread has begun */

struct look {
	const struct layout *layout;
	struct plan *plan;
	atomic_size_t next; /* in the plan's order */
};

static void *worker(void *arg)
{
	struct look *look = arg;
	struct plan *plan = look->plan;
	size_t i;

	while ((i = atomic_fetch_add(&look->next, 1)) < plan->order_len) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (!plan->skip[plan->order[i]])
			plan->skip[plan->order[i]] = layout_proved_look(look->layout, &n->digest, n->size_bytes);
	}
	return NULL;
}

/* What is there is known to be whole, or there is so much to read, from what is there under its name. */
static uint64_t bytes_to_read(const struct layout *l, struct plan *plan)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		plan->skip[plan->order[i]] = layout_proved_has(l, &n->digest, n->size_bytes);
		if (!plan->skip[plan->order[i]] && bytes < MUCH_BYTES &&
		    layout_is_there_sized(l, &n->digest, n->size_bytes))
			bytes += n->size_bytes;
	}
	return bytes;
}

void layout_held_look(struct layout *l, struct plan *plan)
{
	struct look look = { .layout = l, .plan = plan };

	layout_proved_open(l);
	workers_run(bytes_to_read(l, plan) < MUCH_BYTES ? 1 : workers_for_processors(), worker, &look);
}

/* What is made in a folder that is there lies on its disk. */
static enum err_code find_folder(const char *path, char **ret_folder, struct err *err)
{
	CLEANUP(free_ptr) char *folder = NULL;
	enum err_code code = str_copy(path, &folder, err);
	char *slash;

	while (code == ERR_OK && access(folder, F_OK) != 0 && errno == ENOENT) {
		slash = strrchr(folder, '/');
		if (slash == NULL || slash == folder)
			return str_copy(slash == NULL ? "." : "/", ret_folder, err);
		*slash = '\0';
	}
	if (code == ERR_OK)
		*ret_folder = take_ptr(&folder);
	return code;
}

/* A disk that fills up in the middle is often the one that the machine lives on. */
enum err_code layout_held_room(const char *path, const struct plan *plan, struct err *err)
{
	CLEANUP(free_ptr) char *folder = NULL;
	enum err_code code = find_folder(path, &folder, err);
	uint64_t largest_bytes = 0;
	size_t i;

	for (i = 0; i < plan->order_len; i++) {
		uint64_t size_bytes = plan->graph.nodes[plan->order[i]].size_bytes;

		if (plan_sends(plan, plan->order[i]) && size_bytes > largest_bytes)
			largest_bytes = size_bytes;
	}
	return code == ERR_OK ? room_check_folder(folder, plan_bytes_to_send(plan), largest_bytes, err) : code;
}
