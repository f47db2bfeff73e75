#include "import/catalog_cache.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#define BUCKETS ((size_t)1024)

enum err_code cache_init(struct cache *c, size_t max_cost, struct err *err)
{
	*c = (struct cache){ .max_cost = max_cost };
	c->buckets = calloc(BUCKETS, sizeof(struct cache_item *));
	if (c->buckets == NULL)
		return err_nomem(err);
	pthread_mutex_init(&c->lock, NULL);
	return ERR_OK;
}

static struct cache_item **bucket(struct cache *c, const char *key)
{
	return &c->buckets[text_hash(key) % BUCKETS];
}

static struct cache_item *look(struct cache *c, const void *owner, const char *key)
{
	struct cache_item *item = *bucket(c, key);

	while (item != NULL && (item->owner != owner || strcmp(item->key, key) != 0))
		item = item->next;
	return item;
}

static void unlink_age(struct cache *c, struct cache_item *item)
{
	*(item->newer != NULL ? &item->newer->older : &c->newest) = item->older;
	*(item->older != NULL ? &item->older->newer : &c->oldest) = item->newer;
	item->newer = item->older = NULL;
}

static void make_newest(struct cache *c, struct cache_item *item)
{
	item->older = c->newest;
	*(c->newest != NULL ? &c->newest->newer : &c->oldest) = item;
	c->newest = item;
}

static void free_item(struct cache_item *item)
{
	char *key = item->key;

	item->free(item);
	free(key);
}

/* One hold less; the last one frees it.  The lock is held. */
static void let_go(struct cache_item *item)
{
	if (--item->holds == 0)
		free_item(item);
}

static void take_out(struct cache *c, struct cache_item *item)
{
	struct cache_item **at = bucket(c, item->key);

	while (*at != item)
		at = &(*at)->next;
	*at = item->next;
	unlink_age(c, item);
	c->cost -= item->cost;
	let_go(item);
}

struct cache_item *cache_find(struct cache *c, const void *owner, const char *key)
{
	struct cache_item *item;

	pthread_mutex_lock(&c->lock);
	item = look(c, owner, key);
	if (item != NULL) {
		item->holds++;
		unlink_age(c, item);
		make_newest(c, item);
	}
	pthread_mutex_unlock(&c->lock);
	return item;
}

static void put_in(struct cache *c, struct cache_item *item)
{
	struct cache_item **at = bucket(c, item->key);

	item->holds++;
	item->next = *at;
	*at = item;
	make_newest(c, item);
	c->cost += item->cost;
	while (c->cost > c->max_cost)
		take_out(c, c->oldest);
}

struct cache_item *cache_add(struct cache *c, struct cache_item *item)
{
	struct cache_item *there;

	item->holds = 1;
	item->next = item->newer = item->older = NULL;
	pthread_mutex_lock(&c->lock);
	there = look(c, item->owner, item->key);
	if (there != NULL)
		there->holds++;
	else if (item->cost <= c->max_cost / 4)
		put_in(c, item);
	pthread_mutex_unlock(&c->lock);
	if (there == NULL)
		return item;
	free_item(item);
	return there;
}

void cache_drop(struct cache *c, struct cache_item *item)
{
	bool last;

	pthread_mutex_lock(&c->lock);
	last = --item->holds == 0;
	pthread_mutex_unlock(&c->lock);
	if (last)
		free_item(item);
}

void cache_forget(struct cache *c, const void *owner)
{
	struct cache_item *item, *older;

	pthread_mutex_lock(&c->lock);
	for (item = c->newest; item != NULL; item = older) {
		older = item->older;
		if (item->owner == owner)
			take_out(c, item);
	}
	pthread_mutex_unlock(&c->lock);
}

void cache_release(struct cache *c)
{
	if (c->buckets == NULL)
		return;
	while (c->newest != NULL)
		take_out(c, c->newest);
	free(c->buckets);
	pthread_mutex_destroy(&c->lock);
	*c = (struct cache){ 0 };
}
