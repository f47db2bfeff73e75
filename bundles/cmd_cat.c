/* bundle cat: the command. */
#include <string.h>

#include "bundles/commands.h"
#include "bundles/reader.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/report.h"

static enum err_code cat_blob(const struct bundle *b, const char *text, struct err *err)
{
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	struct digest digest;
	struct instream *in = NULL;
	uint64_t size_bytes = 0;
	enum err_code code = digest_parse(text, &digest, err);

	if (code != ERR_OK)
		return err_recode(err, ERR_USAGE);
	code = bundle_blob_size(b, &digest, &size_bytes, err);
	if (code == ERR_OK)
		code = bundle_blob(b, &digest, &in, err);
	if (code != ERR_OK)
		return code;
	code = proof_stage_init(&proof, &digest, size_bytes, report_stdout(), err);
	if (code == ERR_OK)
		code = stream_copy(in, &proof.out, err);
	instream_release(in);
	return code != ERR_OK ? err_add(err, "%s", bundle_path(b)) : ERR_OK;
}

static enum err_code cat_description(const struct bundle *b, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { .max = LIMIT_DESCRIPTION_BYTES };
	enum err_code code = bundle_description_read(b, &bytes, err);

	if (code == ERR_OK)
		code = outstream_write(report_stdout(), buf_text(&bytes), bytes.len, err);
	return code == ERR_OK ? outstream_finish(report_stdout(), err) : code;
}

static enum err_code cat(const char *file, const char *what, struct err *err)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	enum err_code code = bundle_open_image(file, NULL, &b, err);

	if (code != ERR_OK)
		return code;
	if (strcmp(what, "description") == 0)
		return cat_description(b, err);
	code = cat_blob(b, what, err);
	if (code != ERR_NOT_FOUND)
		return code;
	/* the table of places is no proof that it is not there: ask the whole description */
	bundle_close(take_ptr(&b));
	code = bundle_open(file, &b, err);
	return code == ERR_OK ? cat_blob(b, what, err) : code;
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	struct err err = { 0 };
	enum err_code code = cat(operands->items[0], operands->items[1], &err);

	(void)opaque;
	return report_end(c, false, code, &err);
}

const struct command cat_command = {
	.name = "cat",
	.synopsis = "FILE DIGEST|description",
	.summary = "print one blob of a bundle, or its description",
	.text = "Print one blob to standard output, straight from its place in the file. What was printed is proved "
		"only when the exit status is 0.",
	.operand = "FILE and DIGEST",
	.args_min = 2,
	.args_max = 2,
	.options_size = 1,
	.statuses = OPT_STATUS(3),
	.run = run,
};
