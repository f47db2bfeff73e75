/* The part of docker_choice.h that writes index.json for the daemon. */
#include "bundles/index.h"
#include "common/js.h"
#include "import/docker_choice.h"

/* How a daemon reads it: depth first, in order.  At an index it notes all referrers that the index lists, and then
 * labels what it lists with what it has noted for each.  An inline attestation pushes aside what was noted for its
 * image manifest before, so that referrers of such a manifest are listed after the images, in an index of their own,
 * together with the manifest, which is then labelled again.  The same way an image whose name is right already is
 * walked without being named a second time.  Such an index carries the annotation of a referrer, or it would become an
 * untagged image; nothing refers to it afterwards and the daemon collects it. */

static void begin_index(struct js_out *o, struct outstream *to)
{
	js_out_init(o, to, false);
	js_begin(o, '{');
	js_member_uint(o, "schemaVersion", 2);
	js_member(o, "mediaType", TYPE_OCI_INDEX);
	js_key(o, "manifests");
	js_begin(o, '[');
}

static enum err_code end_index(struct js_out *o, struct err *err)
{
	js_end(o, ']');
	js_end(o, '}');
	return js_end_document(o, err);
}

static void put_subject(struct js_out *o, const char *subject)
{
	js_key(o, "annotations");
	js_begin(o, '{');
	js_member(o, ANNOTATION_SUBJECT, subject);
	js_end(o, '}');
	js_end(o, '}');
}

/* The subject of an extra index must be one that the daemon never meets, or it would walk in a circle: no manifest has
 * the digest of nothing. */
#define NO_SUBJECT "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static enum err_code put_extra(struct js_out *o, const struct buf *extra, struct err *err)
{
	struct node n = { .media_type = TYPE_OCI_INDEX, .size_bytes = extra->len };
	enum err_code code;

	if (extra->len == 0)
		return ERR_OK;
	code = digest_of(extra->data, extra->len, NULL, &n.digest, err);
	index_begin_entry(o, &n);
	put_subject(o, NO_SUBJECT);
	return code;
}

/* A daemon that takes no referrers knows no other way than to name the image again. */
static bool walks_only(const struct docker_choice *c, size_t image)
{
	return c->referrers && docker_choice_named(c, image);
}

static enum err_code write_walked(const struct docker_choice *c, struct buf *extra, struct err *err)
{
	const struct graph *g = &c->plan->graph;
	struct buf_stage to;
	struct js_out o;
	enum err_code code;
	size_t count = 0, i;

	buf_stage_init(&to, extra);
	begin_index(&o, &to.out);
	for (i = 0; i < g->images_len; i++) {
		if (!c->sends[i] || !walks_only(c, i))
			continue;
		index_begin_entry(&o, &g->nodes[g->images[i].root]);
		js_end(&o, '}');
		count++;
	}
	code = end_index(&o, err);
	if (count == 0)
		buf_clear(extra);
	return code;
}

/* Links of one subject stand together, those of BuildKit last. */
static bool has_inline(const struct link *links, size_t len)
{
	return links[len - 1].kind == LINK_BUILDKIT;
}

/* Every referrer of the subjects that have an inline attestation, or of those that have none. */
static size_t put_referrers(struct js_out *o, const struct docker_choice *c, bool of_inline)
{
	const struct graph *g = &c->plan->graph;
	const struct link *links;
	size_t count = 0, len, i, j;

	for (i = 0; i < g->links_len; i += len) {
		const struct node *subject = &g->nodes[g->links[i].subject];
		size_t before = count;

		len = graph_links_of(g, g->links[i].subject, &links);
		for (j = 0; j < len && has_inline(links, len) == of_inline; j++) {
			if (!docker_choice_ties(c, &links[j]))
				continue;
			index_begin_entry(o, &g->nodes[links[j].referrer]);
			js_member(o, "artifactType", g->nodes[links[j].referrer].artifact_type);
			put_subject(o, subject->digest.text);
			count++;
		}
		if (of_inline && count > before) {
			index_begin_entry(o, subject);
			js_end(o, '}');
		}
	}
	return count;
}

static enum err_code write_inline(const struct docker_choice *c, struct buf *extra, struct err *err)
{
	struct buf_stage to;
	struct js_out o;
	enum err_code code;
	size_t count;

	buf_stage_init(&to, extra);
	begin_index(&o, &to.out);
	count = put_referrers(&o, c, true);
	code = end_index(&o, err);
	if (count == 0)
		buf_clear(extra);
	return code;
}

enum err_code docker_index_write(const struct docker_choice *c, struct buf extra[DOCKER_EXTRA], struct outstream *out,
				 struct err *err)
{
	const struct graph *g = &c->plan->graph;
	enum err_code code = write_walked(c, &extra[0], err);
	struct js_out o;
	size_t i;

	if (code == ERR_OK)
		code = write_inline(c, &extra[1], err);
	if (code != ERR_OK)
		return code;
	begin_index(&o, out);
	for (i = 0; i < g->images_len; i++) {
		if (c->sends[i] && !walks_only(c, i))
			index_put_image(&o, g, &g->images[i]);
	}
	code = put_extra(&o, &extra[0], err);
	put_referrers(&o, c, false);
	if (code == ERR_OK)
		code = put_extra(&o, &extra[1], err);
	return code == ERR_OK ? end_index(&o, err) : code;
}
