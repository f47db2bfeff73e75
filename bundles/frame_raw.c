/* The part of frame.h that writes raw frames: headers from here, content straight from the caller's memory. */
#include <assert.h>
#include <errno.h>
#include <sys/uio.h>

#include "bundles/bytes.h"
#include "bundles/frame.h"
#include "common/mem.h"

#define PARTS_MAX 48
#define PARTS_PER_STEP 4 /* a frame header, a block header, content, a checksum */
#define EDGES_MAX (FRAME_RAW_HEADER_BYTES + FRAME_BLOCK_HEADER_BYTES + FRAME_CHECKSUM_BYTES)

/* What one pwritev writes: pointers into the caller's bytes, and our own bytes between them. */
struct gather {
	struct iovec parts[PARTS_MAX];
	unsigned char edges[PARTS_MAX * EDGES_MAX];
	int parts_len;
	size_t edges_len;
};

static void gather_add(struct gather *g, const void *bytes, size_t len)
{
	union {
		const void *from;
		void *to;
	} same = { .from = bytes }; /* pwritev only reads, whatever the type of iov_base */

	g->parts[g->parts_len++] = (struct iovec){ .iov_base = same.to, .iov_len = len };
}

static unsigned char *gather_edge(struct gather *g, size_t len)
{
	unsigned char *edge = g->edges + g->edges_len;

	g->edges_len += len;
	gather_add(g, edge, len);
	return edge;
}

static enum err_code gather_flush(struct gather *g, struct raw_writer *r, struct err *err)
{
	struct iovec *part = g->parts;
	int left = g->parts_len;

	while (left > 0) {
		ssize_t n = r->piped ? writev(r->fd, part, left) : pwritev(r->fd, part, left, (off_t)r->offset_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, r->name);
		r->offset_bytes += (uint64_t)n;
		for (; left > 0 && (size_t)n >= part->iov_len; left--, part++)
			n -= (ssize_t)part->iov_len;
		if (left > 0) {
			part->iov_base = (char *)part->iov_base + n;
			part->iov_len -= (size_t)n;
		}
	}
	g->parts_len = 0;
	g->edges_len = 0;
	return ERR_OK;
}

static uint32_t at_most(uint64_t value, uint64_t most)
{
	return (uint32_t)(value < most ? value : most);
}

/* The headers that are due before the next byte of content. */
static void begin(struct raw_writer *r, struct gather *g)
{
	if (r->frame_left == 0) {
		r->frame_left = at_most(r->left_bytes, FRAME_CONTENT_BYTES);
		frame_raw_header(gather_edge(g, FRAME_RAW_HEADER_BYTES), r->frame_left);
		checksum_reset(&r->sum);
	}
	if (r->block_left == 0) {
		r->block_left = at_most(r->frame_left, FRAME_RAW_BLOCK_BYTES);
		frame_block_header(gather_edge(g, FRAME_BLOCK_HEADER_BYTES), r->block_left,
				   r->block_left == r->frame_left);
	}
}

/* Content up to the end of its block; returns how much that was. */
static size_t step(struct raw_writer *r, struct gather *g, const unsigned char *bytes, size_t len,
		   struct digest_stream *proof)
{
	uint32_t part;

	begin(r, g);
	part = at_most(len, r->block_left);
	gather_add(g, bytes, part);
	if (proof != NULL)
		checksum_add_hashed(&r->sum, proof, bytes, part);
	else
		checksum_add(&r->sum, bytes, part);
	r->block_left -= part;
	r->frame_left -= part;
	r->left_bytes -= part;
	if (r->frame_left == 0)
		put_le(gather_edge(g, FRAME_CHECKSUM_BYTES), FRAME_CHECKSUM_BYTES, checksum_value(&r->sum));
	return part;
}

void raw_writer_init(struct raw_writer *r, int fd, uint64_t offset_bytes, uint64_t size_bytes, const char *name)
{
	*r = (struct raw_writer){
		.fd = fd,
		.name = name,
		.offset_bytes = offset_bytes,
		.left_bytes = size_bytes,
	};
}

void raw_writer_pass(struct raw_writer *r, uint64_t content_bytes)
{
	assert(r->frame_left == 0 && content_bytes <= r->left_bytes);
	assert(content_bytes % FRAME_CONTENT_BYTES == 0 || content_bytes == r->left_bytes);
	r->offset_bytes += frame_raw_run_stored(content_bytes);
	r->left_bytes -= content_bytes;
}

enum err_code raw_writer_write(struct raw_writer *r, const void *bytes, size_t len, struct digest_stream *proof,
			       struct err *err)
{
	const unsigned char *p = bytes;
	struct gather g;
	enum err_code code = ERR_OK;

	if (len > r->left_bytes)
		return err_set(err, ERR_SIZE, "%s: a layer has more bytes than its declared size", r->name);
	g.parts_len = 0;
	g.edges_len = 0;
	if (proof != NULL)
		code = digest_stream_due(proof, len, err);
	while (code == ERR_OK && len > 0) {
		size_t taken = step(r, &g, p, len, proof);

		p += taken;
		len -= taken;
		if (g.parts_len + PARTS_PER_STEP > PARTS_MAX || len == 0)
			code = gather_flush(&g, r, err);
	}
	return code;
}
