#include "common/apart.h"

#include <string.h>
#include <sys/stat.h>

/* By what the names lead to: a link to the key is the key. */
static enum err_code check(const char *output, const char *input, const char *what, struct err *err)
{
	struct stat written, read;

	if (input == NULL || stat(output, &written) != 0 || stat(input, &read) != 0)
		return ERR_OK;
	if (written.st_dev == read.st_dev && written.st_ino == read.st_ino)
		return err_set(err, ERR_USAGE, "%s is %s itself: write the new one elsewhere", output, what);
	return ERR_OK;
}

enum err_code apart_check(const char *output, const struct apart *inputs, size_t len, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i, j;

	if (strcmp(output, "-") == 0) /* standard output, whatever lies here under that name */
		return ERR_OK;
	for (i = 0; code == ERR_OK && i < len; i++) {
		code = check(output, inputs[i].path, inputs[i].what, err);
		for (j = 0; code == ERR_OK && inputs[i].paths != NULL && j < inputs[i].paths->len; j++)
			code = check(output, inputs[i].paths->items[j], inputs[i].what, err);
	}
	return code;
}
