/* The part of the HTTP server that has a few bodies decoded at a time, and the others wait for their turn.  A client
 * that were refused would give up an image of which it has most already: some pull six layers at once, and ask once. */
#include <sys/socket.h>

#include "common/limits.h"
#include "import/serve_http_private.h"

static void append(struct turn **list, struct turn *t)
{
	while (*list != NULL)
		list = &(*list)->next;
	t->next = NULL;
	*list = t;
}

static void drop(struct turn **list, const struct turn *t)
{
	while (*list != NULL && *list != t)
		list = &(*list)->next;
	if (*list != NULL)
		*list = t->next;
}

static void enter(struct serve_http *s, struct turn *t, enum turn_state state)
{
	t->state = state;
	clock_gettime(CLOCK_MONOTONIC, &t->since);
	t->pace.since = t->since;
	if (state == TURN_WAITS)
		append(&s->waiting, t);
	if (state == TURN_TAKEN)
		append(&s->taken, t);
	s->decoders += state == TURN_TAKEN;
}

/* It is asked for its next bytes again, and finds out why. */
static void wake(struct serve_http *s, struct turn *t, enum turn_state state)
{
	drop(&s->waiting, t);
	enter(s, t, state);
	MHD_resume_connection(t->client);
}

enum turn_state serve_http_turn_take(struct serve_http *s, struct turn *t, const struct exchange *x)
{
	enum turn_state state;

	pthread_mutex_lock(&s->turns);
	t->client = x->client;
	t->connection = x->connection;
	if (t->state == TURN_NONE && s->closing) {
		t->state = TURN_OVER;
	} else if (t->state == TURN_NONE && s->decoders < LIMIT_SERVED_DECODERS) {
		enter(s, t, TURN_TAKEN);
	} else if (t->state == TURN_NONE) {
		MHD_suspend_connection(x->client);
		enter(s, t, TURN_WAITS);
	}
	state = t->state;
	pthread_mutex_unlock(&s->turns);
	return state;
}

void serve_http_turn_give(struct serve_http *s, struct turn *t)
{
	pthread_mutex_lock(&s->turns);
	if (t->state == TURN_WAITS)
		drop(&s->waiting, t);
	if (t->state == TURN_TAKEN) {
		drop(&s->taken, t);
		s->decoders--;
		if (s->waiting != NULL)
			wake(s, s->waiting, TURN_TAKEN);
	}
	t->state = TURN_OVER;
	pthread_mutex_unlock(&s->turns);
}

bool serve_http_is_slow(struct pace *p, const struct connection *c, double patience_s, uint64_t rate)
{
	uint64_t sent_bytes = atomic_load(&c->sent_bytes), moved_bytes = sent_bytes - p->bytes;
	double seconds = seconds_since(&p->since);

	if (seconds <= patience_s)
		return false;
	p->bytes = sent_bytes;
	clock_gettime(CLOCK_MONOTONIC, &p->since);
	return (double)moved_bytes < seconds * (double)rate;
}

/* A few clients that hardly read could keep all decoders from everybody else.  Their turns end with their connections,
 * which the library closes once it learns that the other end is gone. */
void serve_http_turns_tend(struct serve_http *s, double patience_s)
{
	struct turn *t;

	pthread_mutex_lock(&s->turns);
	while (s->waiting != NULL && seconds_since(&s->waiting->since) > LIMIT_SERVE_TURN_S)
		wake(s, s->waiting, TURN_OVER);
	for (t = s->waiting != NULL ? s->taken : NULL; t != NULL; t = t->next) {
		if (serve_http_is_slow(&t->pace, t->connection, patience_s, LIMIT_SERVE_TURN_RATE))
			(void)shutdown(t->connection->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&s->turns);
}

void serve_http_turns_end(struct serve_http *s)
{
	pthread_mutex_lock(&s->turns);
	s->closing = true;
	while (s->waiting != NULL)
		wake(s, s->waiting, TURN_OVER);
	pthread_mutex_unlock(&s->turns);
}
