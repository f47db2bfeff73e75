/* Where a repository is asked for, and what becomes of places that fail. */
#include <stdlib.h>
#include <string.h>

#include "common/intern.h"
#include "common/mem.h"
#include "common/repository.h"

/* Other repositories may have met the same host. */
bool place_is_out(const struct place *place)
{
	const struct outages *o = place->repository->options.outages;

	return place->out || (o != NULL && intern_has(&o->bases, place->endpoint->base));
}

/* What has been asked for here, and not begun, is better asked for elsewhere. */
static bool is_moot(const void *ctx)
{
	const struct place *place = ctx;

	return place_is_out(place) && repository_place(place->repository, PLACE_CONTENT, NULL) != NULL;
}

static enum err_code open_places(struct repository *p, struct http *http, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	p->places = calloc(p->endpoints.len, sizeof(*p->places));
	if (p->places == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < p->endpoints.len; i++) {
		struct place *place = &p->places[i];

		place->repository = p;
		place->endpoint = &p->endpoints.items[i];
		code = access_new(http, p->options.tokens, place->endpoint, &place->access, err);
		if (code == ERR_OK)
			access_set_moot(place->access, is_moot, place);
	}
	return code;
}

enum err_code repository_open(struct repository *p, struct http *http, const struct reference *ref, struct err *err)
{
	static const struct endpoint_rules none;
	enum err_code code = reference_repository(ref, &p->name, err);

	if (code == ERR_OK)
		code = endpoints_find(p->options.rules != NULL ? p->options.rules : &none, ref, &p->endpoints, err);
	return code == ERR_OK ? open_places(p, http, err) : code;
}

void repository_close(struct repository *p)
{
	size_t i;

	for (i = 0; p->places != NULL && i < p->endpoints.len; i++)
		access_free(p->places[i].access);
	free(p->places);
	endpoints_release(&p->endpoints);
	free(p->name);
}

/* Whoever listens there has not said a word.  Who answers, be it with a refusal, speaks TLS: to ask the same host in
 * the clear would only show credentials to whoever is on the way. */
static bool is_silent(const struct place *place)
{
	const struct outages *o = place->repository->options.outages;
	bool is_known = o != NULL && intern_has(&o->bases, place->endpoint->base);

	/* what others have met is theirs to judge: it was not asked here */
	return (is_known ? intern_has(&o->silent, place->endpoint->base) : place->out) &&
	       !access_has_answered(place->access);
}

/* It is for the one before it, and that one may do. */
static bool is_not_due(const struct place *place)
{
	return place->endpoint->instead && !is_silent(place - 1);
}

static bool may_serve(const struct place *place, enum place_use use)
{
	const struct endpoint *e = place->endpoint;

	if (place_is_out(place) || is_not_due(place))
		return false;
	if (use == PLACE_TAG)
		return e->tags;
	return e->pulls && (use == PLACE_CONTENT || e->digest_names);
}

struct place *repository_place(const struct repository *p, enum place_use use, const struct place *after)
{
	size_t i;

	for (i = after != NULL ? (size_t)(after - p->places) + 1 : 0; i < p->endpoints.len; i++) {
		if (may_serve(&p->places[i], use))
			return &p->places[i];
	}
	return NULL;
}

struct place *repository_home(const struct repository *p)
{
	size_t i;

	for (i = 0; i < p->endpoints.len; i++) {
		struct place *place = &p->places[i];

		if (!place->endpoint->mirror && !place_is_out(place) && !is_not_due(place))
			return place;
	}
	return repository_place(p, PLACE_CONTENT, NULL);
}

struct repository *repository_of(struct source *source)
{
	return OUTER_OF(source, struct repository, source);
}

void repository_write_home(struct repository *p)
{
	size_t i;

	for (i = 0; i < p->endpoints.len; i++) {
		p->places[i].out |= p->places[i].endpoint->mirror;
		access_set_writes(p->places[i].access);
	}
}

enum err_code repository_writable(const struct repository *p, struct place **ret_place, struct err *err)
{
	struct place *home = repository_home(p);

	if (home == NULL)
		return err_set(err, ERR_NETWORK, "%s: out of reach", p->name);
	if (home->endpoint->mirror)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: nothing but mirrors, where nothing can be written: see its "
			       "hosts.toml or registries.conf",
			       p->name);
	*ret_place = home;
	return ERR_OK;
}

enum err_code repository_no_place(const struct repository *p, enum place_use use, struct err *err)
{
	size_t i;

	for (i = 0; i < p->endpoints.len; i++) {
		if (place_is_out(&p->places[i]))
			return err_set(err, ERR_NETWORK, "%s: all places where it can be asked for are out of reach",
				       p->name);
	}
	return err_set(err, ERR_UNSUPPORTED, "%s: no place where it may be asked for %s: see its hosts.toml", p->name,
		       use == PLACE_TAG ? "a tag (capability resolve)" : "content (capability pull)");
}

bool place_has_next(const struct place *place, enum place_use use)
{
	return repository_place(place->repository, use, place) != NULL;
}

void place_give_up(struct place *place, const struct err *why)
{
	struct outages *o = place->repository->options.outages;
	bool was_out = place_is_out(place);
	const char *kept;

	place->out = true;
	if (was_out || why->code != ERR_NETWORK || o == NULL)
		return; /* what fails for that is no failure of the host */
	/* where there is no memory for it, it will be found out again */
	intern_text(&o->bases, place->endpoint->base, &kept, NULL);
	if (!access_has_answered(place->access))
		intern_text(&o->silent, place->endpoint->base, &kept, NULL);
}

void place_say(struct place *place, const struct place *next, const struct err *why)
{
	const struct registry_options *o = &place->repository->options;

	if (o->on_elsewhere == NULL || (why == NULL && place->lacks))
		return;
	place->lacks = true;
	o->on_elsewhere(o->ctx, place->repository->name, place->endpoint->base, next->endpoint->base,
			why != NULL ? why->msg : NULL);
}

struct place *place_after_lack(struct place *place, enum place_use use)
{
	struct place *next = repository_place(place->repository, use, place);

	if (next != NULL)
		place_say(place, next, NULL);
	return next;
}

struct place *place_after_failure(struct place *place, enum place_use use, const struct err *why)
{
	bool was_out = place_is_out(place);
	struct place *next;

	place_give_up(place, why);
	next = repository_place(place->repository, use, place);
	if (next != NULL && !was_out)
		place_say(place, next, why);
	return next;
}
