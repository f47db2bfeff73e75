/* The part of inventory.h that is about a containerd. */
#include <stdlib.h>
#include <string.h>

#include "common/intern.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"
#include "import/inventory.h"

#define DEPTH_MAX 3 /* an index, in an index at most, and manifests */

struct listing {
	struct containerd_image *images; /* owned */
	size_t len, cap;
};

static void listing_release(struct listing *l)
{
	size_t i;

	for (i = 0; i < l->len; i++)
		containerd_image_release(&l->images[i]);
	free(l->images);
}

/* Names that an export would give; the kubelet also has "sha256:…", and anybody anything. */
static bool is_full_name(const char *name)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *full = NULL;

	return reference_parse(name, &ref, NULL) == ERR_OK && reference_name(&ref, &full, NULL) == ERR_OK &&
	       strcmp(full, name) == 0;
}

static enum err_code keep_image(void *ctx, const struct containerd_image *image, struct err *err)
{
	struct listing *l = ctx;
	enum err_code code;

	if (!is_full_name(image->name))
		return ERR_OK;
	code = vec_grow(&l->images, &l->cap, l->len + 1, sizeof(*l->images), LIMIT_IMAGES, err);
	if (code != ERR_OK)
		return code;
	l->images[l->len] = (struct containerd_image){ .target = image->target };
	code = str_copy(image->name, &l->images[l->len].name, err);
	l->len += code == ERR_OK;
	return code;
}

/* One image under way. */
struct visit {
	struct containerd *c;
	const char *image;
	struct holdings *holdings;
	struct intern seen; /* manifests and indexes: an index may list the same again and again */
};

static void visit_release(struct visit *v)
{
	intern_release(&v->seen);
}

static enum err_code add_layer(struct visit *v, const struct digest *layer, const struct digest *manifest,
			       struct err *err)
{
	CLEANUP(containerd_content_release) struct containerd_content content = { 0 };
	enum err_code code = containerd_content(v->c, layer, &content, err);
	struct held_blob held = {
		.digest = *layer,
		.size_bytes = content.size_bytes,
		.holder = { .image = v->image, .manifest = manifest->text },
	};

	return code == ERR_OK && content.there ? holdings_add(v->holdings, &v->holdings->layers, &held, err) : code;
}

static enum err_code add_layers(struct visit *v, const struct digest *manifest, unsigned depth, struct err *err);

static enum err_code add_child(struct visit *v, const struct digest *manifest, unsigned depth, struct err *err)
{
	const char *kept;
	enum err_code code;

	if (depth > DEPTH_MAX || intern_has(&v->seen, manifest->text))
		return ERR_OK;
	code = intern_text(&v->seen, manifest->text, &kept, err);
	return code == ERR_OK ? add_layers(v, manifest, depth, err) : code;
}

/* The layers under a manifest or an index. */
static enum err_code add_layers(struct visit *v, const struct digest *manifest, unsigned depth, struct err *err)
{
	CLEANUP(containerd_content_release) struct containerd_content content = { 0 };
	enum err_code code = containerd_content(v->c, manifest, &content, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < content.refs.len; i++) {
		const struct gc_ref *ref = &content.refs.items[i];

		if (gc_ref_is_layer(ref))
			code = add_layer(v, &ref->to, manifest, err);
		else if (gc_ref_is_child(ref))
			code = add_child(v, &ref->to, depth + 1, err);
	}
	return code;
}

static enum err_code add_image(struct containerd *c, const struct containerd_image *image, struct holdings *h,
			       struct err *err)
{
	CLEANUP(visit_release) struct visit v = { .c = c, .image = image->name, .holdings = h };
	enum err_code code = holdings_add_image(h, image->name, &image->target, err);

	return code == ERR_OK ? add_layers(&v, &image->target, 1, err) : code;
}

enum err_code inventory_of_containerd(struct containerd *c, struct holdings *h, struct err *err)
{
	CLEANUP(listing_release) struct listing l = { 0 };
	enum err_code code = containerd_each_image(c, keep_image, &l, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < l.len; i++)
		code = add_image(c, &l.images[i], h, err);
	return code;
}
