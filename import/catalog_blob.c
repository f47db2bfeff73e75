#include "import/catalog_blob.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/frame.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "import/catalog_private.h"

static int file_of(const struct catalog_blob *b)
{
	return b->fd >= 0 ? b->fd : bundle_fd(b->place->bundle);
}

/* ---- finding ---- */

/* Only what a bundle of few images says of itself is at hand; else a manifest says it in its own words. */
static const char *described_type(const struct catalog_place *p, const struct digest *digest)
{
	const struct description *d = bundle_description(p->bundle);
	size_t blob = description_find(d, digest);

	return blob != BLOB_NONE ? d->blobs[blob].media_type : NULL;
}

static enum err_code find_in_bundle(struct catalog_blob *b, struct err *err)
{
	struct bundle_place place = { 0 };
	enum err_code code = bundle_place(b->place->bundle, &b->digest, &place, err);

	if (code != ERR_OK)
		return code;
	b->size_bytes = place.size_bytes;
	b->media_type = described_type(b->place, &b->digest);
	b->framed = place.stored == STORED_RAW;
	b->coded = !b->framed;
	b->file_at = place.file_at;
	return ERR_OK;
}

enum err_code catalog_blob_of(struct catalog_view *v, struct catalog_place *place, const struct digest *digest,
			      struct catalog_blob *ret_blob, struct err *err)
{
	struct catalog_blob b = { .digest = *digest, .catalog = v->catalog, .place = place, .fd = -1 };
	enum err_code code = place_check(place, err);

	if (code == ERR_OK && place->bundle != NULL)
		code = find_in_bundle(&b, err);
	else if (code == ERR_OK && place->layout != NULL)
		code = layout_blob_file(place->layout, digest, &b.fd, &b.size_bytes, err);
	else if (code == ERR_OK)
		code = err_set(err, ERR_NOT_FOUND, "%s: has no blob %s", place->name, digest->text);
	if (code == ERR_OK)
		code = identity_of_fd(file_of(&b), place->name, &b.file, err);
	if (code != ERR_OK) {
		close_fd(&b.fd);
		return place_blame(place, code, err);
	}
	place_hold(place);
	*ret_blob = b;
	return ERR_OK;
}

/* What one place lacks another may have; but what cannot be told of one that is gone, is told. */
enum err_code catalog_blob_find(struct catalog_view *v, const struct digest *digest, struct catalog_blob *ret_blob,
				struct err *err)
{
	struct err gone = { 0 };
	enum err_code code = ERR_NOT_FOUND;
	size_t i;

	for (i = 0; code != ERR_OK && i < v->places_len; i++) {
		code = catalog_blob_of(v, v->places[i], digest, ret_blob, err);
		if (code != ERR_OK && code != ERR_NOT_FOUND && gone.code == ERR_OK && err != NULL)
			gone = *err;
	}
	if (code != ERR_OK && gone.code != ERR_OK)
		*err = gone;
	else if (i == 0)
		return err_set(err, ERR_NOT_FOUND, "%s: no such blob here", digest->text);
	return code != ERR_OK && gone.code != ERR_OK ? gone.code : code;
}

void catalog_blob_release(struct catalog_blob *b)
{
	if (b->place == NULL)
		return;
	close_fd(&b->fd);
	place_drop(b->place);
	*b = (struct catalog_blob){ .fd = -1 };
}

/* ---- reading ---- */

enum err_code catalog_blob_check_size(const struct catalog_blob *b, uint64_t said_bytes, struct err *err)
{
	if (b->size_bytes == said_bytes)
		return ERR_OK;
	return err_set(err, ERR_DAMAGED, "%s: %s has %" PRIu64 " bytes there, and its manifest says %" PRIu64,
		       b->place->name, b->digest.text, b->size_bytes, said_bytes);
}

