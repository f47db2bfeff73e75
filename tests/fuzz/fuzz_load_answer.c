/* What a Docker daemon answers to a load, cut into pieces anywhere. */
#include "common/mem.h"
#include "import/load_answer.h"
#include "tests/fuzz/fuzz.h"

static bool is_expected(void *ctx, const char *name)
{
	(void)ctx;
	return strchr(name, ':') != NULL;
}

static enum err_code answer(const uint8_t *data, size_t size, size_t step, struct load_answer *a, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t at;

	load_answer_init(a, is_expected, NULL);
	for (at = 0; code == ERR_OK && at < size; at += step)
		code = outstream_write(&a->out, data + at, size - at < step ? size - at : step, err);
	return code == ERR_OK ? outstream_finish(&a->out, err) : code;
}

/* Where it is cut makes no difference. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(load_answer_release) struct load_answer whole = { .loaded = 0 };
	CLEANUP(load_answer_release) struct load_answer cut = { .loaded = 0 };
	struct err err = { 0 }, cut_err = { 0 };
	enum err_code code = answer(data, size, size + 1, &whole, &err);

	fuzz_told(code, &err);
	FUZZ_HOLDS(answer(data, size, size > 0 ? 1 + data[0] % 64 : 1, &cut, &cut_err) == code);
	FUZZ_HOLDS(strcmp(err.msg, cut_err.msg) == 0 && whole.loaded == cut.loaded);
	FUZZ_HOLDS(strcmp(whole.error, cut.error) == 0 && strcmp(whole.unpack, cut.unpack) == 0);
	return 0;
}
