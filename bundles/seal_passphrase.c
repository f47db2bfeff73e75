#include "bundles/seal_passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"

#define TERMINAL "/dev/tty"
#define FD_MAX 1000000
#define NO_INTERRUPT '\0'

enum err_code passphrase_fd(const char *text, int *ret_fd, struct err *err)
{
	size_t len = text != NULL ? strlen(text) : 0;
	long fd = len > 0 && len < 8 && strspn(text, "0123456789") == len ? strtol(text, NULL, 10) : FD_MAX;

	if (text == NULL) {
		*ret_fd = -1;
		return ERR_OK;
	}
	if (fd >= FD_MAX || fcntl((int)fd, F_GETFD) < 0)
		return err_set(err, ERR_USAGE,
			       "--passphrase-fd takes the number of an open file descriptor, not \"%s\"", text);
	*ret_fd = (int)fd;
	return ERR_OK;
}

/* Byte by byte: what follows the line belongs to whoever reads next. */
static enum err_code read_line(int fd, char interrupt, char *out, size_t cap, size_t *ret_len, struct err *err)
{
	size_t len = 0;

	for (;;) {
		char byte;
		ssize_t n = read(fd, &byte, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "the passphrase");
		if (n == 0 || byte == '\n')
			break;
		if (byte == interrupt && interrupt != NO_INTERRUPT)
			return err_set(err, ERR_DENIED, "no passphrase was given");
		if (len == cap)
			return err_set(err, ERR_LIMIT, "a passphrase of more than %zu bytes", cap);
		out[len++] = byte;
	}
	*ret_len = len;
	return ERR_OK;
}

/* Nothing that is typed is shown, from before the question on.  The key that interrupts ends the line instead: else the
 * terminal would be left dumb. */
static bool hide(int terminal, struct termios *ret_before)
{
	struct termios quiet;

	if (tcgetattr(terminal, &quiet) != 0)
		return false;
	*ret_before = quiet;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ISIG);
	quiet.c_cc[VEOL] = quiet.c_cc[VINTR];
	return tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
}

static enum err_code ask_terminal(const char *name, char *out, size_t cap, size_t *ret_len, struct err *err)
{
	CLEANUP(close_fd) int terminal = open(TERMINAL, O_RDWR | O_CLOEXEC);
	char question[512];
	struct termios before;
	enum err_code code;

	if (terminal < 0 || !hide(terminal, &before))
		return err_set(err, ERR_DENIED,
			       "encrypted, and there is no terminal to ask for its passphrase: use --passphrase-fd");
	snprintf(question, sizeof(question), "Passphrase of %s: ", name);
	text_clean(question);
	dprintf(terminal, "%s", question);
	code = read_line(terminal, (char)before.c_cc[VINTR], out, cap, ret_len, err);
	dprintf(terminal, "\n");
	tcsetattr(terminal, TCSAFLUSH, &before);
	return code;
}

int passphrase_ask(char *out, int cap, int rwflag, void *arg)
{
	struct passphrase *p = arg;
	char text[PASSPHRASE_MAX + 1];
	size_t len = 0, room = (size_t)cap < PASSPHRASE_MAX ? (size_t)cap : PASSPHRASE_MAX;
	enum err_code code;

	(void)rwflag;
	p->asked = true;
	code = p->fd >= 0 ? read_line(p->fd, NO_INTERRUPT, text, room, &len, &p->why)
			  : ask_terminal(p->name, text, room, &len, &p->why);
	if (code == ERR_OK)
		memcpy(out, text, len);
	OPENSSL_cleanse(text, sizeof(text));
	return code == ERR_OK ? (int)len : -1;
}
