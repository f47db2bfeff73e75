/* Seals and the slots that hold them, and what statements say: JSON that strangers wrote, to be shown to people. */
#include "bundles/seal.h"
#include "bundles/slot.h"
#include "common/js.h"
#include "common/mem.h"
#include "common/predicate.h"
#include "tests/fuzz/fuzz.h"

/* What is read once is written in a form that is read as the same. */
static void fuzz_seal(const void *text, size_t len)
{
	CLEANUP(buf_release) struct buf written = { .max = (size_t)2 * SEAL_TEXT_MAX };
	struct seal seal = { .hint = "" }, again = { .hint = "" };
	struct err err = { 0 };
	enum err_code code = seal_read(text, len, "seal", &seal, &err);

	fuzz_told(code, &err);
	if (code != ERR_OK)
		return;
	FUZZ_HOLDS(seal_write(&seal, &written, &err) == ERR_OK);
	FUZZ_HOLDS(seal_read(written.data, written.len, "seal", &again, &err) == ERR_OK);
	FUZZ_HOLDS(strcmp(seal.hint, again.hint) == 0 && seal.signature_len == again.signature_len);
	FUZZ_HOLDS(memcmp(seal.signature, again.signature, seal.signature_len) == 0);
}

static void fuzz_slot(const void *text, size_t len)
{
	unsigned char content[SLOT_BYTES];
	struct err err = { 0 };
	enum err_code code = slot_fill(text, len, content, &err);
	size_t got = 0;

	fuzz_told(code, &err);
	if (code != ERR_OK)
		return;
	code = slot_check(content, &got, &err);
	fuzz_told(code, &err);
	FUZZ_HOLDS(code != ERR_OK || got <= len);
	/* As it might stand in a file: every byte is free. */
	memset(content, ' ', sizeof(content));
	memcpy(content, text, len);
	memcpy(content + SLOT_BYTES - len, text, len);
	err = (struct err){ 0 };
	fuzz_told(slot_check(content, &got, &err), &err);
}

static void fuzz_statement(const void *text, size_t len)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	CLEANUP(js_free_ptr) struct json_t *again = NULL;
	CLEANUP(buf_release) struct buf written = { .max = 1 << 24 };
	struct buf_stage stage;
	char line[PREDICATE_TEXT_MAX];
	struct err err = { 0 };
	enum err_code code = js_read(text, len, "statement", &json, &err);
	struct js_out o;

	fuzz_told(code, &err);
	if (code != ERR_OK)
		return;
	FUZZ_HOLDS(strnlen(predicate_summary(json, line), sizeof(line)) < sizeof(line));
	FUZZ_HOLDS(line[strcspn(line, "\r\n\033")] == '\0');
	buf_stage_init(&stage, &written);
	js_out_init(&o, &stage.out, true);
	js_put_value(&o, json);
	FUZZ_HOLDS(js_end_document(&o, &err) == ERR_OK);
	FUZZ_HOLDS(js_read(written.data, written.len, "statement", &again, &err) == ERR_OK);
	FUZZ_HOLDS(js_contains(json, again) && js_contains(again, json));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_seal(data, size);
	fuzz_slot(data, size);
	fuzz_statement(data, size);
	return 0;
}
