#include "export/spool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"

enum err_code spool_open(struct spool *s, const char *path, struct err *err)
{
	CLEANUP(free_ptr) char *folder = NULL;
	enum err_code code = folder_of(path, &folder, err);

	*s = (struct spool){ .fd = -1 };
	if (code == ERR_OK)
		code = str_format(&s->name, err, "temporary file in %s", folder);
	if (code != ERR_OK)
		return code;
	return file_nameless(folder, &s->fd, err);
}

enum err_code spool_reserve(struct spool *s, uint32_t node, uint64_t size_bytes, struct fd_stage *ret_out,
			    struct err *err)
{
	enum err_code code =
		vec_grow(&s->offsets, &s->offsets_cap, (size_t)node + 1, sizeof(*s->offsets), LIMIT_NODES, err);

	if (code != ERR_OK)
		return code;
	s->offsets[node] = s->end_bytes;
	fd_stage_init(ret_out, s->fd, s->end_bytes, s->name);
	s->end_bytes += size_bytes;
	return ERR_OK;
}

enum err_code spool_put(struct spool *s, uint32_t node, const void *bytes, size_t len, struct err *err)
{
	struct fd_stage out;
	enum err_code code = spool_reserve(s, node, len, &out, err);

	return code == ERR_OK ? outstream_write(&out.out, bytes, len, err) : code;
}

void spool_read(const struct spool *s, uint32_t node, uint64_t size_bytes, struct fd_stream *ret_in)
{
	assert(node < s->offsets_cap);
	fd_stream_init(ret_in, s->fd, s->offsets[node], size_bytes, s->name);
}

void spool_release(struct spool *s)
{
	close_fd(&s->fd);
	free(s->name);
	free(s->offsets);
	*s = (struct spool){ .fd = -1 };
}
