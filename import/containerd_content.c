/* The part of containerd.h that is about content and what keeps it. */
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "import/containerd.h"

/* On a config, the snapshot that its layers were unpacked into. */
#define SNAPSHOT_PREFIX "containerd.io/gc.ref.snapshot."

void containerd_content_release(struct containerd_content *content)
{
	gc_refs_release(&content->refs);
}

/* A label of any kind; those that are no references are passed over. */
static enum err_code read_label(const struct pb_field *entry, struct containerd_content *content, struct err *err)
{
	struct pb_field key, value;
	char label[sizeof(GC_REF_PREFIX) + GC_REF_MAX], text[DIGEST_TEXT_SIZE];
	struct digest to;

	if (!pb_read_entry(entry, &key, &value))
		return err_set(err, ERR_FORMAT, "labels: no protobuf message");
	if (key.len >= sizeof(label))
		key.len = sizeof(label) - 1;
	if (!pb_text_into(&key, label, sizeof(label)))
		return ERR_OK;
	content->unpacked |= text_starts(label, SNAPSHOT_PREFIX);
	if (!text_starts(label, GC_REF_PREFIX) || !pb_text_into(&value, text, sizeof(text)) ||
	    digest_parse(text, &to, NULL) != ERR_OK)
		return ERR_OK;
	return gc_refs_add(&content->refs, label + strlen(GC_REF_PREFIX), &to, err);
}

static enum err_code read_info(void *ctx, const struct pb_field *info, struct err *err)
{
	struct containerd_content *content = ctx;
	struct pb_in in;
	struct pb_field f;
	enum err_code code = ERR_OK;

	pb_in_init(&in, info->bytes, info->len);
	while (code == ERR_OK && pb_next(&in, &f)) {
		if (pb_is_uint(&f, 2))
			content->size_bytes = f.value;
		else if (pb_is_bytes(&f, 5))
			code = read_label(&f, content, err);
	}
	return code == ERR_OK ? pb_in_end(&in, "info", err) : code;
}

static enum err_code on_info(void *ctx, const void *bytes, size_t len, struct err *err)
{
	return pb_each(bytes, len, 1, read_info, ctx, "info", err);
}

enum err_code containerd_content(struct containerd *c, const struct digest *digest,
				 struct containerd_content *ret_content, struct err *err)
{
	CLEANUP(buf_release) struct buf request;
	struct containerd_content content = { .there = false };
	struct containerd_question q = {
		.method = "containerd.services.content.v1.Content/Info",
		.request = &request,
		.on_message = on_info,
		.ctx = &content,
		.also = GRPC_NOT_FOUND,
	};
	enum grpc_status status = GRPC_OK;
	enum err_code code;

	buf_init(&request, LIMIT_GRPC_BYTES);
	code = pb_put_message(&request, digest->text, err);
	if (code == ERR_OK)
		code = containerd_ask(c, &q, &status, err);
	content.there = status == GRPC_OK;
	gc_refs_sort(&content.refs);
	if (code == ERR_OK)
		*ret_content = content;
	else
		containerd_content_release(&content);
	return code;
}

void containerd_put_refs(struct pb_out *o, unsigned field, const struct gc_refs *refs)
{
	char label[sizeof(GC_REF_PREFIX) + GC_REF_MAX];
	size_t i;

	for (i = 0; i < refs->len; i++) {
		snprintf(label, sizeof(label), GC_REF_PREFIX "%s", refs->items[i].key);
		pb_entry(o, field, label, refs->items[i].to.text);
	}
}

static void put_mask(struct pb_out *o, const struct gc_refs *refs)
{
	char path[7 + sizeof(GC_REF_PREFIX) + GC_REF_MAX];
	size_t i;

	pb_begin(o, 2);
	for (i = 0; i < refs->len; i++) {
		snprintf(path, sizeof(path), "labels." GC_REF_PREFIX "%s", refs->items[i].key);
		pb_text(o, 1, path);
	}
	pb_end(o);
}

enum err_code containerd_refer(struct containerd *c, const struct digest *digest, const struct gc_refs *refs,
			       struct err *err)
{
	CLEANUP(buf_release) struct buf request;
	struct containerd_question q = {
		.method = "containerd.services.content.v1.Content/Update",
		.request = &request,
	};
	struct pb_out o;
	enum err_code code;

	buf_init(&request, LIMIT_GRPC_BYTES);
	pb_out_init(&o, &request);
	pb_begin(&o, 1);
	pb_text(&o, 1, digest->text);
	containerd_put_refs(&o, 5, refs);
	pb_end(&o);
	put_mask(&o, refs);
	code = pb_out_end(&o, err);
	if (code == ERR_OK)
		code = containerd_ask(c, &q, NULL, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", digest->text);
}

static enum err_code add_data(void *ctx, const struct pb_field *f, struct err *err)
{
	return outstream_write(ctx, f->bytes, f->len, err);
}

static enum err_code on_data(void *ctx, const void *bytes, size_t len, struct err *err)
{
	return pb_each(bytes, len, 2, add_data, ctx, "content", err);
}

enum err_code containerd_give(struct containerd *c, const struct digest *digest, struct outstream *out, struct err *err)
{
	CLEANUP(buf_release) struct buf request;
	struct containerd_question q = {
		.method = "containerd.services.content.v1.Content/Read",
		.request = &request,
		.on_message = on_data,
		.ctx = out,
	};
	enum err_code code;

	buf_init(&request, LIMIT_GRPC_BYTES);
	code = pb_put_message(&request, digest->text, err);
	return code == ERR_OK ? containerd_ask(c, &q, NULL, err) : code;
}

enum err_code containerd_read(struct containerd *c, const struct digest *digest, struct buf *out, struct err *err)
{
	struct buf_stage stage;
	enum err_code code;

	buf_stage_init(&stage, out);
	code = containerd_give(c, digest, &stage.out, err);
	if (code == ERR_OK && digest_check(buf_text(out), out->len, digest, out->len, NULL) != ERR_OK)
		return err_set(err, ERR_NOT_FOUND, "%s: %s is damaged there", c->socket, digest->text);
	return code;
}
