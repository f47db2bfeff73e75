/* The part of frame_read.h that reads raw frames: every byte that is not content must be what it has to be. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/uio.h>

#include "bundles/bytes.h"
#include "bundles/frame.h"
#include "bundles/frame_read.h"
#include "common/mem.h"

static uint32_t at_most(uint64_t value, uint64_t most)
{
	return (uint32_t)(value < most ? value : most);
}

/* preadv until all parts are full. */
static enum err_code read_parts(struct raw_reader *r, struct iovec *part, int left, struct err *err)
{
	for (; r->file->pass != NULL && left > 0; left--, part++) {
		enum err_code code = frame_file_read(r->file, part->iov_base, part->iov_len, r->file_at, err);

		if (code != ERR_OK)
			return code;
		r->file_at += part->iov_len;
	}
	while (left > 0) {
		ssize_t n = preadv(r->file->fd, part, left, (off_t)r->file_at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, r->file->name);
		if (n == 0)
			return err_set(err, ERR_DAMAGED, "%s: the file ends at offset %" PRIu64 ", in a %s",
				       r->file->name, r->file_at, r->bare ? "slot" : "layer");
		r->file_at += (uint64_t)n;
		for (; left > 0 && (size_t)n >= part->iov_len; left--, part++)
			n -= (ssize_t)part->iov_len;
		if (left > 0) {
			part->iov_base = (char *)part->iov_base + n;
			part->iov_len -= (size_t)n;
		}
	}
	return ERR_OK;
}

/* The headers that stand before the next byte of content, as they must be. */
static size_t begin(struct raw_reader *r, unsigned char *out)
{
	size_t len = 0;

	if (r->frame_left == 0) {
		r->frame_left = at_most(r->left_bytes, FRAME_CONTENT_BYTES);
		if (r->bare)
			frame_bare_header(out, r->frame_left);
		else
			frame_raw_header(out, r->frame_left);
		len += FRAME_RAW_HEADER_BYTES;
		checksum_reset(&r->sum);
	}
	if (r->block_left == 0) {
		r->block_left = at_most(r->frame_left, FRAME_RAW_BLOCK_BYTES);
		frame_block_header(out + len, r->block_left, r->block_left == r->frame_left);
		len += FRAME_BLOCK_HEADER_BYTES;
	}
	return len;
}

static enum err_code damaged(const struct raw_reader *r, uint64_t offset, struct err *err)
{
	return err_set(err, ERR_DAMAGED, "%s: offset %" PRIu64 ": damaged frame of a %s", r->file->name, offset,
		       r->bare ? "slot" : "layer");
}

enum err_code raw_reader_fetch(struct raw_reader *r, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	unsigned char want[FRAME_RAW_HEADER_BYTES + FRAME_BLOCK_HEADER_BYTES], edge[sizeof(want)];
	size_t edge_len, len;
	enum err_code code;

	*ret_len = 0;
	if (r->left_bytes == 0)
		return r->damaged ? damaged(r, r->damaged_at, err) : ERR_OK;
	r->fetched_at = r->file_at;
	edge_len = begin(r, want);
	len = at_most(cap, r->block_left);
	code = read_parts(r,
			  (struct iovec[]){
				  { .iov_base = edge, .iov_len = edge_len },
				  { .iov_base = bytes, .iov_len = len },
				  { .iov_base = r->fetched_sum,
				    .iov_len = len == r->frame_left && !r->bare ? FRAME_CHECKSUM_BYTES : 0 },
			  },
			  3, err);
	if (code != ERR_OK)
		return code;
	if (memcmp(edge, want, edge_len) != 0)
		return damaged(r, r->fetched_at, err);
	r->block_left -= (uint32_t)len;
	r->frame_left -= (uint32_t)len;
	r->left_bytes -= len;
	*ret_len = len;
	return ERR_OK;
}

void raw_reader_settle(struct raw_reader *r)
{
	if (r->frame_left > 0 || r->bare || r->damaged ||
	    get_le(r->fetched_sum, FRAME_CHECKSUM_BYTES) == checksum_value(&r->sum))
		return;
	r->damaged = true;
	r->damaged_at = r->fetched_at;
}

static enum err_code raw_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct raw_reader *r = OUTER_OF(in, struct raw_reader, in);
	enum err_code code = raw_reader_fetch(r, bytes, cap, ret_len, err);

	if (code != ERR_OK || *ret_len == 0 || !r->check_sums)
		return code;
	checksum_add(&r->sum, bytes, *ret_len);
	raw_reader_settle(r);
	return ERR_OK;
}

void raw_reader_init(struct raw_reader *r, const struct frame_file *file, bool check_sums)
{
	*r = (struct raw_reader){ .in = { .read = raw_read }, .file = file, .check_sums = check_sums };
}

void raw_reader_aim_at(struct raw_reader *r, uint64_t file_at, uint64_t content_bytes)
{
	r->file_at = file_at;
	r->left_bytes = content_bytes;
	r->frame_left = r->block_left = 0;
	r->bare = r->damaged = false;
}

void raw_reader_aim(struct raw_reader *r, uint64_t begin, uint64_t end)
{
	const struct seek_table *t = r->file->seek;

	raw_reader_aim_at(r, begin < end ? t->entries[seek_find(t, begin)].file_offset : 0, end - begin);
}

void raw_reader_aim_bare(struct raw_reader *r, uint64_t begin, uint64_t end)
{
	raw_reader_aim(r, begin, end);
	r->bare = true;
}
