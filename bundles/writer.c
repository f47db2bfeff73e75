#include "bundles/writer.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "bundles/places.h"
#include "bundles/writing.h"
#include "common/mem.h"

/* What stands in front goes into the pipe; layers follow as they come. */
static enum err_code flow(struct bundle_writer *w, struct err *err)
{
	w->next = w->shape.layers_from;
	return part_flow(&w->part, w->append.file_at, err);
}

/* Once the packed blobs are in, everything up to the first zstd blob has its place.  It is brought to the disk before
 * the first layer comes: where there is a layer, whatever happens, there is all that says which one it is. */
static enum err_code lay_out(struct bundle_writer *w, struct err *err)
{
	struct append *a = &w->append;
	struct run run = { .kind = RUN_PACKED };
	enum err_code code = ERR_OK;
	uint64_t raw_bytes = 0;

	if (w->part.piped && !w->part.measured)
		return flow(w, err);
	while (code == ERR_OK && shape_next(&w->shape, &run) && (run.kind == RUN_GLUE || run.kind == RUN_RAW)) {
		if (run.kind == RUN_GLUE) {
			code = writer_glue(w, &run, err);
			if (code == ERR_OK)
				code = append_end(a, err);
			continue;
		}
		w->places[run.blob] = a->file_at;
		raw_bytes += frame_raw_run_stored(run.end - run.begin);
		code = append_place(a, &run, err);
	}
	w->next = run.kind == RUN_ZSTD ? run.blob : w->shape.blobs_len;
	if (code == ERR_OK)
		code = writer_size(w, run, err);
	if (code == ERR_OK)
		code = part_check_room(&w->part, w->size.least_bytes, err);
	if (code != ERR_OK || w->part.measured)
		return code;
	writer_say_kept(w);
	code = part_sync(&w->part, err);
	return code == ERR_OK && raw_bytes > 0 ? writeback_new(w->part.fd, w->part.path, fdatasync, &w->writeback, err)
					       : code;
}

static enum err_code begin_packed(struct bundle_writer *w, struct err *err)
{
	enum err_code code = append_begin(&w->append, EFFORT_PACKED, FRAME_PACKED_BYTES, err);

	return code == ERR_OK && w->shape.layers_from == 0 ? lay_out(w, err) : code;
}

static enum err_code open_file(struct bundle_writer *w, const char *path, struct err *err)
{
	enum err_code code = part_open(path, &w->part, err);

	return code == ERR_OK ? writer_take_over(w, err) : code;
}

/* Where a bundle goes: to a file, into a pipe that has a name, or nowhere. */
struct way {
	const char *path;
	int pipe; /* -1 for none */
	bool measured;
};

static enum err_code open_part(struct bundle_writer *w, const struct way *way, struct err *err)
{
	enum err_code code;

	if (way->pipe >= 0)
		code = part_open_pipe(way->pipe, way->path, &w->part, err);
	else if (way->measured)
		code = part_open_measured(way->path, &w->part, err);
	else
		return open_file(w, way->path, err);
	return code == ERR_OK ? part_begin(&w->part, err) : code;
}

static enum err_code make_places(struct bundle_writer *w, struct err *err)
{
	w->places = calloc(w->shape.blobs_len + 1, sizeof(*w->places));
	w->done = calloc(w->shape.blobs_len + 1, sizeof(*w->done));
	return w->places != NULL && w->done != NULL ? ERR_OK : err_nomem(err);
}

static enum err_code open_all(struct bundle_writer *w, const struct way *way, const struct description_notes *notes,
			      struct err *err)
{
	CLEANUP(writer_front_release) struct writer_front f = { 0 };
	enum err_code code = writer_front_make(w, notes, &f, err);

	if (code == ERR_OK)
		code = make_places(w, err);
	if (code == ERR_OK)
		code = open_part(w, way, err);
	if (code == ERR_OK)
		code = append_init(&w->append, &w->part, err);
	if (code == ERR_OK)
		code = writer_front_write(w, &f, err);
	return code == ERR_OK ? begin_packed(w, err) : code;
}

static enum err_code writer_new(const struct way *way, const struct graph *graph, const struct description_notes *notes,
				struct progress *progress, struct bundle_writer **ret_writer, struct err *err)
{
	struct bundle_writer *w = calloc(1, sizeof(*w));
	enum err_code code;

	if (w == NULL)
		return err_nomem(err);
	w->graph = graph;
	w->progress = progress;
	code = open_all(w, way, notes, err);
	if (code == ERR_OK)
		*ret_writer = w;
	else
		bundle_writer_free(w);
	return code;
}

enum err_code bundle_writer_open(const char *path, const struct graph *graph, const struct description_notes *notes,
				 struct progress *progress, struct bundle_writer **ret_writer, struct err *err)
{
	return writer_new(&(struct way){ .path = path, .pipe = -1 }, graph, notes, progress, ret_writer, err);
}

enum err_code bundle_writer_open_pipe(int pipe, const char *name, const struct graph *graph,
				      const struct description_notes *notes, struct bundle_writer **ret_writer,
				      struct err *err)
{
	return writer_new(&(struct way){ .path = name, .pipe = pipe }, graph, notes, NULL, ret_writer, err);
}

enum err_code bundle_writer_open_measured(const char *path, const struct graph *graph,
					  const struct description_notes *notes, struct bundle_writer **ret_writer,
					  struct err *err)
{
	return writer_new(&(struct way){ .path = path, .pipe = -1, .measured = true }, graph, notes, NULL, ret_writer,
			  err);
}

