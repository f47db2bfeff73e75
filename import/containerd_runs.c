#include "import/containerd_runs.h"

#include "common/intern.h"
#include "common/limits.h"
#include "common/mem.h"

static bool is_no_matter(enum err_code code)
{
	return code == ERR_NOT_FOUND || code == ERR_FORMAT || code == ERR_UNSUPPORTED || code == ERR_LIMIT;
}

/* An image that is unpacked runs without its layers, which the CRI plugin may be told to throw away then. */
static enum err_code has_all(struct containerd *c, const struct manifest *m, bool *ret_all, struct err *err)
{
	struct containerd_content content = { 0 };
	enum err_code code = m->has_config ? containerd_content(c, &m->config.digest, &content, err) : ERR_OK;
	bool unpacked = content.unpacked;
	size_t i;

	*ret_all = code == ERR_OK && content.there;
	containerd_content_release(&content);
	for (i = 0; code == ERR_OK && *ret_all && !unpacked && i < m->items_len; i++) {
		content = (struct containerd_content){ 0 };
		code = containerd_content(c, &m->items[i].digest, &content, err);
		*ret_all = code == ERR_OK && content.there;
		containerd_content_release(&content);
	}
	return code;
}

/* One search under way. */
struct search {
	struct containerd *c;
	struct plan *plan;
	size_t image;
	struct intern seen; /* what was read: indexes may list the same again and again */
	struct intern runs; /* the manifests of that that run */
};

static void search_release(struct search *s)
{
	intern_release(&s->seen);
	intern_release(&s->runs);
}

/* Where a manifest stands: its platform as its index tells it, and how many indexes lead there. */
struct place {
	const struct digest *digest;
	const char *platform;
	unsigned depth;
};

static enum err_code look(struct search *s, const struct place *p, struct err *err);

static enum err_code look_at_items(struct search *s, const struct manifest *m, unsigned depth, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && depth < CONTAINERD_INDEX_DEPTH && i < m->items_len; i++) {
		const struct descriptor *d = &m->items[i];
		char text[PLATFORM_TEXT_MAX] = "";
		struct place child = { &d->digest, text, depth + 1 };
		struct platform platform;

		if (descriptor_is_attestation(d))
			continue;
		if (descriptor_platform(d, &platform))
			platform_format(&platform, text);
		code = look(s, &child, err);
	}
	return code;
}

static enum err_code look_at_manifest(struct search *s, const struct place *p, const struct manifest *m,
				      struct err *err)
{
	const char *kept;
	bool runs = false;
	enum err_code code = has_all(s->c, m, &runs, err);

	if (code != ERR_OK || !runs)
		return code;
	code = intern_text(&s->runs, p->digest->text, &kept, err);
	return code == ERR_OK ? plan_add_run(s->plan, s->image, p->digest, p->platform, err) : code;
}

static enum err_code look_at_new(struct search *s, const struct place *p, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes;
	CLEANUP(manifest_release) struct manifest m = { 0 };
	enum err_code code;

	buf_init(&bytes, LIMIT_MANIFEST_BYTES);
	code = containerd_read(s->c, p->digest, &bytes, err);
	if (code == ERR_OK)
		code = manifest_parse(bytes.data, bytes.len, NULL, p->digest->text, &m, err);
	if (code != ERR_OK)
		return is_no_matter(code) ? ERR_OK : code;
	return m.kind == MANIFEST_INDEX ? look_at_items(s, &m, p->depth, err) : look_at_manifest(s, p, &m, err);
}

/* A manifest may be listed for several platforms. */
static enum err_code look(struct search *s, const struct place *p, struct err *err)
{
	const char *kept;
	enum err_code code;

	if (intern_has(&s->runs, p->digest->text))
		return plan_add_run(s->plan, s->image, p->digest, p->platform, err);
	if (intern_has(&s->seen, p->digest->text))
		return ERR_OK;
	code = intern_text(&s->seen, p->digest->text, &kept, err);
	return code == ERR_OK ? look_at_new(s, p, err) : code;
}

enum err_code containerd_runs(struct containerd *c, struct plan *plan, size_t image, struct err *err)
{
	CLEANUP(search_release) struct search s = { .c = c, .plan = plan, .image = image };
	const struct place root = { &plan->images[image].was, "", 0 };

	return look(&s, &root, err);
}
