/* The part of the HTTP server that sends bodies: from memory, out of a file, or through a decoder, and proves them. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/serve_http_private.h"

#define BLOCK_BYTES (128 * KIB)
#define BLOCK_BYTES_MANY (16 * KIB) /* where so many bodies are sent that the large ones would add up */
#define BODIES_MANY 32
#define PROOFS_OFFLOADED 4 /* at a time; others are hashed by whoever sends them */

/* An answer while it is sent. */
struct body {
	struct serve_http *server;
	struct exchange *exchange; /* borrowed; it ends after the last byte */
	struct serve_answer answer;
	size_t held_bytes;   /* of one in memory */
	struct turn turn;    /* of a blob that is decoded */
	struct instream *in; /* of that too; opened with its first byte */
	/* Of one that is sent whole and was not proved yet: its bytes go through a proof into nothing. */
	struct outstream *proving; /* NULL: it is not proved; else offload or, where others have all of that, proof */
	struct offload offload;
	struct proof_stage proof;
	struct outstream nothing;
};

static bool is_blob(const struct serve_answer *a)
{
	return a->blob.place != NULL;
}

static void free_body(void *ctx)
{
	struct body *b = ctx;

	if (b->in != NULL)
		instream_release(b->in);
	if (is_blob(&b->answer))
		atomic_fetch_sub(&b->server->bodies, 1);
	atomic_fetch_sub(&b->server->held_bytes, b->held_bytes);
	serve_http_turn_give(b->server, &b->turn);
	if (b->offload.room != NULL)
		atomic_fetch_sub(&b->server->proofs, 1);
	offload_release(&b->offload);
	proof_stage_release(&b->proof);
	serve_answer_release(&b->answer);
	free(b);
}

/* ---- a blob ---- */

static enum err_code read_pieces(const struct body *b, uint64_t at, char *out, size_t len, struct err *err)
{
	const struct catalog_blob *blob = &b->answer.blob;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && len > 0) {
		uint64_t offset = 0, piece = 0;
		size_t part;
		int fd = -1;

		catalog_blob_piece(blob, at, &fd, &offset, &piece);
		part = piece < len ? (size_t)piece : len;
		code = read_at(fd, out, part, offset, blob->digest.text, err);
		at += part;
		out += part;
		len -= part;
	}
	return code;
}

static enum err_code read_decoded(struct body *b, char *out, size_t len, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t part = 1;

	if (b->in == NULL)
		code = catalog_blob_open(&b->answer.blob, b->answer.blob_from, b->answer.blob_end, &b->in, err);
	while (code == ERR_OK && len > 0 && part > 0) {
		code = instream_read(b->in, out, len, &part, err);
		out += part;
		len -= part;
	}
	return code == ERR_OK && len > 0 ? err_set(err, ERR_DAMAGED, "a blob ends early") : code;
}

/* Before the last bytes go: all of them are what they must be, or what was proved before is still the same file. */
static enum err_code prove(struct body *b, const char *bytes, size_t len, bool last, struct err *err)
{
	const struct catalog_blob *blob = &b->answer.blob;
	enum err_code code = ERR_OK;

	if (b->proving != NULL)
		code = outstream_write(b->proving, bytes, len, err);
	if (code != ERR_OK || !last)
		return code;
	if (b->proving == NULL)
		return catalog_blob_unchanged(blob, err);
	code = outstream_finish(b->proving, err);
	if (code == ERR_OK)
		catalog_blob_set_proved(blob);
	return code == ERR_DIGEST || code == ERR_SIZE ? err_add(err, "the connection is cut before its last byte")
						      : code;
}

