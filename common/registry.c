#include "common/registry.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/discovery.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/presence.h"
#include "common/repository.h"
#include "common/tags.h"
#include "common/text.h"

#define RANGE_TEXT_MAX 48

/* Fetching one manifest or one blob. */
struct fetch {
	struct request request;
	struct repository *repository;
	struct buf body;          /* a manifest, or what an error says of itself */
	struct descriptor wanted; /* media_type is owned here; "" digest while a tag is resolved */
	bool has_size;            /* a descriptor was asked for, and no name */
	char *media_type;
	source_manifest_fn *manifest_done;
	source_blob_fn *blob_done;
	void *ctx;
	/* of a blob */
	struct range_stage part;        /* what is wanted of an answer that has all of it */
	uint64_t at_bytes;              /* the first byte that has not yet come */
	uint64_t from_bytes, end_bytes; /* what this try asks for */
	char range[RANGE_TEXT_MAX];     /* "bytes=5-" or "bytes=5-8"; "" where all of it is asked for */
};

static void fetch_release(struct request *r)
{
	struct fetch *f = OUTER_OF(r, struct fetch, request);

	buf_release(&f->body);
	free(f->media_type);
	free(f);
}

static enum err_code fetch_new(struct repository *p, const struct descriptor *wanted, void *ctx,
			       struct fetch **ret_fetch, struct err *err)
{
	struct fetch *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return err_nomem(err);
	buf_init(&f->body, LIMIT_MANIFEST_BYTES);
	f->repository = p;
	f->ctx = ctx;
	f->request.release = fetch_release;
	f->request.accept = REPOSITORY_ACCEPT;
	if (wanted != NULL) {
		f->wanted = *wanted;
		f->has_size = true;
		if (str_copy(wanted->media_type, &f->media_type, err) != ERR_OK) {
			free(f);
			return ERR_NOMEM;
		}
		f->wanted.media_type = f->media_type;
		f->wanted.annotations = NULL;
		f->wanted.artifact_type = NULL;
	}
	*ret_fetch = f;
	return ERR_OK;
}

static enum err_code fetch_start(struct fetch *f, const char *kind, const char *which, struct err *err)
{
	enum err_code code = repository_url(f->repository, kind, which, &f->request.url, err);

	if (code == ERR_OK)
		return access_start(f->repository->access, &f->request, err);
	fetch_release(&f->request);
	return code;
}

static enum err_code on_manifest_body(struct request *r, const void *bytes, size_t len, struct err *err)
{
	struct fetch *f = OUTER_OF(r, struct fetch, request);

	if (buf_add(&f->body, bytes, len, err) != ERR_OK)
		return err_add(err, "%s: manifest", r->url);
	return ERR_OK;
}

static enum err_code on_manifest_again(struct request *r, struct err *err)
{
	(void)err;
	buf_clear(&OUTER_OF(r, struct fetch, request)->body);
	return ERR_OK;
}

/* Prove the bytes: against the digest that was asked for, or, under a tag, against the one that came with them. */
static enum err_code prove_manifest(struct fetch *f, struct source_manifest *m, struct err *err)
{
	enum err_code code;

	if (f->wanted.digest.text[0] == '\0')
		return repository_digest(&f->request, m->bytes, m->len, &m->digest, err);
	code = digest_check(m->bytes, m->len, &f->wanted.digest, f->has_size ? f->wanted.size_bytes : m->len, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", f->request.url);
}

static enum err_code on_manifest_done(struct request *r, struct err *failure, struct err *err)
{
	struct fetch *f = OUTER_OF(r, struct fetch, request);
	char type[LIMIT_TEXT_BYTES];
	struct source_manifest m = {
		.bytes = buf_text(&f->body),
		.len = f->body.len,
		.media_type = f->media_type,
		.digest = f->wanted.digest,
	};
	enum err_code code = ERR_OK;

	if (failure != NULL) {
		*err = *failure;
		return err->code;
	}
	if (r->call.status == 404)
		m.bytes = NULL;
	else if (r->call.status != 200)
		return repository_refused(r, buf_text(&f->body), err);
	else
		code = prove_manifest(f, &m, err);
	if (m.media_type == NULL)
		m.media_type = http_header(&r->call, "Content-Type", 0, type, sizeof(type));
	return code == ERR_OK ? f->manifest_done(f->ctx, &m, err) : code;
}

static enum err_code registry_resolve(struct source *s, const struct reference *ref, source_manifest_fn *done,
				      void *ctx, struct err *err)
{
	struct repository *p = OUTER_OF(s, struct repository, source);
	bool by_tag = ref->digest.text[0] == '\0';
	struct fetch *f = NULL;
	enum err_code code = by_tag ? tag_index_want(&p->tag_index, ref->tag, err) : ERR_OK;

	if (code == ERR_OK)
		code = fetch_new(p, NULL, ctx, &f, err);
	if (code != ERR_OK)
		return code;
	f->wanted.digest = ref->digest;
	f->manifest_done = done;
	f->request.on_body = on_manifest_body;
	f->request.on_again = on_manifest_again;
	f->request.on_done = on_manifest_done;
	return fetch_start(f, "manifests", by_tag ? ref->tag : ref->digest.text, err);
}

static enum err_code registry_manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done,
				       void *ctx, struct err *err)
{
	struct repository *p = OUTER_OF(s, struct repository, source);
	struct fetch *f = NULL;
	enum err_code code = fetch_new(p, d, ctx, &f, err);

	if (code != ERR_OK)
		return code;
	f->manifest_done = done;
	f->request.on_body = on_manifest_body;
	f->request.on_again = on_manifest_again;
	f->request.on_done = on_manifest_done;
	return fetch_start(f, "manifests", d->digest.text, err);
}

