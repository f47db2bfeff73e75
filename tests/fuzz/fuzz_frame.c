/* Frames, the seek table and the head, as bytes of a file. */
#include <sys/mman.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "bundles/frame_read.h"
#include "bundles/head.h"
#include "common/file.h"
#include "common/mem.h"
#include "tests/fuzz/fuzz.h"

#define CONTENT_MAX (1 << 22)

/* Read to the end in odd steps: never more than was asked for, and the end stays the end. */
static void drain(struct instream *in, uint64_t want_bytes)
{
	char chunk[1009];
	uint64_t got_bytes = 0;
	size_t len = 1;
	struct err err = { 0 };
	enum err_code code = ERR_OK;

	while (code == ERR_OK && len > 0) {
		code = instream_read(in, chunk, sizeof(chunk), &len, &err);
		got_bytes += code == ERR_OK ? len : 0;
		FUZZ_HOLDS(got_bytes <= want_bytes);
	}
	fuzz_told(code, &err);
	FUZZ_HOLDS(code == ERR_OK || code == ERR_DAMAGED || code == ERR_SIZE);
	FUZZ_HOLDS(code != ERR_OK || got_bytes == want_bytes);
}

/* Two frames of this file: the second one begins where the first two bytes say, and holds what the next two say. */
static void read_frames(int fd, const uint8_t *data, size_t size)
{
	CLEANUP(seek_release) struct seek_table seek = { 0 };
	CLEANUP(zstd_reader_release) struct zstd_reader zstd = { 0 };
	struct raw_reader raw;
	struct frame_file file = { .fd = fd, .name = "file", .seek = &seek };
	uint64_t first = get_le(data, 2) % (size + 1), content = get_le(data + 2, 2) * 64 % CONTENT_MAX;

	FUZZ_HOLDS(seek_init(&seek, NULL) == ERR_OK);
	FUZZ_HOLDS(seek_add(&seek, first, content / 2, NULL) == ERR_OK);
	FUZZ_HOLDS(seek_add(&seek, size - first, content - content / 2, NULL) == ERR_OK);
	if (content == 0)
		return;
	FUZZ_HOLDS(zstd_reader_init(&zstd, &file, NULL) == ERR_OK);
	zstd_reader_aim(&zstd, 0, content, NULL);
	drain(&zstd.in, content);
	zstd_reader_aim(&zstd, content / 2, content, NULL);
	drain(&zstd.in, content - content / 2);
	zstd_reader_aim(&zstd, content / 3, content / 3 * 2, NULL);
	drain(&zstd.in, content / 3 * 2 - content / 3);
	raw_reader_init(&raw, &file, true);
	raw_reader_aim(&raw, 0, content);
	drain(&raw.in, content);
	raw_reader_aim_bare(&raw, content / 2, content);
	drain(&raw.in, content - content / 2);
}

static void read_tables(int fd, const uint8_t *data, size_t size)
{
	CLEANUP(seek_release) struct seek_table seek = { 0 };
	struct head head;
	struct err err = { 0 }, head_err = { 0 };
	enum err_code code = seek_read(fd, size, "file", &seek, &err);
	size_t i;

	fuzz_told(code, &err);
	for (i = 0; code == ERR_OK && i < seek.len; i++) {
		const struct seek_entry *e = &seek.entries[i];

		FUZZ_HOLDS(e[1].file_offset >= e->file_offset && e[1].file_offset <= size);
		FUZZ_HOLDS(e[1].tar_offset == e->tar_offset || seek_find(&seek, e->tar_offset) == i);
	}
	fuzz_told(head_read(data, size < HEAD_END ? size : HEAD_END, "file", &head, &head_err), &head_err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(close_fd) int fd = memfd_create("frame", 0);

	FUZZ_HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	read_tables(fd, data, size);
	FUZZ_HOLDS(ftruncate(fd, 0) == 0);
	if (size < 4)
		return 0;
	FUZZ_HOLDS(pwrite(fd, data + 4, size - 4, 0) == (ssize_t)size - 4);
	read_frames(fd, data, size - 4);
	return 0;
}
