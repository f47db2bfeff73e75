#include "import/streams.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "common/file.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "import/store.h"
#include "import/targets.h"

/* The folder that remembers, and the file in it. */
struct memory {
	char *folder, *path;
	struct json_t *json; /* NULL: nothing yet */
};

static void memory_release(struct memory *m)
{
	js_free(m->json);
	free(m->folder);
	free(m->path);
}

static enum err_code file_name(const char *target, struct buf *out, struct err *err)
{
	enum err_code code = ERR_OK;

	for (; code == ERR_OK && *target != '\0'; target++) {
		if (*target == '/' || *target == '%')
			code = buf_add(out, *target == '/' ? "%2F" : "%25", 3, err);
		else
			code = buf_add(out, target, 1, err);
	}
	return code;
}

/* What of a target's name is a path, of a folder or a socket; NULL for what is at a host. */
static const char *path_in(const char *target)
{
	static const char *const before[] = { "store ", LAYOUT_TRANSPORT, DAEMON_TRANSPORT, CONTAINERD_TRANSPORT };
	size_t i;

	for (i = 0; i < COUNT_OF(before); i++) {
		if (text_starts(target, before[i]))
			return strstr(target, "://") == NULL ? target + strlen(before[i]) : NULL;
	}
	return NULL;
}

/* However a folder or a socket is spelled, it is one target. */
static enum err_code one_spelling(const char *target, char **ret_name, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(free_ptr) char *real = NULL;
	const char *begin = path_in(target), *rest = begin != NULL ? strstr(begin, " (namespace ") : NULL;
	enum err_code code;

	if (begin == NULL)
		return str_copy(target, ret_name, err);
	if (rest == NULL)
		rest = begin + strlen(begin);
	code = str_format(&path, err, "%.*s", (int)(rest - begin), begin);
	if (code == ERR_OK)
		code = path_real(path, &real, err);
	return code == ERR_OK ? str_format(ret_name, err, "%.*s%s%s", (int)(begin - target), target, real, rest) : code;
}

static enum err_code memory_open(struct memory *m, const char *target, struct err *err)
{
	CLEANUP(buf_release) struct buf name = { .max = LIMIT_TEXT_BYTES };
	CLEANUP(free_ptr) char *store = NULL;
	CLEANUP(free_ptr) char *one = NULL;
	enum err_code code = store_path(&store, err);

	if (code == ERR_OK)
		code = one_spelling(target, &one, err);
	if (code == ERR_OK)
		code = file_name(one, &name, err);
	if (code == ERR_OK)
		code = str_format(&m->folder, err, "%s.streams", store);
	return code == ERR_OK ? str_format(&m->path, err, "%s/%s.json", m->folder, buf_text(&name)) : code;
}

/* What holds no number for a stream does not say which serials came before. */
static enum err_code check_numbers(const struct memory *m, struct err *err)
{
	const struct json_t *streams = js_object(m->json, "streams");
	const char *key;
	uint64_t serial;

	if (streams == NULL)
		return err_set(err, ERR_FORMAT, "%s: no \"streams\"", m->path);
	for (key = js_next(streams, NULL); key != NULL; key = js_next(streams, key)) {
		if (!js_uint(streams, key, &serial))
			return err_set(err, ERR_FORMAT, "%s: no number for stream %s", m->path, key);
	}
	return ERR_OK;
}

static enum err_code memory_read(struct memory *m, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { .max = LIMIT_ANSWER_BYTES };
	struct err why = { .code = ERR_OK };
	enum err_code code = file_read(m->path, &bytes, &why);

	if (code == ERR_NOT_FOUND)
		return ERR_OK;
	if (code == ERR_OK)
		code = js_read(buf_text(&bytes), bytes.len, m->path, &m->json, &why);
	if (code == ERR_OK)
		code = check_numbers(m, &why);
	if (code == ERR_OK)
		return ERR_OK;
	err_set(err, code,
		"%s: which serials came before cannot be read, so none is known to be newer; remove it to begin anew",
		why.msg);
	return code == ERR_FORMAT ? err_recode(err, ERR_DAMAGED) : code;
}

/* The highest serial of a stream so far; 0 for none. */
static uint64_t highest(const struct memory *m, const char *stream)
{
	const struct json_t *streams = m->json != NULL ? js_object(m->json, "streams") : NULL;
	uint64_t serial = 0;

	return streams != NULL && js_uint(streams, stream, &serial) ? serial : 0;
}

enum err_code streams_check(const char *target, const struct description_notes *notes, bool rollback, struct err *err)
{
	CLEANUP(memory_release) struct memory m = { 0 };
	enum err_code code;
	uint64_t had;

	if (notes->stream == NULL)
		return ERR_OK;
	code = memory_open(&m, target, err);
	if (code == ERR_OK)
		code = memory_read(&m, err);
	if (code != ERR_OK)
		return code;
	had = highest(&m, notes->stream);
	if (notes->serial > had || rollback)
		return ERR_OK;
	return err_set(err, ERR_ROLLBACK,
		       "this is serial %" PRIu64 " of stream %s, and %s has had serial %" PRIu64
		       ": nothing older and nothing twice, unless --allow-rollback says so",
		       notes->serial, notes->stream, target, had);
}

static void put_streams(struct js_out *o, const struct memory *m, const struct description_notes *notes)
{
	const struct json_t *old = m->json != NULL ? js_object(m->json, "streams") : NULL;
	const char *key;

	js_begin(o, '{');
	for (key = old != NULL ? js_next(old, NULL) : NULL; key != NULL; key = js_next(old, key)) {
		if (strcmp(key, notes->stream) == 0)
			continue;
		js_key(o, key);
		js_put_value(o, js_get(old, key));
	}
	js_member_uint(o, notes->stream, notes->serial);
	js_end(o, '}');
}

static enum err_code memory_write(const struct memory *m, const struct description_notes *notes, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_ANSWER_BYTES };
	struct buf_stage stage;
	struct js_out o;
	enum err_code code;

	buf_stage_init(&stage, &text);
	js_out_init(&o, &stage.out, true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_key(&o, "streams");
	put_streams(&o, m, notes);
	js_end(&o, '}');
	code = js_end_document(&o, err);
	return code == ERR_OK ? file_replace(m->path, buf_text(&text), text.len, err) : code;
}

/* Imports that end at the same time record one after the other. */
static enum err_code lock_folder(const struct memory *m, int *ret_fd, struct err *err)
{
	enum err_code code = folder_make(m->folder, err);

	if (code != ERR_OK)
		return code;
	*ret_fd = open(m->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd >= 0 && flock(*ret_fd, LOCK_EX) == 0 ? ERR_OK : err_errno(err, m->folder);
}

enum err_code streams_record(const char *target, const struct description_notes *notes, struct err *err)
{
	CLEANUP(memory_release) struct memory m = { 0 };
	CLEANUP(close_fd) int lock = -1;
	enum err_code code;

	if (notes->stream == NULL)
		return ERR_OK;
	code = memory_open(&m, target, err);
	if (code == ERR_OK)
		code = lock_folder(&m, &lock, err);
	if (code == ERR_OK)
		code = memory_read(&m, err);
	if (code != ERR_OK || notes->serial <= highest(&m, notes->stream))
		return code;
	return memory_write(&m, notes, err);
}
