#include "tests/lib/bundle_file.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"

char *file_new(void)
{
	const char *folder = getenv("TMPDIR");
	char *path;

	ck_assert_int_ge(asprintf(&path, "%s/bundle-XXXXXX/b.oci.tar.zst", folder != NULL ? folder : "/tmp"), 0);
	*strrchr(path, '/') = '\0';
	ck_assert_ptr_nonnull(mkdtemp(path));
	path[strlen(path)] = '/';
	return path;
}

void file_remove(char *path)
{
	char *part;

	ck_assert_int_ge(asprintf(&part, "%s.part", path), 0);
	unlink(part);
	unlink(path);
	*strrchr(path, '/') = '\0';
	ck_assert_int_eq(rmdir(path), 0);
	free(part);
	free(path);
}

unsigned char *file_bytes(const char *path, size_t *ret_len)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	unsigned char *bytes;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	bytes = malloc((size_t)st.st_size + 1);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(read_at(fd, bytes, (size_t)st.st_size, 0, path, NULL), ERR_OK);
	close(fd);
	*ret_len = (size_t)st.st_size;
	return bytes;
}

void file_put(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write_at(fd, bytes, len, 0, path, NULL), ERR_OK);
	close(fd);
}

struct side {
	struct outstream *out;
	struct proof_stage proof;
	const struct image_item *item;
	size_t at;
};

static enum err_code begin(struct side *s, struct bundle_writer *w, const struct image_builder *b,
			   const struct graph *g, const struct description_blob *blob, struct err *err)
{
	enum err_code code = bundle_writer_layer(w, graph_find(g, &blob->digest), &s->out, NULL, err);

	if (code != ERR_OK)
		return code;
	s->item = image_item(b, &blob->digest);
	return proof_stage_init(&s->proof, &blob->digest, blob->size_bytes, s->out, err);
}

/* The next piece; true at the end. */
static bool advance(struct side *s, size_t step, enum err_code *code, struct err *err)
{
	size_t left = s->item->len - s->at, len = left < step ? left : step;

	*code = outstream_write(&s->proof.out, s->item->bytes + s->at, len, err);
	s->at += len;
	if (*code != ERR_OK || s->at < s->item->len)
		return *code != ERR_OK;
	*code = outstream_finish(&s->proof.out, err);
	return true;
}

static void end(struct side *s, struct bundle_writer *w)
{
	if (s->out != NULL)
		bundle_writer_layer_release(w, s->out);
	proof_stage_release(&s->proof);
}

static enum err_code fill_raw(struct bundle_writer *w, const struct image_builder *b, const struct graph *g,
			      size_t step, struct err *err)
{
	const struct description *d = bundle_writer_description(w);
	struct side sides[IMAGE_ITEMS] = { 0 };
	bool ended[IMAGE_ITEMS] = { false };
	enum err_code code = ERR_OK;
	size_t len = 0, left, i;

	for (i = d->blobs_len; code == ERR_OK && i-- > 0;) { /* from the back: the order must not matter */
		if (d->blobs[i].stored == STORED_RAW)
			code = begin(&sides[len++], w, b, g, &d->blobs[i], err);
	}
	for (left = len; code == ERR_OK && left > 0;) {
		for (i = 0; code == ERR_OK && i < len; i++) {
			if (!ended[i] && advance(&sides[i], step, &code, err)) {
				ended[i] = true;
				left--;
			}
		}
	}
	for (i = 0; i < len; i++)
		end(&sides[i], w);
	return code;
}

static enum err_code fill_zstd(struct bundle_writer *w, const struct image_builder *b, const struct graph *g,
			       size_t step, struct err *err)
{
	const struct description *d = bundle_writer_description(w);
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < d->blobs_len; i++) {
		struct side s = { 0 };

		if (d->blobs[i].stored != STORED_ZSTD)
			continue;
		code = begin(&s, w, b, g, &d->blobs[i], err);
		while (code == ERR_OK && !advance(&s, step, &code, err))
			;
		end(&s, w);
	}
	return code;
}

enum err_code bundle_fill(struct bundle_writer *w, const struct image_builder *b, const struct graph *g, size_t step,
			  struct err *err)
{
	const struct description *d = bundle_writer_description(w);
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < d->blobs_len && d->blobs[i].stored == STORED_PACKED; i++) {
		const struct image_item *item = image_item(b, &d->blobs[i].digest);
		struct memory_stream in;

		memory_stream_init(&in, item->bytes, item->len);
		code = bundle_writer_small(w, graph_find(g, &item->digest), &in.in, err);
	}
	if (code == ERR_OK)
		code = fill_raw(w, b, g, step, err);
	if (code == ERR_OK)
		code = fill_zstd(w, b, g, step, err);
	return code == ERR_OK ? bundle_writer_finish(w, err) : code;
}

void bundle_put(const struct image_builder *b, const char *path, size_t step)
{
	struct image_builder copy = *b; /* the walk takes a source that may be changed */
	CLEANUP(bundle_writer_free_ptr) struct bundle_writer *w = NULL;
	CLEANUP(graph_release) struct graph g = { 0 };
	struct err err = { .code = ERR_OK };

	image_graph(b, &copy.source, &g);
	ck_assert_msg(bundle_writer_open(path, &g, NULL, NULL, &w, &err) == ERR_OK, "%s", err.msg);
	ck_assert_msg(bundle_fill(w, b, &g, step, &err) == ERR_OK, "%s", err.msg);
}