/* A decimal number and the character after it.  Returns what follows, NULL where it is another. */
static const char *read_number(const char *text, char end, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return NULL;
	}
	*ret_value = value;
	return *text == end ? text + (end != '\0') : NULL;
}

/* "bytes 5-9/10", or with a * where the length is not said: all that was asked for, and nothing else. */
static bool is_range(const char *text, const struct fetch *f)
{
	uint64_t first = 0, last = 0, size = f->wanted.size_bytes;

	if (strncasecmp(text, "bytes ", 6) != 0)
		return false;
	text = read_number(text + 6, '-', &first);
	if (text != NULL)
		text = read_number(text, '/', &last);
	if (text != NULL && strcmp(text, "*") != 0)
		text = read_number(text, '\0', &size);
	return text != NULL && first == f->from_bytes && last == f->end_bytes - 1 && size == f->wanted.size_bytes;
}

/* The first answer to a range has everything.  Then that is what is taken: nothing of this blob was asked for twice. */
static enum err_code no_ranges(struct fetch *f)
{
	f->repository->source.ranges = SOURCE_RANGES_NONE;
	f->part.take_bytes = UINT64_MAX;
	f->end_bytes = f->wanted.size_bytes;
	return ERR_OK;
}

/* Which bytes are coming?  A registry may ignore the range and send everything. */
static enum err_code on_blob_head(struct request *r, struct err *err)
{
	struct fetch *f = OUTER_OF(r, struct fetch, request);
	enum source_ranges *ranges = &f->repository->source.ranges;
	char said[LIMIT_TEXT_BYTES];

	if (f->range[0] == '\0')
		return ERR_OK;
	if (r->call.status == 200 && *ranges != SOURCE_RANGES_ANY)
		return no_ranges(f);
	if (r->call.status != 206)
		return ERR_OK;
	if (http_header(&r->call, "Content-Range", 0, said, sizeof(said)) == NULL)
		strcpy(said, "nothing");
	if (!is_range(said, f))
		return err_set(err, ERR_REFUSED,
			       "GET %s: asked for %s of %" PRIu64 " bytes, and the registry says that it sends %.200s",
			       r->url, f->range, f->wanted.size_bytes, said);
	f->part.skip_bytes = f->at_bytes - f->from_bytes;
	*ranges = SOURCE_RANGES_ANY;
	return ERR_OK;
}

static bool is_content(const struct fetch *f)
{
	int status = f->request.call.status;

	return status == 200 || (status == 206 && f->range[0] != '\0');
}

/* Part of the content goes where it is wanted; what has gone there need not come again. */
static enum err_code push(struct fetch *f, const void *bytes, size_t len, struct err *err)
{
	uint64_t left_bytes = f->part.take_bytes, came_bytes;
	enum err_code code = outstream_write(&f->part.out, bytes, len, err);

	if (code != ERR_OK)
		return err_add(err, "%s", f->request.url);
	came_bytes = left_bytes - f->part.take_bytes;
	f->at_bytes += came_bytes;
	f->request.call.kept_bytes += came_bytes;
	return ERR_OK;
}

static enum err_code on_blob_body(struct request *r, const void *bytes, size_t len, struct err *err)
{
	struct fetch *f = OUTER_OF(r, struct fetch, request);

	if (is_content(f))
		return push(f, bytes, len, err);
	/* what an error says of itself: more than fits is not worth keeping */
	buf_add(&f->body, bytes, len < LIMIT_TEXT_BYTES - f->body.len ? len : LIMIT_TEXT_BYTES - f->body.len, NULL);
	return ERR_OK;
}

static void set_range(struct fetch *f)
{
	if (f->end_bytes < f->wanted.size_bytes)
		snprintf(f->range, sizeof(f->range), "bytes=%" PRIu64 "-%" PRIu64, f->from_bytes, f->end_bytes - 1);
	else if (f->from_bytes > 0)
		snprintf(f->range, sizeof(f->range), "bytes=%" PRIu64 "-", f->from_bytes);
	f->request.range = f->range[0] != '\0' ? f->range : NULL;
}

/* Go on where it broke off, at the registry's own URL: the place that it redirected to may no longer answer.  Where
 * only the end of the answer was missing, the last byte comes again, so that there is something to ask for. */
