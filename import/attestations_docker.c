/* The way of bundle attestations to a Docker daemon. */
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/report.h"
#include "import/attestations.h"
#include "import/docker_attestations.h"
#include "import/docker_image.h"

struct asking {
	struct docker *docker;
	const struct attestations_query *query;
	struct docker_image image;
	size_t count;
};

static void asking_release(struct asking *a)
{
	docker_image_release(&a->image);
	docker_close(a->docker);
}

static enum err_code ask(const struct asking *a, const struct platform *platform, bool statements, struct buf *text,
			 struct err *err)
{
	struct docker_query q = {
		.name = a->query->name,
		.platform = platform,
		.types = a->query->types->items,
		.types_len = a->query->types->len,
		.statements = statements,
	};
	struct buf_stage out;

	buf_stage_init(&out, text);
	return docker_attestations_get(a->docker, &q, &out.out, err);
}

static enum err_code show_entry(struct asking *a, const char *platform, const struct json_t *entry, struct err *err)
{
	const struct json_t *d = js_object(entry, "Descriptor");
	const char *text = js_string(d, "digest");
	struct digest digest;
	uint64_t size_bytes = 0;
	struct js_out o;

	if (text == NULL || digest_parse(text, &digest, NULL) != ERR_OK || !js_uint(d, "size", &size_bytes))
		return err_set(err, ERR_FORMAT, "%s: answered with an attestation that has no descriptor",
			       a->docker->at->name);
	if (!a->query->statement) {
		attestations_row(&a->count, platform, js_string(entry, "PredicateType"), &digest, size_bytes);
		attestations_claims(js_object(entry, "Statement"));
		return ERR_OK;
	}
	a->count++;
	js_out_init(&o, report_stdout(), true);
	js_put_value(&o, js_get(entry, "Statement"));
	return js_end_document(&o, err);
}

/* For the table statements are asked for what they claim; where they are too large for that, the table does without. */
static enum err_code ask_all(const struct asking *a, const struct platform *platform, struct buf *text, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = ask(a, platform, true, text, &why);

	if (code != ERR_LIMIT || a->query->statement) {
		if (code != ERR_OK && err != NULL)
			*err = why;
		return code;
	}
	buf_clear(text);
	return ask(a, platform, false, text, err);
}

static enum err_code show_platform(struct asking *a, const struct platform *platform, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { 0 };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	char name[PLATFORM_TEXT_MAX];
	enum err_code code;
	size_t i;

	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	code = ask_all(a, platform, &text, err);
	if (code == ERR_OK)
		code = js_read_large(buf_text(&text), text.len, LIMIT_DESCRIPTION_VALUES, a->docker->at->name, &json,
				     err);
	for (i = 0; code == ERR_OK && i < js_len(json); i++)
		code = show_entry(a, platform_format(platform, name), js_at(json, i), err);
	return code;
}

/* Every platform of the image, or the one that was asked for.  One of which the daemon has not all may not be there at
 * all: its index lists it all the same. */
static enum err_code show_all(struct asking *a, struct err *err)
{
	enum err_code code = ERR_OK;
	struct platform p;
	size_t i;

	if (a->query->platform != NULL)
		return show_platform(a, a->query->platform, err);
	for (i = 0; code == ERR_OK && i < a->image.manifests_len; i++) {
		const struct docker_manifest *m = &a->image.manifests[i];

		if (!m->attestation && platform_parse(m->platform, &p, NULL) == ERR_OK)
			code = show_platform(a, &p, err);
		if (code == ERR_NOT_FOUND && !m->available)
			code = ERR_OK;
	}
	return code;
}

/* The daemon's own words. */
static enum err_code show_json(struct asking *a, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { 0 };
	enum err_code code;

	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	code = ask(a, a->query->platform, a->query->statement, &text, err);
	a->count = SIZE_MAX; /* whatever there is, it was said */
	return code == ERR_OK ? outstream_write(report_stdout(), buf_text(&text), text.len, err) : code;
}

static bool wants(const struct asking *a, const struct docker_manifest *subject)
{
	struct platform have;

	if (a->query->platform == NULL)
		return true;
	return subject != NULL && platform_parse(subject->platform, &have, NULL) == ERR_OK &&
	       platform_match(a->query->platform, &have);
}

/* A daemon that is too old for the API still lists the manifests that hold the attestations. */
static void show_manifests(struct asking *a)
{
	size_t i;

	for (i = 0; i < a->image.manifests_len; i++) {
		const struct docker_manifest *m = &a->image.manifests[i];
		const struct docker_manifest *subject = docker_image_find(&a->image, &m->subject);

		if (m->attestation && m->available && wants(a, subject))
			attestations_row(&a->count, subject != NULL ? subject->platform : NULL, NULL, &m->digest,
					 m->size_bytes);
	}
	fprintf(stderr,
		"%s attestations: Docker %s (Engine API 1.%u) keeps these attestation manifests, but does not say what "
		"is in them: that begins with API 1.%d; --from FILE or --from store does\n",
		OPT_PROGRAM, a->docker->version, a->docker->api, DOCKER_API_ATTESTATIONS);
}

enum err_code attestations_from_docker(const char *daemon, const struct attestations_query *q, size_t *ret_count,
				       struct err *err)
{
	CLEANUP(docker_endpoint_release) struct docker_endpoint at = { 0 };
	CLEANUP(asking_release) struct asking a = { .query = q };
	enum err_code code = docker_endpoint_find(daemon, &at, err);

	if (code == ERR_OK)
		code = docker_open(&at, &a.docker, err);
	if (code == ERR_OK)
		code = docker_require_store(a.docker, err);
	if (code == ERR_OK)
		code = docker_image_get(a.docker, q->name, &a.image, err);
	if (code == ERR_OK && a.image.digest.text[0] == '\0')
		code = err_set(err, ERR_NOT_FOUND, "%s: the daemon has no image %s", at.name, q->name);
	if (code != ERR_OK)
		return code;
	if (q->json)
		code = show_json(&a, err);
	else if (docker_gives_attestations(a.docker) || q->statement || q->types->len > 0)
		code = show_all(&a, err);
	else
		show_manifests(&a);
	*ret_count = a.count;
	return code;
}
