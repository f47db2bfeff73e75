#include "common/writeback.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/mem.h"

#define WRITEBACK_BYTES (8 * MIB)

struct writeback {
	int fd;           /* borrowed */
	const char *path; /* borrowed; for messages */
	writeback_sync_fn *sync;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	uint64_t dirty_bytes; /* since the disk was asked last; under the lock */
	bool over;            /* under the lock */
	bool stopped;         /* the thread has ended */
	int failed;           /* an errno; under the lock */
};

/* A sync lasts until the disk is done: that is why it has a thread.  What it says of a failure it says once, so it is
 * kept. */
static void *ask(void *arg)
{
	struct writeback *w = arg;
	int failed;

	pthread_mutex_lock(&w->lock);
	while (!w->over && w->failed == 0) {
		if (w->dirty_bytes < WRITEBACK_BYTES) {
			pthread_cond_wait(&w->more, &w->lock);
			continue;
		}
		w->dirty_bytes = 0;
		pthread_mutex_unlock(&w->lock);
		failed = w->sync(w->fd) != 0 ? errno : 0;
		pthread_mutex_lock(&w->lock);
		w->failed = failed;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

enum err_code writeback_new(int fd, const char *path, writeback_sync_fn *sync, struct writeback **ret_writeback,
			    struct err *err)
{
	struct writeback *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return err_nomem(err);
	w->fd = fd;
	w->path = path;
	w->sync = sync;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	if (pthread_create(&w->thread, NULL, ask, w) != 0) {
		free(w);
		return err_set(err, ERR_NOMEM, "no thread could be started");
	}
	*ret_writeback = w;
	return ERR_OK;
}

static enum err_code told(const struct writeback *w, int failed, struct err *err)
{
	errno = failed;
	return failed == 0 ? ERR_OK : err_errno(err, w->path);
}

enum err_code writeback_add(struct writeback *w, uint64_t bytes, struct err *err)
{
	int failed;

	if (w == NULL)
		return ERR_OK;
	pthread_mutex_lock(&w->lock);
	w->dirty_bytes += bytes;
	if (w->dirty_bytes >= WRITEBACK_BYTES)
		pthread_cond_signal(&w->more);
	failed = w->failed;
	pthread_mutex_unlock(&w->lock);
	return told(w, failed, err);
}

static void stop(struct writeback *w)
{
	if (w->stopped)
		return;
	pthread_mutex_lock(&w->lock);
	w->over = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	w->stopped = true;
}

enum err_code writeback_end(struct writeback *w, struct err *err)
{
	if (w == NULL)
		return ERR_OK;
	stop(w);
	return told(w, w->failed, err);
}

void writeback_free(struct writeback *w)
{
	if (w == NULL)
		return;
	stop(w);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
