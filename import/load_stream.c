#include "import/load_stream.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static const struct load_file layout_file = {
	"oci-layout",
	"{\"imageLayoutVersion\":\"1.0.0\"}",
	sizeof("{\"imageLayoutVersion\":\"1.0.0\"}") - 1,
};

static void begin_member(struct load_stream *s, const char *name, uint64_t size_bytes)
{
	s->frame_at = 0;
	s->frame_len = tar_header(name, size_bytes, s->frame);
	s->size_bytes = size_bytes;
}

static void begin_file(struct load_stream *s, const struct load_file *f)
{
	begin_member(s, f->name, f->len);
	memory_stream_init(&s->memory, f->bytes, f->len);
	s->content = &s->memory.in;
	s->blob = false;
}

/* One line for each image while its layers go by; what is small goes by too fast to be seen. */
static void show_image(struct load_stream *s, uint32_t node)
{
	struct plan *plan = s->plan;
	uint32_t image = node != NODE_NONE && !node_is_small(&plan->graph.nodes[node]) ? s->owners[node] : NODE_NONE;

	if (image == s->image)
		return;
	if (s->image != NODE_NONE)
		progress_end(plan->progress, s->item);
	s->item = PROGRESS_NONE;
	if (image != NODE_NONE)
		s->item = progress_item(plan->progress, plan->graph.images[image].name, s->image_bytes[image]);
	s->image = image;
}

static enum err_code begin_blob(struct load_stream *s, uint32_t node, struct err *err)
{
	const struct node *n = &s->plan->graph.nodes[node];
	char name[TAR_NAME_MAX + 1];
	enum err_code code = plan_open(s->plan, node, &s->content, err);

	if (code != ERR_OK)
		return code;
	snprintf(name, sizeof(name), "blobs/%s/%s", digest_algorithm(&n->digest), digest_hex(&n->digest));
	begin_member(s, name, n->size_bytes);
	s->blob = true;
	show_image(s, node);
	return ERR_OK;
}

/* The next member, or the end of the archive. */
static enum err_code begin_next(struct load_stream *s, struct err *err)
{
	const struct plan *plan = s->plan;
	enum err_code code = ERR_OK;

	if (!s->layout_sent) {
		s->layout_sent = true;
		begin_file(s, &layout_file);
		return ERR_OK;
	}
	while (s->next < plan->order_len && !plan_sends(plan, plan->order[s->next]))
		s->next++;
	if (s->next < plan->order_len)
		return begin_blob(s, plan->order[s->next++], err);
	show_image(s, NODE_NONE);
	if (s->next == plan->order_len)
		code = plan_finish(s->plan, err);
	if (code != ERR_OK)
		return code;
	if (s->next - plan->order_len < s->files_len) {
		begin_file(s, &s->files[s->next++ - plan->order_len]);
		return ERR_OK;
	}
	memset(s->frame, 0, TAR_END_BYTES);
	s->frame_at = 0;
	s->frame_len = TAR_END_BYTES;
	s->ended = true;
	return ERR_OK;
}

static void end_member(struct load_stream *s)
{
	instream_release(s->content);
	s->content = NULL;
	s->frame_at = 0;
	s->frame_len = tar_padding_bytes(s->size_bytes);
	memset(s->frame, 0, s->frame_len);
	if (s->blob)
		s->plan->sent_bytes += s->size_bytes;
}

static enum err_code read_content(struct load_stream *s, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	enum err_code code = instream_read(s->content, bytes, cap, ret_len, err);

	if (code != ERR_OK)
		return code;
	if (*ret_len == 0)
		end_member(s); /* and with it the proof */
	else if (s->blob)
		progress_advance(s->plan->progress, s->item, *ret_len);
	return ERR_OK;
}

static size_t read_frame(struct load_stream *s, void *bytes, size_t cap)
{
	size_t left = s->frame_len - s->frame_at, len = left < cap ? left : cap;

	memcpy(bytes, s->frame + s->frame_at, len);
	s->frame_at += len;
	return len;
}

static enum err_code load_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct load_stream *s = OUTER_OF(in, struct load_stream, in);
	enum err_code code = ERR_OK;

	assert(cap > 0);
	*ret_len = 0;
	while (code == ERR_OK && *ret_len == 0) {
		if (s->frame_at < s->frame_len)
			*ret_len = read_frame(s, bytes, cap);
		else if (s->content != NULL)
			code = read_content(s, bytes, cap, ret_len, err);
		else if (s->ended)
			break;
		else
			code = begin_next(s, err);
	}
	s->failed = code != ERR_OK;
	return code;
}

static enum err_code count_layers(struct load_stream *s, struct err *err)
{
	const struct plan *plan = s->plan;
	size_t i;

	s->image_bytes = calloc(plan->graph.images_len + 1, sizeof(*s->image_bytes));
	if (s->image_bytes == NULL)
		return err_nomem(err);
	for (i = 0; i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (plan_sends(plan, plan->order[i]) && !node_is_small(n))
			s->image_bytes[s->owners[plan->order[i]]] += n->size_bytes;
	}
	return ERR_OK;
}

enum err_code load_stream_init(struct load_stream *s, struct plan *plan, const struct load_file *files,
			       size_t files_len, struct err *err)
{
	enum err_code code;

	*s = (struct load_stream){
		.in = { .read = load_read },
		.plan = plan,
		.files = files,
		.files_len = files_len,
		.image = NODE_NONE,
		.item = PROGRESS_NONE,
	};
	code = graph_owners(&plan->graph, &s->owners, err);
	if (code == ERR_OK)
		code = count_layers(s, err);
	if (code != ERR_OK)
		load_stream_release(s);
	return code;
}

void load_stream_release(struct load_stream *s)
{
	if (s->content != NULL)
		instream_release(s->content);
	if (s->plan != NULL)
		show_image(s, NODE_NONE);
	free(s->owners);
	free(s->image_bytes);
	*s = (struct load_stream){ .image = NODE_NONE };
}