bool catalog_blob_piece(const struct catalog_blob *b, uint64_t at, int *ret_fd, uint64_t *ret_offset, uint64_t *ret_len)
{
	if (b->coded)
		return false;
	*ret_fd = file_of(b);
	*ret_offset = at;
	*ret_len = b->size_bytes - at;
	if (b->framed)
		*ret_offset = b->file_at + frame_raw_at(at, b->size_bytes, ret_len);
	return true;
}

/* The pieces one after the other. */
struct piece_stream {
	struct instream in;
	const struct catalog_blob *blob; /* borrowed */
	uint64_t at, end;
};

static enum err_code piece_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct piece_stream *s = OUTER_OF(in, struct piece_stream, in);
	uint64_t offset = 0, len = 0;
	enum err_code code;
	int fd = -1;

	*ret_len = 0;
	if (s->at == s->end)
		return ERR_OK;
	catalog_blob_piece(s->blob, s->at, &fd, &offset, &len);
	if (len > s->end - s->at)
		len = s->end - s->at;
	if (len > cap)
		len = cap;
	code = read_at(fd, bytes, (size_t)len, offset, s->blob->place->name, err);
	if (code != ERR_OK)
		return place_blame(s->blob->place, code, err);
	s->at += len;
	*ret_len = (size_t)len;
	return ERR_OK;
}

static void piece_release(struct instream *in)
{
	free(OUTER_OF(in, struct piece_stream, in));
}

enum err_code catalog_blob_open(const struct catalog_blob *b, uint64_t from, uint64_t end, struct instream **ret_in,
				struct err *err)
{
	struct piece_stream *s;

	if (b->coded)
		return place_blame(b->place, bundle_blob_part(b->place->bundle, &b->digest, from, end, ret_in, err),
				   err);
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return err_nomem(err);
	*s = (struct piece_stream){
		.in = { .read = piece_read, .release = piece_release },
		.blob = b,
		.at = from,
		.end = end,
	};
	*ret_in = &s->in;
	return ERR_OK;
}

enum err_code catalog_blob_unchanged(const struct catalog_blob *b, struct err *err)
{
	struct file_identity now = { 0 };
	enum err_code code = identity_of_fd(file_of(b), b->place->name, &now, err);

	if (code == ERR_OK && !identity_equal(&now, &b->file))
		return err_set(err, ERR_IO, "%s: was changed while %s was read", b->place->name, b->digest.text);
	return code;
}

/* ---- proofs ---- */

static struct catalog_proof *find_proof(const struct catalog *c, const struct digest *digest)
{
	size_t i;

	for (i = 0; i < c->proofs_len; i++) {
		if (digest_equal(&c->proofs[i].digest, digest))
			return &c->proofs[i];
	}
	return NULL;
}

bool catalog_blob_proved(const struct catalog_blob *b)
{
	const struct catalog_proof *proof;
	bool is;

	pthread_mutex_lock(&b->catalog->lock);
	proof = find_proof(b->catalog, &b->digest);
	is = proof != NULL && identity_untouched(&proof->file, &b->file);
	pthread_mutex_unlock(&b->catalog->lock);
	return is;
}

void catalog_blob_set_proved(const struct catalog_blob *b)
{
	struct catalog *c = b->catalog;
	struct catalog_proof *proof;
	struct file_identity now;

	if (identity_of_fd(file_of(b), b->digest.text, &now, NULL) != ERR_OK || !identity_untouched(&now, &b->file))
		return;
	pthread_mutex_lock(&c->lock);
	proof = find_proof(c, &b->digest);
	if (proof == NULL) {
		proof = &c->proofs[c->proofs_next];
		c->proofs_next = (c->proofs_next + 1) % LIMIT_SERVED_PROOFS;
		c->proofs_len += c->proofs_len < LIMIT_SERVED_PROOFS;
	}
	assert(proof != NULL);
	*proof = (struct catalog_proof){ .digest = b->digest, .file = now };
	pthread_mutex_unlock(&c->lock);
}
