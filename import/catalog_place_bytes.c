/* The part of catalog_place.h that reads blobs. */
#include <inttypes.h>

#include "common/file.h"
#include "common/mem.h"
#include "import/catalog_place.h"

static enum err_code check_size(const struct digest *digest, uint64_t is, uint64_t said, uint64_t max_bytes,
				struct err *err)
{
	if (said != CATALOG_ANY_SIZE && is != said)
		return err_set(err, ERR_SIZE, "%s: has %" PRIu64 " bytes, not %" PRIu64, digest->text, is, said);
	if (is > max_bytes)
		return err_set(err, ERR_LIMIT, "%s: has %" PRIu64 " bytes, more than %" PRIu64 " are not read here",
			       digest->text, is, max_bytes);
	return ERR_OK;
}

static enum err_code read_proved_stream(struct instream *in, const struct digest *digest, uint64_t size_bytes,
					struct buf *out, struct err *err)
{
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	struct buf_stage stage;
	enum err_code code;

	buf_init(out, size_bytes);
	buf_stage_init(&stage, out);
	code = proof_stage_init(&proof, digest, size_bytes, &stage.out, err);
	return code == ERR_OK ? stream_copy(in, &proof.out, err) : code;
}

static enum err_code read_from_bundle(const struct catalog_place *p, const struct digest *digest, uint64_t said,
				      uint64_t max_bytes, struct buf *out, struct err *err)
{
	struct instream *in = NULL;
	uint64_t size_bytes = 0;
	enum err_code code = bundle_blob_sized(p->bundle, digest, &in, &size_bytes, err);

	if (code != ERR_OK)
		return code;
	code = check_size(digest, size_bytes, said, max_bytes, err);
	if (code == ERR_OK)
		code = read_proved_stream(in, digest, size_bytes, out, err);
	instream_release(in);
	return code;
}

static enum err_code read_from_layout(const struct catalog_place *p, const struct digest *digest, uint64_t said,
				      uint64_t max_bytes, struct buf *out, struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	uint64_t size_bytes = 0;
	struct fd_stream in;
	enum err_code code = layout_blob_file(p->layout, digest, &fd, &size_bytes, err);

	if (code == ERR_OK)
		code = check_size(digest, size_bytes, said, max_bytes, err);
	if (code != ERR_OK)
		return code;
	fd_stream_init(&in, fd, 0, size_bytes, digest->text);
	return read_proved_stream(&in.in, digest, size_bytes, out, err);
}

enum err_code place_lists(const struct catalog_place *p, const struct digest *digest, bool *ret_listed, struct err *err)
{
	enum err_code code = place_check(p, err);

	*ret_listed = false;
	if (code != ERR_OK)
		return code;
	if (p->bundle != NULL)
		return place_blame(p, bundle_lists(p->bundle, digest, ret_listed, err), err);
	*ret_listed = p->layout != NULL && layout_is_there(p->layout, digest);
	return ERR_OK;
}

enum err_code place_read(const struct catalog_place *p, const struct digest *digest, uint64_t size_bytes,
			 uint64_t max_bytes, struct buf *out, struct err *err)
{
	enum err_code code;

	if (p->bundle == NULL && p->layout == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s: has no %s", p->name, digest->text);
	code = p->bundle != NULL ? read_from_bundle(p, digest, size_bytes, max_bytes, out, err)
				 : read_from_layout(p, digest, size_bytes, max_bytes, out, err);
	if (code == ERR_DIGEST || code == ERR_SIZE) {
		err_add(err, "%s: %s", p->name, digest->text);
		code = err_recode(err, ERR_DAMAGED);
	}
	return place_blame(p, code, err);
}
