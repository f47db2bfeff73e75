#include "common/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "common/found.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/paging.h"
#include "common/tags.h"

struct discovery {
	struct repository *repository;
	struct digest subject;
	source_referrers_fn *done;
	void *ctx;
	unsigned open; /* questions not yet answered */
	bool api_only, has_api;
	struct found found;
	struct discovery *next, **link;
};

/* One question of a discovery. */
struct question {
	struct request request;
	struct discovery *discovery;
	struct place *place;
	struct buf body;
	enum link_kind kind;
	bool is_api;
	unsigned page;
};

static void discovery_unlink(struct discovery *d)
{
	*d->link = d->next;
	if (d->next != NULL)
		d->next->link = d->link;
}

static void discovery_push(struct discovery **list, struct discovery *d)
{
	d->next = *list;
	d->link = list;
	if (*list != NULL)
		(*list)->link = &d->next;
	*list = d;
}

static void discovery_free(struct discovery *d)
{
	discovery_unlink(d);
	found_release(&d->found);
	free(d);
}

void discovery_free_all(struct repository *p)
{
	while (p->discoveries != NULL)
		discovery_free(p->discoveries);
	while (p->held != NULL)
		discovery_free(p->held);
}

static void question_release(struct request *r)
{
	struct question *q = OUTER_OF(r, struct question, request);

	buf_release(&q->body);
	free(q);
}

/* Everything is answered: tell the asker. */
static enum err_code tell(struct discovery *d, struct err *err)
{
	CLEANUP(free_ptr) struct source_referrer *all = calloc(d->found.len + 1, sizeof(*all));
	enum err_code code;

	if (all == NULL)
		return err_nomem(err);
	if (d->api_only && !d->has_api)
		code = d->done(d->ctx, NULL, 0, err);
	else
		code = d->done(d->ctx, all, found_merge(&d->found, all), err);
	discovery_free(d);
	return code;
}

static enum err_code answered(struct discovery *d, struct err *err)
{
	return --d->open == 0 ? tell(d, err) : ERR_OK;
}

static enum err_code on_body(struct request *r, const void *bytes, size_t len, struct err *err)
{
	struct question *q = OUTER_OF(r, struct question, request);

	if (buf_add(&q->body, bytes, len, err) != ERR_OK)
		return err_add(err, "%s", r->url);
	return ERR_OK;
}

static enum err_code on_again(struct request *r, struct err *err)
{
	(void)err;
	buf_clear(&OUTER_OF(r, struct question, request)->body);
	return ERR_OK;
}

static enum err_code on_done(struct request *r, struct err *failure, struct err *err);

/* Home is asked the same: this mirror can only add something. */
static bool is_beside_home(const struct discovery *d, const struct place *place)
{
	return place->endpoint->mirror && place != repository_home(d->repository);
}

static enum err_code ask(struct discovery *d, struct place *place, char *url, enum link_kind kind, bool is_api,
			 unsigned page, struct err *err)
{
	struct question *q = calloc(1, sizeof(*q));

	if (q == NULL) {
		free(url);
		return err_nomem(err);
	}
	buf_init(&q->body, LIMIT_MANIFEST_BYTES);
	q->discovery = d;
	q->place = place;
	q->kind = kind;
	q->is_api = is_api;
	q->page = page;
	q->request = (struct request){
		.url = url,
		.accept = REPOSITORY_ACCEPT,
		.busy_elsewhere_is_last = is_api,
		.elsewhere = is_beside_home(d, place),
		.on_body = on_body,
		.on_again = on_again,
		.on_done = on_done,
		.release = question_release,
	};
	d->open++;
	return access_start(place->access, &q->request, err);
}

/* A listing: the index that the API or the fallback tag gave.  Only digest, size and type count; the rest is read from
 * the referrer itself, because listings are known to be wrong. */
static enum err_code read_listing(const struct question *q, struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct digest digest;
	enum err_code code = repository_digest(&q->request, buf_text(&q->body), q->body.len, &digest, err);
	size_t i;

	if (code == ERR_OK)
		code = manifest_parse(buf_text(&q->body), q->body.len, NULL, q->request.url, &m, err);
	if (code == ERR_OK && m.kind != MANIFEST_INDEX)
		code = err_set(err, ERR_FORMAT, "%s: the list of referrers is no index but %s", q->request.url,
			       m.media_type);
	for (i = 0; code == ERR_OK && i < m.items_len; i++)
		code = found_add(&q->discovery->found, &m.items[i], LINK_SUBJECT, err);
	return code;
}

/* A tag that cosign made: the manifest under it is the referrer. */
static enum err_code read_tagged(const struct question *q, struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct descriptor d = { .size_bytes = q->body.len };
	enum err_code code = repository_digest(&q->request, buf_text(&q->body), q->body.len, &d.digest, err);

	if (code == ERR_OK)
		code = manifest_parse(buf_text(&q->body), q->body.len, NULL, q->request.url, &m, err);
	d.media_type = m.media_type;
	return code == ERR_OK ? found_add(&q->discovery->found, &d, q->kind, err) : code;
}

