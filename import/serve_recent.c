#include "import/serve_recent.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/text.h"

/* Everything stands at the place that its digest gives it. */
struct serve_recent {
	pthread_mutex_t lock;
	struct digest roots[RECENT_MAX];
	struct {
		struct digest index, subject;
	} indexes[RECENT_MAX];
};

enum err_code serve_recent_new(struct serve_recent **ret_recent, struct err *err)
{
	struct serve_recent *recent = calloc(1, sizeof(*recent));

	if (recent == NULL)
		return err_nomem(err);
	pthread_mutex_init(&recent->lock, NULL);
	*ret_recent = recent;
	return ERR_OK;
}

static size_t place_of(const struct digest *d)
{
	return text_hash(d->text) % RECENT_MAX;
}

void serve_recent_root(struct serve_recent *recent, const struct digest *root)
{
	pthread_mutex_lock(&recent->lock);
	recent->roots[place_of(root)] = *root;
	pthread_mutex_unlock(&recent->lock);
}

bool serve_recent_is_root(struct serve_recent *recent, const struct digest *root)
{
	bool is;

	pthread_mutex_lock(&recent->lock);
	is = digest_equal(&recent->roots[place_of(root)], root);
	pthread_mutex_unlock(&recent->lock);
	return is;
}

void serve_recent_index(struct serve_recent *recent, const struct digest *index, const struct digest *subject)
{
	size_t place = place_of(index);

	pthread_mutex_lock(&recent->lock);
	recent->indexes[place].index = *index;
	recent->indexes[place].subject = *subject;
	pthread_mutex_unlock(&recent->lock);
}

bool serve_recent_subject(struct serve_recent *recent, const struct digest *index, struct digest *ret_subject)
{
	size_t place = place_of(index);
	bool is;

	pthread_mutex_lock(&recent->lock);
	is = digest_equal(&recent->indexes[place].index, index);
	if (is)
		*ret_subject = recent->indexes[place].subject;
	pthread_mutex_unlock(&recent->lock);
	return is;
}

void serve_recent_free(struct serve_recent *recent)
{
	if (recent == NULL)
		return;
	pthread_mutex_destroy(&recent->lock);
	free(recent);
}
