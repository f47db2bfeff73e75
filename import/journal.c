#include "import/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/version.h"
#include "import/store.h"

#define LOGIN_UID "/proc/self/loginuid"
#define LOGIN_NONE UINT32_MAX /* what the kernel says where nobody has logged in */

/* Null where there is nothing, so that every line has the same members. */
static void put_text(struct js_out *o, const char *key, const char *text)
{
	js_key(o, key);
	js_put_string(o, text);
}

static void put_time(struct js_out *o)
{
	char text[sizeof("2026-01-01T00:00:00Z")] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	js_member(o, "time", text);
}

/* Who had logged in before any su or sudo; kept by the kernel, so that nobody can say otherwise. */
static void put_user(struct js_out *o)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_TEXT_BYTES };
	char *end = NULL;
	unsigned long id;

	js_member_uint(o, "uid", geteuid());
	if (file_read(LOGIN_UID, &text, NULL) != ERR_OK || text.len == 0)
		return;
	id = strtoul(buf_text(&text), &end, 10);
	if (end != buf_text(&text) && id < LOGIN_NONE)
		js_member_uint(o, "loginUid", id);
}

static void put_bundle(struct js_out *o, const struct import_result *r)
{
	const struct description_notes *notes = &bundle_description(r->bundle)->notes;

	js_member(o, "file", bundle_path(r->bundle));
	js_member(o, "bundle", bundle_digest(r->bundle)->text);
	put_text(o, "stream", notes->stream);
	if (notes->stream != NULL)
		js_member_uint(o, "serial", notes->serial);
	put_text(o, "sealedBy", r->origin.proof != NULL ? seal_key_hint(r->origin.proof->key) : NULL);
	js_key(o, "keys");
	origin_put_keys(o, &r->origin);
	if (r->admission.len == 0) {
		put_text(o, "policy", NULL);
		return;
	}
	js_key(o, "policy");
	admission_put(o, &r->admission);
}

static void put_overrides(struct js_out *o, const struct import_options *options, const struct import_result *r)
{
	js_key(o, "overrides");
	js_begin(o, '[');
	if (options->replace)
		js_put_string(o, "--replace");
	if (options->allow_rollback)
		js_put_string(o, "--allow-rollback");
	if (options->to->subset_index)
		js_put_string(o, "--subset-index");
	if (r->admission.bypassed)
		js_put_string(o, "--insecure-policy");
	js_end(o, ']');
}

static void put_images(struct js_out *o, const struct plan *plan)
{
	size_t i;

	js_key(o, "images");
	js_begin(o, '[');
	for (i = 0; i < plan->graph.images_len; i++) {
		const struct plan_image *image = &plan->images[i];

		js_begin(o, '{');
		js_member(o, "name", plan->graph.images[i].name);
		put_text(o, "was", image->was.text[0] != '\0' ? image->was.text : NULL);
		put_text(o, "is", image->is.text[0] != '\0' ? image->is.text : NULL);
		js_end(o, '}');
	}
	js_end(o, ']');
}

/* With a line break in front too, for where the line before it has none. */
static enum err_code write_line(const struct import_options *options, const struct import_result *r, enum err_code code,
				const struct err *why, struct buf *line, struct err *err)
{
	struct buf_stage out;
	struct js_out o;
	enum err_code got = buf_puts(line, "\n", err);

	if (got != ERR_OK)
		return got;
	buf_stage_init(&out, line);
	js_out_init(&o, &out.out, false);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	put_time(&o);
	put_user(&o);
	js_member(&o, "program", BUNDLE_VERSION);
	put_bundle(&o, r);
	js_member(&o, "target", r->target->name);
	put_overrides(&o, options, r);
	js_member_bool(&o, "partial", r->plan.partial);
	put_images(&o, &r->plan);
	js_member_uint(&o, "writtenBytes", r->plan.sent_bytes);
	js_member(&o, "result", err_word(code));
	put_text(&o, "error", code != ERR_OK ? why->msg : NULL);
	js_end(&o, '}');
	got = js_end_document(&o, err);
	return got == ERR_OK ? buf_puts(line, "\n", err) : got;
}

/* What did not fit is taken back, so that the next line begins where this one did.  A line that a power loss has cut
 * stays as it is, and takes no other with it. */
static enum err_code append(int fd, const char *path, const struct buf *line, struct err *err)
{
	char last = '\n';
	size_t skip;
	struct stat st;
	ssize_t written;

	if (flock(fd, LOCK_EX) != 0 || fstat(fd, &st) != 0)
		return err_errno(err, path);
	if (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) < 0)
		return err_errno(err, path);
	skip = last == '\n' ? 1 : 0;
	written = write(fd, line->data + skip, line->len - skip);
	if (written < 0)
		return err_errno(err, path);
	if ((size_t)written < line->len - skip) {
		if (ftruncate(fd, st.st_size) != 0)
			return err_errno(err, path);
		return err_set(err, ERR_IO, "%s: no room for another line", path);
	}
	return fsync(fd) == 0 ? ERR_OK : err_errno(err, path);
}

enum err_code journal_add(const struct import_options *options, const struct import_result *r, enum err_code code,
			  const struct err *why, struct err *err)
{
	CLEANUP(buf_release) struct buf line = { .max = LIMIT_DESCRIPTION_BYTES };
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(free_ptr) char *folder = NULL;
	CLEANUP(close_fd) int fd = -1;
	enum err_code got = write_line(options, r, code, why, &line, err);

	if (got == ERR_OK)
		got = store_journal_path(&path, err);
	if (got == ERR_OK)
		got = folder_of(path, &folder, err);
	if (got == ERR_OK)
		got = folder_make(folder, err);
	if (got != ERR_OK)
		return got;
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return err_errno(err, path);
	got = append(fd, path, &line, err);
	return got == ERR_OK ? folder_sync_of(path, err) : got;
}
