/* A message of a containerd's, as deep as it goes. */
#include "common/mem.h"
#include "import/protobuf.h"
#include "tests/fuzz/fuzz.h"

/* Every length stays within the message that it stands in. */
static void look(const void *bytes, size_t len, unsigned depth)
{
	const char *at = bytes;
	struct pb_field f, key, value;
	struct pb_in in;
	char room[16];

	pb_in_init(&in, bytes, len);
	while (pb_next(&in, &f)) {
		if (!f.is_bytes)
			continue;
		FUZZ_HOLDS((const char *)f.bytes >= at && (const char *)f.bytes + f.len <= at + len);
		FUZZ_HOLDS(!pb_text_into(&f, room, sizeof(room)) || strlen(room) == f.len);
		if (pb_read_entry(&f, &key, &value))
			FUZZ_HOLDS(key.len + value.len <= f.len);
		if (depth > 0)
			look(f.bytes, f.len, depth - 1);
	}
	FUZZ_HOLDS(in.failed || in.at == in.end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look(data, size, 3);
	return 0;
}
