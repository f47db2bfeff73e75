/* The part of push.h that sees to it that who asks for referrers finds them. */
#include <string.h>

#include "common/discovery.h"
#include "common/limits.h"
#include "common/manifest_put.h"
#include "common/mem.h"
#include "import/push.h"

#define WRITES_MAX 3 /* others may write the same tag at the same time */

/* Who refers to a subject by its own word, and is there. */
static bool is_due(const struct push *p, const struct push_subject *s, const struct link *link)
{
	const struct push_item *item = push_item_of(p, link->referrer, s->repository);

	return link->kind == LINK_SUBJECT && item != NULL && item->wanted && item->state != PUSH_LACKS;
}

static bool is_listed(const struct source_referrer *list, size_t len, const struct digest *digest)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (digest_equal(&list[i].descriptor.digest, digest))
			return true;
	}
	return false;
}

/* True where the list has all of them.  Those that it lacks are sent again: a registry that learned about referrers
 * later than it got them knows them then. */
static bool check_listed(struct push *p, const struct push_subject *s, const struct source_referrer *list, size_t len)
{
	const struct link *links;
	size_t links_len = graph_links_of(&p->plan->graph, s->node, &links), i;
	bool all = true;

	for (i = 0; i < links_len; i++) {
		if (!is_due(p, s, &links[i]) || is_listed(list, len, &p->plan->graph.nodes[links[i].referrer].digest))
			continue;
		push_item_of(p, links[i].referrer, s->repository)->state = PUSH_LACKS;
		all = false;
	}
	return all;
}

static bool has_entry(const struct json_t *entries, const struct digest *digest)
{
	size_t i;

	for (i = 0; i < js_len(entries); i++) {
		const char *text = js_string(js_at(entries, i), "digest");

		if (text != NULL && strcmp(text, digest->text) == 0)
			return true;
	}
	return false;
}

/* Type and annotations are the manifest's own. */
static enum err_code put_entry(struct js_out *o, const struct push *p, uint32_t node, struct err *err)
{
	const struct node *n = &p->plan->graph.nodes[node];
	CLEANUP(buf_release) struct buf bytes = { 0 };
	CLEANUP(manifest_release) struct manifest m = { 0 };
	enum err_code code = push_read_manifest(p, node, &bytes, err);

	if (code == ERR_OK)
		code = manifest_parse(buf_text(&bytes), bytes.len, n->media_type, n->digest.text, &m, err);
	if (code != ERR_OK)
		return code;
	js_begin(o, '{');
	js_member(o, "mediaType", n->media_type);
	js_member(o, "digest", n->digest.text);
	js_member_uint(o, "size", n->size_bytes);
	js_member(o, "artifactType", m.artifact_type);
	if (m.annotations != NULL) {
		js_key(o, "annotations");
		js_put_value(o, m.annotations);
	}
	js_end(o, '}');
	return ERR_OK;
}

/* What the list has, and behind it what it lacks. */
static enum err_code put_entries(struct js_out *o, const struct push *p, const struct push_subject *s,
				 const struct json_t *old, size_t *ret_added, struct err *err)
{
	const struct link *links;
	size_t len = graph_links_of(&p->plan->graph, s->node, &links), i;
	enum err_code code = ERR_OK;

	js_begin(o, '[');
	for (i = 0; i < js_len(old); i++)
		js_put_value(o, js_at(old, i));
	for (i = 0; code == ERR_OK && i < len; i++) {
		if (!is_due(p, s, &links[i]) || has_entry(old, &p->plan->graph.nodes[links[i].referrer].digest))
			continue;
		code = put_entry(o, p, links[i].referrer, err);
		(*ret_added)++;
	}
	js_end(o, ']');
	return code;
}

/* The index under the fallback tag, with everything that is due: what others wrote stays. */
static enum err_code merge(const struct push *p, const struct push_subject *s, const struct json_t *old,
			   struct buf *out, size_t *ret_added, struct err *err)
{
	struct buf_stage stage;
	struct js_out o;
	const char *key;
	enum err_code code;

	buf_stage_init(&stage, out);
	js_out_init(&o, &stage.out, false);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 2);
	js_member(&o, "mediaType", TYPE_OCI_INDEX);
	js_key(&o, "manifests");
	code = put_entries(&o, p, s, old != NULL ? js_array(old, "manifests") : NULL, ret_added, err);
	for (key = old != NULL ? js_next(old, NULL) : NULL; key != NULL; key = js_next(old, key)) {
		if (strcmp(key, "schemaVersion") == 0 || strcmp(key, "mediaType") == 0 || strcmp(key, "manifests") == 0)
			continue;
		js_key(&o, key);
		js_put_value(&o, js_get(old, key));
	}
	js_end(&o, '}');
	return code == ERR_OK ? js_end_document(&o, err) : code;
}

static enum err_code ask_fallback(struct push_slot *slot, struct err *err);

static enum err_code on_written(void *ctx, const struct err *refused, struct err *err)
{
	struct push_slot *slot = ctx;

