#include "import/layout_held.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "common/limits.h"

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

		plan->skip[plan->order[i]] = layout_has(look->layout, &n->digest, n->size_bytes);
	}
	return NULL;
}

/* What there is to read, from what is there under its name. */
static uint64_t bytes_there(const struct layout *l, const struct plan *plan)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < plan->order_len && bytes < MUCH_BYTES; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (layout_is_there_sized(l, &n->digest, n->size_bytes))
			bytes += n->size_bytes;
	}
	return bytes;
}

static unsigned threads_for(uint64_t bytes)
{
	long online = bytes < MUCH_BYTES ? 1 : sysconf(_SC_NPROCESSORS_ONLN);

	return online < 1 ? 1 : online > HELD_THREADS_MAX ? HELD_THREADS_MAX : (unsigned)online;
}

/* This thread works too: so it goes on where no other can be started. */
void layout_held_look(const struct layout *l, struct plan *plan)
{
	struct look look = { .layout = l, .plan = plan };
	unsigned threads = threads_for(bytes_there(l, plan)), len = 0;
	pthread_t others[HELD_THREADS_MAX];

	while (len + 1 < threads && pthread_create(&others[len], NULL, worker, &look) == 0)
		len++;
	worker(&look);
	while (len > 0)
		pthread_join(others[--len], NULL);
}
