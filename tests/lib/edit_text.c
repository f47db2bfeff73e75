#include "tests/lib/edit_text.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"

char *edit_text(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *edited = NULL;

	ck_assert_msg(at != NULL, "no %s in %.2000s", from, text);
	ck_assert_int_eq(str_format(&edited, NULL, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)), ERR_OK);
	return edited;
}
