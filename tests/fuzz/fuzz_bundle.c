/* A whole bundle, opened, walked, settled, proved and read: by somebody who knows how to make every checksum.
 *
 * Of the scraps (scraps.h), blobs are what it may hold, 'd' is bundle.json, 'i' index.json, and these are lies
 * (tests/lib/hostile.h), each with three bytes of an offset before its own: 't' in the tar, 'f' in place of a frame,
 * 's' in the seek table, 'p' in that of places, 'h' in the head, 'x' in the file.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "bundles/contents.h"
#include "bundles/origin.h"
#include "bundles/verify.h"
#include "common/file.h"
#include "common/mem.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scraps.h"
#include "tests/lib/hostile.h"

#define IMAGE "docker.io/library/app:1" /* of which the seeds have one */
#define AT_BYTES ((size_t)3)
#define TAR_MAX (1 << 20)

static const void *content(void *ctx, const struct digest *digest, size_t *ret_len)
{
	const struct scrap *p = scraps_find(ctx, digest);

	*ret_len = p != NULL ? p->len : 0;
	return p != NULL ? p->bytes : NULL;
}

static enum lie_kind lie_kind(char kind)
{
	static const struct {
		char letter;
		enum lie_kind kind;
	} kinds[] = {
		{ 't', LIE_TAR },    { 'f', LIE_FRAME }, { 's', LIE_SEEK },
		{ 'p', LIE_PLACES }, { 'h', LIE_HEAD },  { 'x', LIE_FILE },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(kinds); i++) {
		if (kinds[i].letter == kind)
			return kinds[i].kind;
	}
	return LIE_NONE;
}

static void make(const struct scraps *p, struct buf *file)
{
	CLEANUP(hostile_release) struct hostile h;
	size_t i;

	hostile_init(&h, content, (void *)(uintptr_t)p);
	h.tar_max = TAR_MAX;
	for (i = 0; i < p->len; i++) {
		const struct scrap *scrap = &p->items[i];
		struct buf *text = scrap->kind == 'd' ? &h.description : scrap->kind == 'i' ? &h.index : NULL;

		if (text != NULL && text->len == 0)
			FUZZ_HOLDS(buf_add(text, scrap->bytes, scrap->len, NULL) == ERR_OK);
		if (lie_kind(scrap->kind) != LIE_NONE && scrap->len > AT_BYTES && h.lies_len < HOSTILE_LIES)
			hostile_lie(&h, lie_kind(scrap->kind), get_le((const void *)scrap->bytes, AT_BYTES),
				    scrap->bytes + AT_BYTES, scrap->len - AT_BYTES);
	}
	hostile_make(&h, file);
}

/* A blob is what its digest says, or an error; an error it cannot be where the whole was proved. */
static void read_blob(const struct bundle *b, const struct digest *digest, uint64_t size_bytes, bool proved)
{
	CLEANUP(buf_release) struct buf bytes = { .max = (size_t)2 * TAR_MAX };
	struct buf_stage out;
	struct instream *in = NULL;
	enum err_code code = bundle_blob(b, digest, &in, NULL);

	if (code == ERR_OK) {
		buf_stage_init(&out, &bytes);
		code = stream_copy(in, &out.out, NULL);
		instream_release(in);
	}
	FUZZ_HOLDS(!proved || code == ERR_OK);
	FUZZ_HOLDS(!proved || digest_check(buf_text(&bytes), bytes.len, digest, size_bytes, NULL) == ERR_OK);
}

static void read_blobs(const struct bundle *b, bool proved)
{
	const struct description *d = bundle_description(b);
	size_t i;

	for (i = 0; i < d->blobs_len; i++) {
		const struct description_blob *blob = &d->blobs[i];

		read_blob(b, &blob->digest, blob->size_bytes, proved && stored_is_here(blob->stored));
	}
}

static enum err_code prove(const struct bundle *b, struct err *err)
{
	CLEANUP(origin_release) struct origin origin = { 0 };
	CLEANUP(graph_release) struct graph g;
	struct opt_list beside = { 0 };
	enum err_code code = origin_find(b, &beside, &origin, err);

	graph_init(&g);
	if (code == ERR_OK)
		code = contents_walk(b, NULL, NULL, &g, err);
	if (code == ERR_OK)
		code = graph_settle(&g, err);
	return code == ERR_OK ? bundle_verify(b, &g, NULL, NULL, err) : code;
}

static void judge(enum err_code code, const struct err *err)
{
	fuzz_told(code, err);
	FUZZ_HOLDS(code == ERR_OK || err_status(code) == 3 || code == ERR_LIMIT || code == ERR_UNSUPPORTED);
}

/* One image is found without the others. */
static void read_one(const char *path, const char *name)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(graph_release) struct graph g;
	struct err err = { 0 };
	enum err_code code = bundle_open_image(path, name, &b, &err);

	graph_init(&g);
	if (code == ERR_OK && name != NULL)
		code = contents_walk_image(b, name, &g, &err);
	if (code != ERR_NOT_FOUND)
		judge(code, &err);
	if (b != NULL && name == NULL)
		read_blobs(b, false);
}

static void read_whole(const char *path)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	struct err err = { 0 };
	enum err_code code = bundle_open(path, &b, &err);

	if (code == ERR_OK)
		code = prove(b, &err);
	judge(code, &err);
	if (b != NULL)
		read_blobs(b, code == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf_release) struct buf file = { 0 };
	CLEANUP(close_fd) int fd = memfd_create("bundle", 0);
	struct scraps p;
	char path[64];

	scraps_read(&p, data, size);
	FUZZ_HOLDS(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	make(&p, &file);
	FUZZ_HOLDS(write(fd, file.data, file.len) == (ssize_t)file.len);
	read_whole(path);
	read_one(path, IMAGE);
	read_one(path, NULL);
	scraps_release(&p);
	return 0;
}
