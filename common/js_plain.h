/* js_plain.h - JSON as programs write it, read without looking at each of its characters twice; a part of common/js.
 *
 * Bounds     The caller's: values and depth have been counted.
 * Ownership  The value is the caller's.
 * Errors     ERR_UNSUPPORTED: jansson must say what this is, and what is wrong with it; ERR_NOMEM.
 * Trust      What is taken here jansson takes too, and makes the same of it.  Strings of ASCII without escapes and
 * whole numbers that are short are read here; every other string and number is given to jansson by itself, and a
 * document in which anything else stands, as a whole.
 */
#ifndef COMMON_JS_PLAIN_H
#define COMMON_JS_PLAIN_H

#include <stddef.h>

#include "common/err.h"

struct json_t;

/* Read a document that is an object or an array. */
enum err_code js_plain_read(const char *bytes, size_t len, struct json_t **ret_value);
#endif
