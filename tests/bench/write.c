/* Writes what is in a store to a file, and says how many seconds that took, and how many more it waited for the disk
 * (fsync).
 *
 *   write STORE FILE [plain]
 *
 * Every blob is read from the store's folder, hashed and written, one after the other, by one thread: as a bundle, or,
 * plain, to one file with nothing between the blobs.  What plain takes is the least that a bundle can take. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bundles/writer.h"
#include "common/file.h"
#include "common/layout.h"
#include "common/mem.h"
#include "common/walk.h"

static double synced; /* seconds in fsync so far */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* In place of the C library's: a bundle syncs its beginning before the first layer, and that is told apart too. */
int fsync(int fd)
{
	double begin = now();
	int result = (int)syscall(SYS_fsync, fd);

	synced += now() - begin;
	return result;
}

static enum err_code walk_name(struct walk *walk, struct source *source, const char *name, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	enum err_code code = reference_parse(name, &ref, err);

	return code == ERR_OK ? walk_image(walk, source, &ref, name, err) : code;
}

static enum err_code walk_all(const struct layout *l, struct graph *g, struct err *err)
{
	CLEANUP(walk_release) struct walk walk;
	struct source *source = NULL;
	enum err_code code;
	size_t i;

	walk_init(&walk, g, NULL, NULL);
	code = layout_source_new(l, &source, err);
	if (code != ERR_OK)
		return code;
	for (i = 0; code == ERR_OK && i < layout_len(l); i++) {
		if (layout_at(l, i)->name != NULL)
			code = walk_name(&walk, source, layout_at(l, i)->name, err);
	}
	source->free(source);
	return code == ERR_OK ? graph_settle(g, err) : code;
}

/* One blob of the store, proved on its way to out. */
static enum err_code copy(const struct layout *l, const struct node *n, struct outstream *out, struct err *err)
{
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	struct instream *in = NULL;
	enum err_code code = proof_stage_init(&proof, &n->digest, n->size_bytes, out, err);

	if (code == ERR_OK)
		code = layout_blob(l, &n->digest, &in, err);
	if (code != ERR_OK)
		return code;
	code = stream_copy(in, &proof.out, err);
	instream_release(in);
	return code;
}

static enum err_code write_layer(const struct layout *l, struct bundle_writer *w, const struct graph *g, uint32_t node,
				 struct err *err)
{
	struct outstream *out = NULL;
	enum err_code code = bundle_writer_layer(w, node, &out, NULL, err);

	if (code != ERR_OK)
		return code;
	code = copy(l, &g->nodes[node], out, err);
	bundle_writer_layer_release(w, out);
	return code;
}

static enum err_code write_small(const struct layout *l, struct bundle_writer *w, const struct graph *g, uint32_t node,
				 struct err *err)
{
	struct instream *in = NULL;
	enum err_code code = layout_blob(l, &g->nodes[node].digest, &in, err);

	if (code != ERR_OK)
		return code;
	code = bundle_writer_small(w, node, in, err);
	instream_release(in);
	return code;
}

static enum err_code write_bundle(const struct layout *l, const struct graph *g, const char *path, struct err *err)
{
	CLEANUP(bundle_writer_free_ptr) struct bundle_writer *w = NULL;
	const struct description *d;
	enum err_code code = bundle_writer_open(path, g, NULL, NULL, &w, err);
	size_t i;

	if (code != ERR_OK)
		return code;
	d = bundle_writer_description(w);
	for (i = 0; code == ERR_OK && i < d->blobs_len; i++) {
		uint32_t node = graph_find(g, &d->blobs[i].digest);

		code = d->blobs[i].stored == STORED_PACKED ? write_small(l, w, g, node, err)
							   : write_layer(l, w, g, node, err);
	}
	return code == ERR_OK ? bundle_writer_finish(w, err) : code;
}

static enum err_code write_plain(const struct layout *l, const struct graph *g, const char *path, struct err *err)
{
	CLEANUP(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	enum err_code code = ERR_OK;
	struct fd_stage out;
	size_t i;

	if (fd < 0)
		return err_errno(err, path);
	fd_stage_init(&out, fd, 0, path);
	for (i = 0; code == ERR_OK && i < g->nodes_len; i++)
		code = copy(l, &g->nodes[i], &out.out, err);
	if (code == ERR_OK && fsync(fd) != 0)
		code = err_errno(err, path);
	return code;
}

static enum err_code run(const char *store, const char *path, bool plain, struct err *err)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(graph_release) struct graph g = { 0 };
	double begin;
	enum err_code code = layout_open(store, false, &l, err);

	if (code == ERR_OK)
		code = walk_all(l, &g, err);
	begin = now();
	if (code == ERR_OK)
		code = plain ? write_plain(l, &g, path, err) : write_bundle(l, &g, path, err);
	if (code == ERR_OK)
		printf("%.4f %.4f\n", now() - begin - synced, synced);
	return code;
}

int main(int argc, char **argv)
{
	struct err err = { .code = ERR_OK };

	if (argc < 3 || argc > 4 || (argc == 4 && strcmp(argv[3], "plain") != 0)) {
		fputs("usage: write STORE FILE [plain]\n", stderr);
		return 2;
	}
	if (run(argv[1], argv[2], argc == 4, &err) == ERR_OK)
		return 0;
	fprintf(stderr, "write: %s\n", err.msg);
	return 1;
}