const struct description *bundle_writer_description(const struct bundle_writer *w)
{
	return &w->description;
}

size_t writer_blob(const struct bundle_writer *w, uint32_t node)
{
	return description_find(&w->description, &w->graph->nodes[node].digest);
}

static enum err_code copy_proved(struct append *a, const struct member *m, struct instream *in, struct err *err)
{
	CLEANUP(digest_stream_release) struct digest_stream proof = { 0 };
	unsigned char chunk[STREAM_CHUNK_BYTES];
	enum err_code code = digest_stream_init(&proof, &m->digest, m->size_bytes, err);
	size_t len = 1;

	while (code == ERR_OK && len > 0) {
		code = instream_read(in, chunk, sizeof(chunk), &len, err);
		if (code == ERR_OK)
			code = digest_stream_update(&proof, chunk, len, err);
		if (code == ERR_OK)
			code = append_bytes(a, chunk, len, err);
	}
	return code == ERR_OK ? digest_stream_final(&proof, err) : code;
}

enum err_code bundle_writer_small(struct bundle_writer *w, uint32_t node, struct instream *in, struct err *err)
{
	struct member m = { 0 };
	enum err_code code;

	assert(w->next < w->shape.layers_from && writer_blob(w, node) == w->next);
	shape_blob(&w->shape, w->next, &m);
	code = append_header(&w->append, &m, err);
	if (code == ERR_OK)
		code = copy_proved(&w->append, &m, in, err);
	if (code == ERR_OK)
		code = append_zeros(&w->append, tar_padding_bytes(m.size_bytes), err);
	if (code != ERR_OK)
		return code;
	w->done[w->next++] = true;
	if (w->next < w->shape.layers_from)
		return ERR_OK;
	code = append_end(&w->append, err);
	return code == ERR_OK ? lay_out(w, err) : code;
}

static enum err_code check_done(const struct bundle_writer *w, struct err *err)
{
	size_t i;

	for (i = 0; i < w->shape.blobs_len; i++) {
		if (!w->done[i])
			return err_set(err, ERR_SIZE, "%s: %s is not complete", w->part.target,
				       w->description.blobs[i].digest.text);
	}
	return ERR_OK;
}

/* The seek table is the end, and has no place in itself. */
struct part_stage {
	struct outstream out;
	struct append *append;
};

static enum err_code part_stage_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct append *a = OUTER_OF(out, struct part_stage, out)->append;
	enum err_code code = part_write(a->part, bytes, len, a->file_at, err);

	a->file_at += len;
	return code;
}

/* Padding of the last layer, the tar's end, and the tables. */
static enum err_code write_end(struct bundle_writer *w, struct err *err)
{
	struct append *a = &w->append;
	const struct shape *s = &w->shape;
	CLEANUP(free_ptr) unsigned char *sums = malloc(shape_sums_bytes(s));
	CLEANUP(free_ptr) unsigned char *places = NULL;
	struct run run = { .kind = RUN_NONE };
	struct part_stage out = { .out = { .write = part_stage_write }, .append = a };
	enum err_code code;

	if (sums == NULL)
		return err_nomem(err);
	while (run.kind != RUN_TAIL)
		shape_next(s, &run);
	code = append_begin(a, EFFORT_PACKED, FRAME_PACKED_BYTES, err);
	if (code == ERR_OK)
		code = append_zeros(a, (size_t)(run.end - run.begin), err);
	if (code == ERR_OK)
		code = append_end(a, err);
	if (code != ERR_OK)
		return code;
	assert(a->sums_len == s->sums * SUM_BYTES);
	shape_sums(s, a->sums, sums);
	code = append_plain(a, sums, shape_sums_bytes(s), 0, err);
	if (code == ERR_OK)
		code = places_make(s, &places, err);
	if (code == ERR_OK)
		code = append_plain(a, places, places_bytes(s->blobs_len), 0, err);
	return code == ERR_OK ? seek_write(&a->seek, &out.out, err) : code;
}

enum err_code bundle_writer_finish(struct bundle_writer *w, struct err *err)
{
	enum err_code code = check_done(w, err);

	assert(!w->zstd_open);
	if (code == ERR_OK)
		code = write_end(w, err);
	if (code == ERR_OK)
		code = writeback_end(w->writeback, err);
	if (code == ERR_OK && !w->part.piped)
		code = part_publish(&w->part, w->append.file_at, err);
	w->old.part.keep = code != ERR_OK;
	return code;
}

uint64_t bundle_writer_bytes(const struct bundle_writer *w)
{
	return w->append.file_at;
}

const char *bundle_writer_keeps(const struct bundle_writer *w)
{
	if (w->part.path == NULL || w->part.piped)
		return NULL; /* it is published, or gone */
	return w->part.keep || w->has_layers ? w->part.path : w->old.part.path;
}

void bundle_writer_free(struct bundle_writer *w)
{
	if (w == NULL)
		return;
	writeback_free(w->writeback);
	append_release(&w->append);
	w->part.keep = w->part.keep || w->has_layers;
	part_release(&w->part);
	leftover_release(&w->old);
	shape_release(&w->shape);
	description_release(&w->description);
	free(w->places);
	free(w->done);
	free(w);
}

void bundle_writer_free_ptr(struct bundle_writer **w)
{
	bundle_writer_free(*w);
}
