/* The part of serve_registry.h that gives manifests and blobs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/limits.h"
#include "common/manifest.h"
#include "common/mem.h"
#include "import/serve_range.h"
#include "import/serve_referrers.h"
#include "import/serve_registry_private.h"

/* One value of an Accept header: does it take the type, or does it name another kind of manifest? */
static bool takes(const char *item, size_t len, const char *media_type, bool *names_manifests)
{
	char type[256];

	while (len > 0 && strchr(" \t", *item) != NULL)
		item++, len--;
	len = strcspn(item, "; \t") < len ? strcspn(item, "; \t") : len;
	if (len >= sizeof(type))
		return false;
	memcpy(type, item, len);
	type[len] = '\0';
	if (manifest_kind(type) != MANIFEST_NONE)
		*names_manifests = true;
	return strcmp(type, "*/*") == 0 || strcmp(type, "application/*") == 0 || strcasecmp(type, media_type) == 0;
}

/* Who names kinds of manifests, and not this one, could do nothing with it; who names none takes what is there. */
static bool is_accepted(const struct serve_request *request, const char *media_type)
{
	bool names_manifests = false;
	size_t i;

	for (i = 0; i < request->headers_len; i++) {
		const char *item = request->headers[i].value;

		if (strcasecmp(request->headers[i].name, "Accept") != 0)
			continue;
		while (*item != '\0') {
			size_t len = strcspn(item, ",");

			if (takes(item, len, media_type, &names_manifests))
				return true;
			item += len + (item[len] == ',');
		}
	}
	return !names_manifests;
}

static enum err_code not_accepted(struct serve_question *q, const char *media_type, struct err *err)
{
	return serve_registry_error(q->answer, 404, "MANIFEST_UNKNOWN", err,
				    "this is %s, which the request does not accept", media_type);
}

static enum err_code give_manifest(struct serve_question *q, const struct serve_found *found, struct err *err)
{
	CLEANUP(catalog_bytes_release_ptr) struct catalog_bytes *bytes = NULL;
	const struct node *node = serve_found_node(found);
	bool same;
	enum err_code code;

	if (!is_accepted(q->request, node->media_type))
		return not_accepted(q, node->media_type, err);
	code = serve_registry_mark(q, &node->digest, &same, err);
	if (code != ERR_OK || same)
		return code;
	code = catalog_bytes(q->view, found->place, &node->digest, node->size_bytes, LIMIT_MANIFEST_BYTES, &bytes, err);
	if (code == ERR_OK)
		code = serve_answer_header(q->answer, err, "Content-Type", "%s", node->media_type);
	if (code == ERR_OK)
		serve_answer_bytes(q->answer, take_ptr(&bytes));
	return code;
}

/* The index that stands under a fallback tag is made when it is asked for. */
static enum err_code give_fallback(struct serve_question *q, const struct digest *subject, const struct digest *wanted,
				   struct err *err)
{
	struct buf *text = &q->answer->text;
	struct digest digest;
	size_t len = 0;
	bool same;
	enum err_code code = serve_referrers_write(&q->repository, subject, NULL, text, &len, err);

	if (code == ERR_OK)
		code = digest_of(text->data, text->len, NULL, &digest, err);
	if (code != ERR_OK)
		return code;
	if (len == 0 || (wanted != NULL && !digest_equal(&digest, wanted)))
		return err_set(err, ERR_NOT_FOUND, "nothing refers to %s", subject->text);
	if (!is_accepted(q->request, TYPE_OCI_INDEX))
		return not_accepted(q, TYPE_OCI_INDEX, err);
	serve_recent_index(q->registry->recent, &digest, subject);
	code = serve_registry_mark(q, &digest, &same, err);
	if (same)
		buf_clear(text);
	return code == ERR_OK && !same ? serve_answer_header(q->answer, err, "Content-Type", "%s", TYPE_OCI_INDEX)
				       : code;
}

static enum err_code by_tag(struct serve_question *q, struct err *err)
{
	CLEANUP(serve_found_release) struct serve_found found = { 0 };
	const char *tag = q->path.reference;
	struct digest subject;
	enum link_kind kind;
	enum err_code code;

	if (!reference_is_tag(tag))
		return err_set(err, ERR_NOT_FOUND, "this cannot be a tag");
	code = serve_repository_tag(&q->repository, tag, &found, err);
	if (code == ERR_NOT_FOUND && serve_referrers_tag(tag, &subject, &kind)) {
		if (kind == LINK_SUBJECT)
			return give_fallback(q, &subject, NULL, err);
		code = serve_referrers_tagged(&q->repository, &subject, kind, &found, err);
	}
	return code == ERR_OK ? give_manifest(q, &found, err) : code;
}

static enum err_code by_digest(struct serve_question *q, const struct digest *digest, struct err *err)
{
	CLEANUP(serve_found_release) struct serve_found found = { 0 };
	struct digest subject;
	enum err_code code = serve_repository_find(&q->repository, digest, &found, err);