static enum err_code on_blob_again(struct request *r, struct err *err)
{
	struct fetch *f = OUTER_OF(r, struct fetch, request);

	(void)err;
	buf_clear(&f->body);
	f->part.skip_bytes = f->at_bytes;
	if (f->at_bytes > f->from_bytes)
		f->from_bytes = f->at_bytes < f->end_bytes ? f->at_bytes : f->end_bytes - 1;
	set_range(f);
	r->call.range = r->range;
	return ERR_OK;
}

static enum err_code on_blob_done(struct request *r, struct err *failure, struct err *err)
{
	struct fetch *f = OUTER_OF(r, struct fetch, request);

	if (failure != NULL) {
		*err = *failure;
		return err->code;
	}
	if (r->call.status == 416 && f->range[0] != '\0')
		return err_set(err, ERR_REFUSED,
			       "GET %s: asked for %s of %" PRIu64 " bytes, and the registry has none there (416)",
			       r->url, f->range, f->wanted.size_bytes);
	if (r->call.status == 404)
		return f->blob_done(f->ctx, false, err);
	if (!is_content(f))
		return repository_refused(r, buf_text(&f->body), err);
	if (outstream_finish(&f->part.out, err) != ERR_OK)
		return err_add(err, "%s", r->url);
	return f->blob_done(f->ctx, true, err);
}

static enum err_code registry_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes,
				   uint64_t end_bytes, struct outstream *out, source_blob_fn *done, void *ctx,
				   struct err *err)
{
	struct repository *p = OUTER_OF(s, struct repository, source);
	struct fetch *f = NULL;
	enum err_code code = fetch_new(p, d, ctx, &f, err);

	if (code != ERR_OK)
		return code;
	range_stage_init(&f->part, from_bytes, end_bytes, d->size_bytes, out);
	f->from_bytes = f->at_bytes = from_bytes;
	f->end_bytes = end_bytes;
	f->blob_done = done;
	f->request.accept = NULL;
	f->request.alone = true;
	set_range(f);
	f->request.on_head = on_blob_head;
	f->request.on_body = on_blob_body;
	f->request.on_again = on_blob_again;
	f->request.on_done = on_blob_done;
	return fetch_start(f, "blobs", d->digest.text, err);
}

static enum err_code registry_referrers(struct source *s, const struct digest *subject, source_referrers_fn *done,
					void *ctx, struct err *err)
{
	return discovery_start(OUTER_OF(s, struct repository, source), subject, done, ctx, err);
}

static enum err_code registry_tags(struct source *s, source_tags_fn *done, void *ctx, struct err *err)
{
	const struct tags_asker asker = { .done = done, .ctx = ctx, .pages_max = LIMIT_PAGES };

	return tags_start(OUTER_OF(s, struct repository, source), &asker, err);
}

static enum err_code registry_has(struct source *s, const struct descriptor *d, source_has_fn *done, void *ctx,
				  struct err *err)
{
	return presence_start(OUTER_OF(s, struct repository, source), &d->digest, done, ctx, err);
}

static void registry_free(struct source *s)
{
	struct repository *p = OUTER_OF(s, struct repository, source);

	access_free(p->access);
	discovery_free_all(p);
	tag_index_release(&p->tag_index);
	free(p->base);
	free(p->path);
	free(p->name);
	free(p);
}

static bool is_loopback(const char *host)
{
	char name[INET_ADDRSTRLEN];
	struct in_addr address;
	size_t len = strcspn(host, ":");

	if (text_starts(host, "[::1]") || (len == 9 && text_starts(host, "localhost")))
		return true;
	if (len >= sizeof(name))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	/* the address, and not a name that begins like one */
	return inet_pton(AF_INET, name, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

enum err_code registry_new(struct http *http, const struct reference *ref, const struct registry_options *options,
			   struct source **ret_source, struct err *err)
{
	const char *host = strcmp(ref->domain, "docker.io") == 0 ? "registry-1.docker.io" : ref->domain;
	bool plain = options->plain_http || is_loopback(host);
	struct repository *p = calloc(1, sizeof(*p));
	enum err_code code;

	if (p == NULL)
		return err_nomem(err);
	p->source = (struct source){
		.ranges = SOURCE_RANGES_UNKNOWN,
		.resolve = registry_resolve,
		.manifest = registry_manifest,
		.referrers = registry_referrers,
		.blob = registry_blob,
		.tags = registry_tags,
		.has = registry_has,
		.free = registry_free,
	};
	code = str_format(&p->base, err, "%s://%s", plain ? "http" : "https", host);
	if (code == ERR_OK)
		code = str_copy(ref->path, &p->path, err);
	if (code == ERR_OK)
		code = reference_repository(ref, &p->name, err);
	if (code == ERR_OK)
		code = access_new(http, options->tokens, p->base, ref->domain, p->path, &p->access, err);
	if (code != ERR_OK) {
		registry_free(&p->source);
		return code;
	}
	*ret_source = &p->source;
	return ERR_OK;
}
