/* The part of the HTTP server that has a few bodies decoded at a time, and the others wait for their turn.  A client
 * that were refused would give up an image of which it has most already: some pull six layers at once, and ask once. */
#include "common/limits.h"
#include "import/serve_http_private.h"

static void append(struct serve_http *s, struct turn *t)
{
	struct turn **end = &s->waiting;

	while (*end != NULL)
		end = &(*end)->next;
	t->next = NULL;
	*end = t;
}

static void drop(struct serve_http *s, const struct turn *t)
{
	struct turn **at = &s->waiting;

	while (*at != NULL && *at != t)
		at = &(*at)->next;
	if (*at != NULL)
		*at = t->next;
}

/* It is asked for its next bytes again, and finds out why. */
static void wake(struct serve_http *s, struct turn *t, enum turn_state state)
{
	drop(s, t);
	t->state = state;
	if (state == TURN_TAKEN)
		s->decoders++;
	MHD_resume_connection(t->client);
}

enum turn_state serve_http_turn_take(struct serve_http *s, struct turn *t, struct MHD_Connection *client)
{
	enum turn_state state;

	pthread_mutex_lock(&s->turns);
	if (t->state == TURN_NONE && s->closing) {
		t->state = TURN_OVER;
	} else if (t->state == TURN_NONE && s->decoders < LIMIT_SERVED_DECODERS) {
		t->state = TURN_TAKEN;
		s->decoders++;
	} else if (t->state == TURN_NONE) {
		t->state = TURN_WAITS;
		t->client = client;
		clock_gettime(CLOCK_MONOTONIC, &t->since);
		MHD_suspend_connection(client);
		append(s, t);
	}
	state = t->state;
	pthread_mutex_unlock(&s->turns);
	return state;
}

void serve_http_turn_give(struct serve_http *s, struct turn *t)
{
	pthread_mutex_lock(&s->turns);
	if (t->state == TURN_WAITS)
		drop(s, t);
	if (t->state == TURN_TAKEN) {
		s->decoders--;
		if (s->waiting != NULL)
			wake(s, s->waiting, TURN_TAKEN);
	}
	t->state = TURN_OVER;
	pthread_mutex_unlock(&s->turns);
}

void serve_http_turns_tend(struct serve_http *s)
{
	pthread_mutex_lock(&s->turns);
	while (s->waiting != NULL && seconds_since(&s->waiting->since) > LIMIT_SERVE_TURN_S)
		wake(s, s->waiting, TURN_OVER);
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
