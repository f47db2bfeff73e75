/* The part of containerd.h that is about images and their names. */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/containerd.h"

#define PINNED_LABEL "io.cri-containerd.pinned"
#define PINNED_VALUE "pinned"

void containerd_image_release(struct containerd_image *image)
{
	free(image->name);
	*image = (struct containerd_image){ .name = NULL };
}

static bool is_pinned(const struct pb_field *entry)
{
	char text[sizeof(PINNED_LABEL)];
	struct pb_field key, value;

	return pb_read_entry(entry, &key, &value) && pb_text_into(&key, text, sizeof(text)) &&
	       strcmp(text, PINNED_LABEL) == 0 && pb_text_into(&value, text, sizeof(text)) &&
	       strcmp(text, PINNED_VALUE) == 0;
}

static enum err_code read_target(const struct pb_field *message, struct containerd_image *image, struct err *err)
{
	char text[DIGEST_TEXT_SIZE] = "";
	struct pb_in in;
	struct pb_field f;

	pb_in_init(&in, message->bytes, message->len);
	while (pb_next(&in, &f)) {
		if (pb_is_bytes(&f, 2) && !pb_text_into(&f, text, sizeof(text)))
			text[0] = '\0';
		else if (pb_is_bytes(&f, 1) && !pb_text_into(&f, image->media_type, sizeof(image->media_type)))
			image->media_type[0] = '\0';
		else if (pb_is_uint(&f, 3))
			image->size_bytes = f.value;
	}
	(void)digest_parse(text, &image->target, NULL); /* one that is not known here stays "" */
	return pb_in_end(&in, "target", err);
}

static enum err_code read_image(const struct pb_field *message, struct containerd_image *image, struct err *err)
{
	struct pb_in in;
	struct pb_field f;
	enum err_code code = ERR_OK;

	pb_in_init(&in, message->bytes, message->len);
	while (code == ERR_OK && pb_next(&in, &f)) {
		if (pb_is_bytes(&f, 1) && image->name == NULL)
			code = pb_copy(&f, &image->name, err);
		else if (pb_is_bytes(&f, 2))
			image->pinned |= is_pinned(&f);
		else if (pb_is_bytes(&f, 3))
			code = read_target(&f, image, err);
	}
	if (code == ERR_OK)
		code = pb_in_end(&in, "image", err);
	if (code == ERR_OK && image->name == NULL)
		code = err_set(err, ERR_FORMAT, "an image without a name");
	return code;
}

struct each {
	containerd_image_fn *fn;
	void *ctx;
};

static enum err_code tell_image(void *ctx, const struct pb_field *f, struct err *err)
{
	const struct each *each = ctx;
	CLEANUP(containerd_image_release) struct containerd_image image = { .name = NULL };
	enum err_code code = read_image(f, &image, err);

	return code == ERR_OK ? each->fn(each->ctx, &image, err) : code;
}

static enum err_code on_images(void *ctx, const void *bytes, size_t len, struct err *err)
{
	return pb_each(bytes, len, 1, tell_image, ctx, "images", err);
}

static enum err_code pass_known(void *ctx, const struct containerd_image *image, struct err *err)
{
	const struct each *each = ctx;

	return image->target.text[0] != '\0' ? each->fn(each->ctx, image, err) : ERR_OK;
}

enum err_code containerd_each_image(struct containerd *c, containerd_image_fn *fn, void *ctx, struct err *err)
{
	struct each known = { fn, ctx }, each = { pass_known, &known };
	struct containerd_question q = {
		.method = "containerd.services.images.v1.Images/List",
		.on_message = on_images,
		.ctx = &each,
	};

	return containerd_ask(c, &q, NULL, err);
}

static enum err_code keep_image(void *ctx, const struct containerd_image *image, struct err *err)
{
	struct containerd_image *kept = ctx;

	if (image->target.text[0] == '\0')
		return err_set(err, ERR_FORMAT, "it stands for a digest of an unknown kind");
	containerd_image_release(kept);
	*kept = *image;
	kept->name = NULL;
	return str_copy(image->name, &kept->name, err);
}

enum err_code containerd_image(struct containerd *c, const char *name, struct containerd_image *ret_image,
			       struct err *err)
{
	CLEANUP(buf_release) struct buf request;
	CLEANUP(containerd_image_release) struct containerd_image image = { .name = NULL };
	struct each each = { keep_image, &image };
	struct containerd_question q = {
		.method = "containerd.services.images.v1.Images/Get",
		.request = &request,
		.on_message = on_images,
		.ctx = &each,
		.also = GRPC_NOT_FOUND,
	};
	enum err_code code;

	buf_init(&request, LIMIT_GRPC_BYTES);
	code = pb_put_message(&request, name, err);
	if (code == ERR_OK)
		code = containerd_ask(c, &q, NULL, err);
	if (code != ERR_OK)
		return err_add(err, "%s", name);
	*ret_image = image;
	image.name = NULL;
	return ERR_OK;
}

static void put_image(struct pb_out *o, const char *name, const struct node *target, bool pin)
{
	pb_begin(o, 1);
	pb_text(o, 1, name);
	if (pin)
		pb_entry(o, 2, PINNED_LABEL, PINNED_VALUE);
	pb_begin(o, 3);
	pb_text(o, 1, target->media_type);
	pb_text(o, 2, target->digest.text);
	pb_uint(o, 3, target->size_bytes);
	pb_end(o);
	pb_end(o);
}

static enum err_code update(struct containerd *c, const char *name, const struct node *target, bool pin,
			    enum grpc_status also, enum grpc_status *ret_status, struct err *err)
{
	CLEANUP(buf_release) struct buf request;
	struct containerd_question q = {
		.method = "containerd.services.images.v1.Images/Update",
		.request = &request,
		.also = also,
	};
	struct pb_out o;
	enum err_code code;

	buf_init(&request, LIMIT_GRPC_BYTES);
	pb_out_init(&o, &request);
	put_image(&o, name, target, pin);
	pb_begin(&o, 2);
	pb_text(&o, 1, "target");
	pb_text(&o, 1, pin ? "labels." PINNED_LABEL : NULL);
	pb_end(&o);
	code = pb_out_end(&o, err);
	return code == ERR_OK ? containerd_ask(c, &q, ret_status, err) : code;
}

static enum err_code create(struct containerd *c, const char *name, const struct node *target, bool pin,
			    enum grpc_status *ret_status, struct err *err)
{
	CLEANUP(buf_release) struct buf request;
	struct containerd_question q = {
		.method = "containerd.services.images.v1.Images/Create",
		.request = &request,
		.also = GRPC_ALREADY_EXISTS,
	};
	struct pb_out o;
	enum err_code code;

	buf_init(&request, LIMIT_GRPC_BYTES);
	pb_out_init(&o, &request);
	put_image(&o, name, target, pin);
	code = pb_out_end(&o, err);
	return code == ERR_OK ? containerd_ask(c, &q, ret_status, err) : code;
}

/* An image that is there keeps its other labels: they are the kubelet's, and others'.  Somebody else may make it
 * meanwhile. */
enum err_code containerd_name(struct containerd *c, const char *name, const struct node *target, bool pin,
			      struct err *err)
{
	enum grpc_status status = GRPC_OK;
	enum err_code code = update(c, name, target, pin, GRPC_NOT_FOUND, &status, err);

	if (code == ERR_OK && status == GRPC_NOT_FOUND)
		code = create(c, name, target, pin, &status, err);
	if (code == ERR_OK && status == GRPC_ALREADY_EXISTS)
		code = update(c, name, target, pin, GRPC_OK, &status, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", name);
}