	if (code == ERR_NOT_FOUND && serve_recent_subject(q->registry->recent, digest, &subject))
		return give_fallback(q, &subject, digest, err);
	if (code != ERR_OK)
		return code;
	if (!role_is_manifest(serve_found_node(&found)->role))
		return err_set(err, ERR_NOT_FOUND, "%s is no manifest", digest->text);
	return give_manifest(q, &found, err);
}

enum err_code serve_registry_manifest(struct serve_question *q, struct err *err)
{
	struct digest digest;
	enum err_code code;

	if (strchr(q->path.reference, ':') == NULL)
		code = by_tag(q, err);
	else if (serve_registry_digest(q, &digest, &code, err))
		code = by_digest(q, &digest, err);
	if (code != ERR_NOT_FOUND)
		return code;
	return serve_registry_error(q->answer, 404, "MANIFEST_UNKNOWN", NULL, "no manifest %s in %s", q->path.reference,
				    q->repository.name);
}

static enum err_code none_of_it(struct serve_question *q, uint64_t size_bytes, struct err *err)
{
	enum err_code code = serve_answer_header(q->answer, err, "Content-Range", "bytes */%" PRIu64, size_bytes);

	if (code != ERR_OK)
		return code;
	return serve_registry_error(q->answer, 416, "RANGE_INVALID", err, "it has %" PRIu64 " bytes, and none of these",
				    size_bytes);
}

static enum err_code say_part(struct serve_question *q, const struct serve_range *range, uint64_t size_bytes,
			      struct err *err)
{
	if (range->kind != SERVE_RANGE_PART)
		return ERR_OK;
	q->answer->status = 206;
	return serve_answer_header(q->answer, err, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
				   range->from_bytes, range->end_bytes - 1, size_bytes);
}

/* What is small comes proved, and out of memory where it was asked for before; the rest as the file has it. */
static enum err_code give_bytes(struct serve_question *q, const struct serve_found *found,
				const struct serve_range *range, struct err *err)
{
	struct catalog_bytes *bytes = NULL;
	const struct node *node = serve_found_node(found);
	enum err_code code;

	if (node->size_bytes > LIMIT_SMALL_BLOB_BYTES || !node_is_small(node)) {
		q->answer->blob_from = range->from_bytes;
		q->answer->blob_end = range->end_bytes;
		code = catalog_blob_of(q->view, found->place, &node->digest, &q->answer->blob, err);
		return code == ERR_OK ? catalog_blob_check_size(&q->answer->blob, node->size_bytes, err) : code;
	}
	code = catalog_bytes(q->view, found->place, &node->digest, node->size_bytes, LIMIT_SMALL_BLOB_BYTES, &bytes,
			     err);
	if (code != ERR_OK)
		return code;
	serve_answer_bytes(q->answer, bytes);
	q->answer->bytes_from = (size_t)range->from_bytes;
	q->answer->bytes_len = (size_t)(range->end_bytes - range->from_bytes);
	return ERR_OK;
}

static enum err_code give_blob(struct serve_question *q, const struct serve_found *found, struct err *err)
{
	const struct node *node = serve_found_node(found);
	char etag[DIGEST_TEXT_SIZE + 2];
	struct serve_range range;
	bool same;
	enum err_code code = serve_registry_mark(q, &node->digest, &same, err);

	if (code == ERR_OK)
		code = serve_answer_header(q->answer, err, "Accept-Ranges", "bytes");
	if (code != ERR_OK || same)
		return code;
	snprintf(etag, sizeof(etag), "\"%s\"", node->digest.text);
	range = serve_range_if(serve_header(q->request, "Range"), serve_header(q->request, "If-Range"), etag,
			       node->size_bytes);
	/* A Range is for GET alone (RFC 9110, section 14.2). */
	if (q->request->method != SERVE_GET)
		range = serve_range_of(NULL, node->size_bytes);
	if (range.kind == SERVE_RANGE_NONE)
		return none_of_it(q, node->size_bytes, err);
	code = serve_answer_header(q->answer, err, "Content-Type", "application/octet-stream");
	if (code == ERR_OK)
		code = say_part(q, &range, node->size_bytes, err);
	return code == ERR_OK ? give_bytes(q, found, &range, err) : code;
}

enum err_code serve_registry_blob(struct serve_question *q, struct err *err)
{
	CLEANUP(serve_found_release) struct serve_found found = { 0 };
	struct digest digest;
	enum err_code code;

	if (!serve_registry_digest(q, &digest, &code, err))
		return code;
	code = serve_repository_find(&q->repository, &digest, &found, err);
	if (code == ERR_NOT_FOUND)
		return serve_registry_error(q->answer, 404, "BLOB_UNKNOWN", NULL, "no blob %s in %s", digest.text,
					    q->repository.name);
	return code == ERR_OK ? give_blob(q, &found, err) : code;
}