static enum err_code ask_next_page(const struct question *q, struct err *err)
{
	char *url = NULL;
	enum err_code code = paging_next(q->place, &q->request, &url, err);

	if (code != ERR_OK || url == NULL)
		return code;
	if (q->page + 1 < LIMIT_PAGES)
		return ask(q->discovery, q->place, url, LINK_SUBJECT, true, q->page + 1, err);
	free(url);
	return err_set(err, ERR_LIMIT, "%s: more than %d pages of referrers", q->request.url, LIMIT_PAGES);
}

/* An answer that says: this registry has no referrers API; or a mirror beside home, not even the repository. */
static bool says_no_api(const struct question *q)
{
	char type[LIMIT_TEXT_BYTES];

	switch (q->request.call.status) {
	case 404:
		return is_beside_home(q->discovery, q->place) ||
		       !repository_error_is(buf_text(&q->body), "NAME_UNKNOWN");
	case 400:
	case 406:
		return true;
	case 200:
		if (http_header(&q->request.call, "Content-Type", 0, type, sizeof(type)) == NULL)
			return true;
		return manifest_kind(type) != MANIFEST_INDEX;
	case 429: /* ghcr.io sends whoever asks to github.com, which has had enough of it */
		return q->request.call.redirected;
	default:
		return false;
	}
}

static enum err_code read_api(const struct question *q, struct err *err)
{
	enum err_code code;

	if (q->page == 0 && says_no_api(q)) { /* later ones were promised by the one before */
		q->place->no_referrers_api |= q->request.call.status == 404 || q->request.call.status == 429;
		return ERR_OK;
	}
	if (q->request.call.status != 200)
		return repository_refused(&q->request, buf_text(&q->body), err);
	q->discovery->has_api = true;
	code = read_listing(q, err);
	return code == ERR_OK ? ask_next_page(q, err) : code;
}

/* A list that lacks what is there was believed when other manifests were not asked about: nobody knows what they lack.
 */
static enum err_code check_listed(const struct question *q, struct err *err)
{
	const struct discovery *d = q->discovery;
	char tag[DISCOVERY_TAG_SIZE];

	if (q->place->endpoint->mirror || !discovery_tag(&d->subject, q->kind, tag) ||
	    tag_index_may_have(&d->repository->tag_index, tag))
		return ERR_OK;
	return err_set(
		err, ERR_REFUSED,
		"%s: its list of tags is out of date (it lacks %s), so that signatures might be missed: export its "
		"images one by one, or from the registry behind this one",
		d->repository->name, tag);
}

static enum err_code read_tag(const struct question *q, struct err *err)
{
	enum err_code code;

	if (q->request.call.status == 404)
		return ERR_OK;
	if (q->request.call.status != 200)
		return repository_refused(&q->request, buf_text(&q->body), err);
	code = check_listed(q, err);
	if (code != ERR_OK)
		return code;
	return q->kind == LINK_SUBJECT ? read_listing(q, err) : read_tagged(q, err);
}

static enum err_code ask_tag(struct discovery *d, struct place *place, enum link_kind kind, struct err *err)
{
	const struct tag_index *index = &d->repository->tag_index;
	char tag[DISCOVERY_TAG_SIZE];
	char *url = NULL;
	enum err_code code;

	if (!discovery_tag(&d->subject, kind, tag))
		return ERR_OK;
	if (!place->endpoint->mirror && !tag_index_may_have(index, tag) && !tag_index_is_root(index, d->subject.text))
		return ERR_OK; /* the list is home's */
	code = repository_url(place, "manifests", tag, &url, err);
	return code == ERR_OK ? ask(d, place, url, kind, false, 0, err) : code;
}

static enum err_code ask_api(struct discovery *d, struct place *place, struct err *err)
{
	char *url = NULL;
	enum err_code code;

	if (place->no_referrers_api)
		return ERR_OK;
	code = repository_url(place, "referrers", d->subject.text, &url, err);
	return code == ERR_OK ? ask(d, place, url, LINK_SUBJECT, true, 0, err) : code;
}

/* A mirror whose answer is of no use is one that has none; only home has to be heard. */
static bool is_useless(enum err_code code)
{
	return code == ERR_NETWORK || code == ERR_DENIED || code == ERR_REFUSED || code == ERR_FORMAT ||
	       code == ERR_DIGEST || code == ERR_SIZE || code == ERR_NOT_FOUND || code == ERR_LIMIT;
}

/* The place has failed.  Where it is home and out of reach, whoever stands in for it is asked the same. */
static enum err_code ask_elsewhere(struct question *q, const struct err *why, struct err *err)
{
	struct discovery *d = q->discovery;
	struct place *next = NULL;
	bool was_out = place_is_out(q->place);