static ssize_t send_blob(void *ctx, uint64_t pos, char *out, size_t max)
{
	struct body *b = ctx;
	uint64_t at = b->answer.blob_from + pos, left = b->answer.blob_end - at;
	size_t len = left < max ? (size_t)left : max;
	struct err err = { .code = ERR_OK };
	enum turn_state turn = TURN_TAKEN;
	enum err_code code;

	if (b->answer.blob.coded)
		turn = serve_http_turn_take(b->server, &b->turn, b->exchange);
	if (turn == TURN_WAITS)
		return 0;
	if (turn == TURN_OVER)
		code = err_set(&err, ERR_IO, "no turn to decode %s", b->answer.blob.digest.text);
	else
		code = b->answer.blob.coded ? read_decoded(b, out, len, &err) : read_pieces(b, at, out, len, &err);
	if (code == ERR_OK)
		code = prove(b, out, len, len == left, &err);
	if (code != ERR_OK) {
		serve_http_report(b->exchange, err.msg);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	b->exchange->bytes += len;
	atomic_store(&b->exchange->connection->sent_bytes, pos + len);
	return (ssize_t)len;
}

static enum err_code swallow(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	(void)out;
	(void)bytes;
	(void)len;
	(void)err;
	return ERR_OK;
}

/* Hashing takes as long as sending: both at once, where there is room for what is sent before it is hashed. */
static enum err_code offload_proof(struct body *b, struct err *err)
{
	enum err_code code = ERR_OK;

	b->proving = &b->proof.out;
	if (atomic_fetch_add(&b->server->proofs, 1) < PROOFS_OFFLOADED)
		code = offload_init(&b->offload, b->server->hashing, &b->proof.out, err);
	if (b->offload.room != NULL)
		b->proving = &b->offload.out;
	else
		atomic_fetch_sub(&b->server->proofs, 1);
	return code;
}

/* A range says nothing of the whole: whoever asks for it puts it together, and proves that. */
static enum err_code begin_proof(struct body *b, struct err *err)
{
	const struct serve_answer *a = &b->answer;
	enum err_code code;

	if (a->blob_from > 0 || a->blob_end < a->blob.size_bytes || catalog_blob_proved(&a->blob))
		return ERR_OK;
	b->nothing.write = swallow;
	code = proof_stage_init(&b->proof, &a->blob.digest, a->blob.size_bytes, &b->nothing, err);
	return code == ERR_OK ? offload_proof(b, err) : code;
}

/* ---- any body ---- */

/* Shared bytes are counted for each who is sent them: nobody keeps them for others once they are not asked for. */
static size_t held_by(const struct serve_answer *a)
{
	if (is_blob(a))
		return 0;
	return a->text.cap + (a->bytes != NULL ? a->bytes->len : 0);
}

bool serve_http_has_room(struct serve_http *s, const struct serve_answer *answer)
{
	size_t held = atomic_load(&s->held_bytes), more = held_by(answer);

	return more == 0 || held == 0 || held + more <= LIMIT_SERVE_HELD_BYTES;
}

static struct MHD_Response *respond(struct body *b)
{
	const struct serve_answer *a = &b->answer;
	const char *bytes = a->bytes != NULL ? a->bytes->data + a->bytes_from : buf_text(&a->text);
	bool many = atomic_load(&b->server->bodies) > BODIES_MANY;

	if (is_blob(a))
		return MHD_create_response_from_callback(
			a->blob_end - a->blob_from, many ? BLOCK_BYTES_MANY : BLOCK_BYTES, send_blob, b, free_body);
	return MHD_create_response_from_buffer_with_free_callback_cls(
		(size_t)serve_answer_len(a), (void *)(uintptr_t)bytes, free_body, b); /* it only reads them */
}

struct MHD_Response *serve_http_body(struct serve_http *s, struct exchange *x, struct serve_answer *answer,
				     bool is_head)
{
	struct body *b = calloc(1, sizeof(*b));
	struct MHD_Response *response;

	if (b == NULL) {
		serve_answer_release(answer);
		return NULL;
	}
	b->server = s;
	b->exchange = x;
	b->answer = *answer;
	b->held_bytes = held_by(answer);
	atomic_fetch_add(&s->held_bytes, b->held_bytes);
	if (is_blob(answer)) {
		atomic_fetch_add(&s->bodies, 1);
	}
	if (is_blob(answer) && !is_head && begin_proof(b, NULL) != ERR_OK) {
		free_body(b);
		return NULL;
	}
	response = respond(b);
	if (response == NULL)
		free_body(b);
	return response;
}
