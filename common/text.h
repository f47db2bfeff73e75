/* text.h - text from outside, made fit for a terminal, and numbers made fit for people.
 *
 * Bounds  In place or into the caller's buffer; nothing is allocated.
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_SIZE_MAX 32
#define TEXT_SHOWN_MAX 4097 /* a path, too */
#define TEXT_TIME_MAX 21

/* How many bytes the first character takes in UTF-8; 0 where there is none. */
size_t text_utf8_len(const char *text);
/* True where the first character, which is UTF-8, is a control character or reorders or breaks the text around it. */
bool text_is_control(const char *text);
/* Replace control characters and bytes that are no UTF-8 by '?'. */
void text_clean(char *text);
/* A name from outside as it may be printed: cut to what fits, and cleaned.  Returns out. */
const char *text_shown(const char *text, char out[TEXT_SHOWN_MAX]);
/* True where text matches the pattern: * and ? as in file names. */
bool text_glob(const char *pattern, const char *text);
/* True where text starts with (ends with) the part. */
bool text_starts(const char *text, const char *part);
bool text_ends(const char *text, const char *part);
/* FNV-1a, for tables: not against those who choose texts to collide. */
size_t text_hash(const char *text);
/* A size for people: "980 B", "1.1 MB" (decimal units, as docker prints them).  Returns out. */
const char *text_size(uint64_t size_bytes, char out[TEXT_SIZE_MAX]);
/* Seconds since 1970 as "2026-01-01T00:00:00Z", RFC 3339; "" where the year has not four digits.  Returns out. */
const char *text_time(int64_t seconds, char out[TEXT_TIME_MAX]);
#endif
