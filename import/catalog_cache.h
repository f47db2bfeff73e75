/* catalog_cache.h - what a catalog keeps of what it has read: shared by whoever asks, forgotten when it is too much.
 *
 * Lifecycle  cache_init; cache_find and cache_add, each of which gives a hold;
 *            cache_drop for each hold; cache_release once nobody asks any more.
 * Threads    All of it may be called by several.
 * Bounds     Items cost at most max_cost together; the ones that were not asked for
 *            for longest go first.  What costs more than a quarter of that is not kept.
 * Ownership  An item is freed by its own free with its last hold, and the cache is a
 *            holder too.
 */
#ifndef IMPORT_CATALOG_CACHE_H
#define IMPORT_CATALOG_CACHE_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* The head of whatever is kept. */
struct cache_item {
	char *key;         /* owned */
	const void *owner; /* what it was read from */
	size_t cost;
	void (*free)(struct cache_item *item); /* frees all but the key */
	/* The cache's own. */
	struct cache_item *next; /* in its bucket */
	struct cache_item *newer, *older;
	size_t holds;
};

struct cache {
	pthread_mutex_t lock;
	struct cache_item **buckets; /* owned */
	struct cache_item *newest, *oldest;
	size_t cost, max_cost;
};

enum err_code cache_init(struct cache *c, size_t max_cost, struct err *err);
/* The item of a key and owner, held; NULL where there is none. */
struct cache_item *cache_find(struct cache *c, const void *owner, const char *key);
/* Keep an item, which becomes the cache's.  Returns it, held; or, where there is one of the same key and owner by now,
 * that one, and frees the new one. */
struct cache_item *cache_add(struct cache *c, struct cache_item *item);
void cache_drop(struct cache *c, struct cache_item *item);
/* Forget what was read from an owner. */
void cache_forget(struct cache *c, const void *owner);
/* A zeroed cache is fine. */
void cache_release(struct cache *c);
#endif