	if (refused == NULL)
		return ask_fallback(slot, err); /* another may have written at the same time: look again */
	*err = *refused;
	return err_add(err, "list of referrers");
}

static enum err_code write_fallback(struct push_slot *slot, const struct buf *index, const char *tag, struct err *err)
{
	struct push *p = slot->push;
	struct push_subject *s = &p->subjects[slot->at];
	struct manifest_put put = {
		.which = tag,
		.media_type = TYPE_OCI_INDEX,
		.bytes = buf_text(index),
		.len = index->len,
		.done = on_written,
		.ctx = slot,
	};
	enum err_code code = digest_of(buf_text(index), index->len, NULL, &put.digest, err);

	if (code != ERR_OK)
		return code;
	if (s->writes++ == WRITES_MAX)
		return err_set(
			err, ERR_PARTIAL,
			"%s:%s: the registry took the list of referrers %d times, and does not have it: run again",
			p->repositories[s->repository].name, tag, WRITES_MAX);
	return manifest_put_start(repository_of(p->repositories[s->repository].source), &put, err);
}

static enum err_code read_fallback(const struct push *p, const struct push_subject *s, const char *tag,
				   const struct source_manifest *m, struct json_t **ret_old, struct err *err)
{
	CLEANUP(manifest_release) struct manifest read = { 0 };
	struct err why = { 0 };

	if (m->bytes == NULL)
		return ERR_OK;
	if (manifest_parse(m->bytes, m->len, NULL, tag, &read, &why) != ERR_OK || read.kind != MANIFEST_INDEX)
		return err_set(
			err, ERR_CONFLICT,
			"%s:%s should be the list of what refers to an image, and is no index: it is left as it is, "
			"and what refers to the image cannot be found there; remove that tag, or choose another "
			"repository",
			p->repositories[s->repository].name, tag);
	return js_read(m->bytes, m->len, tag, ret_old, err); /* what a manifest keeps of its JSON has no lists */
}

static enum err_code on_fallback(void *ctx, const struct source_manifest *m, struct err *err)
{
	struct push_slot *slot = ctx;
	struct push *p = slot->push;
	const struct push_subject *s = &p->subjects[slot->at];
	CLEANUP(js_free_ptr) struct json_t *old = NULL;
	CLEANUP(buf_release) struct buf index;
	char tag[DISCOVERY_TAG_SIZE];
	size_t added = 0;
	enum err_code code;

	buf_init(&index, LIMIT_MANIFEST_BYTES);
	discovery_tag(&p->plan->graph.nodes[s->node].digest, LINK_SUBJECT, tag);
	code = read_fallback(p, s, tag, m, &old, err);
	if (code == ERR_OK)
		code = merge(p, s, old, &index, &added, err);
	if (code != ERR_OK)
		return code;
	return added > 0 ? write_fallback(slot, &index, tag, err) : push_next(slot, err);
}

static enum err_code ask_fallback(struct push_slot *slot, struct err *err)
{
	struct push *p = slot->push;
	const struct push_subject *s = &p->subjects[slot->at];
	const struct push_repository *r = &p->repositories[s->repository];
	char tag[DISCOVERY_TAG_SIZE];
	struct reference ref = { .domain = r->ref.domain, .path = r->ref.path, .tag = tag };

	discovery_tag(&p->plan->graph.nodes[s->node].digest, LINK_SUBJECT, tag);
	return r->source->resolve(r->source, &ref, on_fallback, slot, err);
}

static enum err_code on_listed(void *ctx, const struct source_referrer *list, size_t len, struct err *err)
{
	struct push_slot *slot = ctx;
	struct push_subject *s = &slot->push->subjects[slot->at];

	if (list == NULL)
		return ask_fallback(slot, err);
	s->unlisted = !check_listed(slot->push, s, list, len);
	return push_next(slot, err);
}

static enum err_code ask_subject(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	const struct push_subject *s = &p->subjects[slot->at];

	*ret_started = true;
	return discovery_ask_api(repository_of(p->repositories[s->repository].source),
				 &p->plan->graph.nodes[s->node].digest, on_listed, slot, err);
}

static const struct push_subject *find_unlisted(const struct push *p)
{
	size_t i;

	for (i = 0; i < p->subjects_len; i++) {
		if (p->subjects[i].unlisted)
			return &p->subjects[i];
	}
	return NULL;
}

enum err_code push_referrers(struct push *p, struct err *err)
{
	const struct push_subject *s;
	enum err_code code = push_run(p, ask_subject, p->subjects_len, 2 * p->jobs, err);

	if (code != ERR_OK || find_unlisted(p) == NULL)
		return code;
	code = push_manifests(p, err);
	if (code == ERR_OK)
		code = push_run(p, ask_subject, p->subjects_len, 2 * p->jobs, err);
	s = code == ERR_OK ? find_unlisted(p) : NULL;
	if (s == NULL)
		return code;
	return err_set(
		err, ERR_PARTIAL,
		"%s: the registry has what refers to %s, and does not list all of it: no name was published; run "
		"again",
		p->repositories[s->repository].name, p->plan->graph.nodes[s->node].digest.text);
}
