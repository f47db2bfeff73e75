/* edit_text.h - a text with one place in it changed, for tables of what somebody could write in its stead. */
#ifndef TESTS_LIB_EDIT_TEXT_H
#define TESTS_LIB_EDIT_TEXT_H

/* A copy in which the first `from`, which must be there, is `to`; the caller's to free. */
char *edit_text(const char *text, const char *from, const char *to);
#endif