	if (q->place->endpoint->mirror ? is_useless(why->code) : why->code == ERR_NETWORK) {
		place_give_up(q->place, why);
		next = repository_home(d->repository);
	}
	if (next == NULL) {
		*err = *why;
		return err->code;
	}
	if (!was_out)
		place_say(q->place, next, why);
	if (q->place->endpoint->mirror && !next->endpoint->mirror)
		return ERR_OK; /* it was asked beside home */
	return q->is_api ? ask_api(d, next, err) : ask_tag(d, next, q->kind, err);
}

static enum err_code on_done(struct request *r, struct err *failure, struct err *err)
{
	struct question *q = OUTER_OF(r, struct question, request);
	struct err why = { 0 };
	enum err_code code;

	if (failure != NULL)
		code = ask_elsewhere(q, failure, err);
	else
		code = q->is_api ? read_api(q, &why) : read_tag(q, &why);
	if (failure == NULL && code != ERR_OK && q->place->endpoint->mirror) {
		code = ask_elsewhere(q, &why, err);
	} else if (failure == NULL && code != ERR_OK) {
		*err = why;
	}
	return code == ERR_OK ? answered(q->discovery, err) : code;
}

/* Everything that there is to ask one place. */
static enum err_code ask_all(struct discovery *d, struct place *place, struct err *err)
{
	enum err_code code = ask_api(d, place, err);

	if (code == ERR_OK)
		code = ask_tag(d, place, LINK_SUBJECT, err);
	if (code == ERR_OK)
		code = ask_tag(d, place, LINK_SIG, err);
	if (code == ERR_OK)
		code = ask_tag(d, place, LINK_ATT, err);
	return code == ERR_OK ? ask_tag(d, place, LINK_SBOM, err) : code;
}

/* Home, and mirrors that are said to know of referrers: what any of them has is there. */
static enum err_code ask_places(struct discovery *d, struct err *err)
{
	struct repository *p = d->repository;
	struct place *home = repository_home(p);
	enum err_code code = home != NULL ? ask_all(d, home, err) : repository_no_place(p, PLACE_CONTENT, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < p->endpoints.len; i++) {
		struct place *place = &p->places[i];

		if (place != home && place->endpoint->mirror && place->endpoint->referrers && !place_is_out(place))
			code = ask_all(d, place, err);
	}
	return code;
}

/* The first question is this function's own, so that answers to the others do not end the discovery before all are
 * asked. */
static enum err_code begin(struct discovery *d, struct err *err)
{
	enum err_code code;

	d->open = 1;
	code = ask_places(d, err);
	return code == ERR_OK ? answered(d, err) : code;
}

static enum err_code begin_held(struct repository *p, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && p->held != NULL) {
		struct discovery *d = p->held;

		discovery_unlink(d);
		discovery_push(&p->discoveries, d);
		code = begin(d, err);
	}
	return code;
}

static enum err_code on_tags(void *ctx, const char *const *tags, size_t len, struct err *err)
{
	struct repository *p = ctx;
	enum err_code code = tag_index_learn(&p->tag_index, tags, len, err);

	return code == ERR_OK ? begin_held(p, err) : code;
}

/* Not every registry lists its tags: then every tag is asked for. */
static enum err_code on_no_tags(void *ctx, const struct err *why, struct err *err)
{
	struct repository *p = ctx;

	(void)why;
	tag_index_give_up(&p->tag_index);
	return begin_held(p, err);
}

enum err_code discovery_start(struct repository *p, const struct digest *subject, source_referrers_fn *done, void *ctx,
			      struct err *err)
{
	const struct tags_asker asker = {
		.done = on_tags, .failed = on_no_tags, .ctx = p, .pages_max = TAG_INDEX_PAGES
	};
	struct discovery *d = calloc(1, sizeof(*d));
	bool due = tag_index_is_due(&p->tag_index);

	if (d == NULL)
		return err_nomem(err);
	*d = (struct discovery){ .repository = p, .subject = *subject, .done = done, .ctx = ctx };
	if (p->tag_index.state != TAG_INDEX_ASKED) {
		discovery_push(&p->discoveries, d);
		return begin(d, err);
	}
	discovery_push(&p->held, d);
	return due ? tags_start(p, &asker, err) : ERR_OK;
}

enum err_code discovery_ask_api(struct repository *p, const struct digest *subject, source_referrers_fn *done,
				void *ctx, struct err *err)
{
	struct discovery *d = calloc(1, sizeof(*d));
	struct place *home = repository_home(p);
	enum err_code code;

	if (d == NULL)
		return err_nomem(err);
	*d = (struct discovery){
		.repository = p, .subject = *subject, .done = done, .ctx = ctx, .api_only = true, .open = 1
	};
	discovery_push(&p->discoveries, d);
	code = home != NULL ? ask_api(d, home, err) : repository_no_place(p, PLACE_CONTENT, err);
	return code == ERR_OK ? answered(d, err) : code;
}
