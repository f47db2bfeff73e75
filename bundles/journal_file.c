#include "bundles/journal_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bundles/store_place.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/version.h"

#define LOGIN_UID "/proc/self/loginuid"
#define LOGIN_NONE UINT32_MAX /* what the kernel says where nobody has logged in */

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

/* With a line break in front too, for where the line before it has none. */
enum err_code journal_line_begin(struct journal_line *l, struct err *err)
{
	char now[TEXT_TIME_MAX];
	enum err_code code;

	buf_init(&l->text, LIMIT_DESCRIPTION_BYTES);
	code = buf_puts(&l->text, "\n", err);
	buf_stage_init(&l->stage, &l->text);
	js_out_init(&l->out, &l->stage.out, false);
	js_begin(&l->out, '{');
	js_member_uint(&l->out, "schemaVersion", 1);
	js_member(&l->out, "time", text_time(time(NULL), now));
	put_user(&l->out);
	js_member(&l->out, "program", BUNDLE_VERSION);
	return code;
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

static enum err_code open_journal(const char *path, int *ret_fd, struct err *err)
{
	CLEANUP(free_ptr) char *folder = NULL;
	enum err_code code;

	store_make_place();
	code = folder_of(path, &folder, err);
	if (code == ERR_OK)
		code = folder_make(folder, err);
	if (code != ERR_OK)
		return code;
	*ret_fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	return *ret_fd >= 0 ? ERR_OK : err_errno(err, path);
}

enum err_code journal_line_end(struct journal_line *l, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(close_fd) int fd = -1;
	enum err_code code;

	js_end(&l->out, '}');
	code = js_end_document(&l->out, err);
	if (code == ERR_OK)
		code = buf_puts(&l->text, "\n", err);
	if (code == ERR_OK)
		code = store_journal_path(&path, err);
	if (code == ERR_OK)
		code = open_journal(path, &fd, err);
	if (code == ERR_OK)
		code = append(fd, path, &l->text, err);
	return code == ERR_OK ? folder_sync_of(path, err) : code;
}

void journal_line_release(struct journal_line *l)
{
	buf_release(&l->text);
}

enum err_code journal_bypass(const char *command, const char *file, const struct digest *bundle, struct err *err)
{
	CLEANUP(journal_line_release) struct journal_line l = { 0 };
	enum err_code code = journal_line_begin(&l, err);

	if (code != ERR_OK)
		return code;
	js_member(&l.out, "command", command);
	js_member(&l.out, "file", file);
	js_key(&l.out, "bundle");
	js_put_string(&l.out, bundle != NULL ? bundle->text : NULL);
	js_key(&l.out, "overrides");
	js_begin(&l.out, '[');
	js_put_string(&l.out, "--insecure-policy");
	js_end(&l.out, ']');
	code = journal_line_end(&l, err);
	return code == ERR_OK
		       ? ERR_OK
		       : err_add(err, "the policy of this machine is passed over only where the journal says so");
}
