/* fuzz.h - what a fuzz target is: one function that takes any bytes, and an assertion for what must hold of them.
 *
 * Bounds  tests/fuzz/run sets those of memory and time.
 * Errors  Input is never at fault: whatever FUZZ_HOLDS refuses, or a sanitizer reports, is a find.
 * Source  libFuzzer, https://llvm.org/docs/LibFuzzer.html
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

#define FUZZ_HOLDS(condition)                                                                                          \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                 \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* A failure is told in one line, and success is silent. */
static inline void fuzz_told(enum err_code code, const struct err *err)
{
	FUZZ_HOLDS(code == err->code);
	FUZZ_HOLDS((code == ERR_OK) == (err->msg[0] == '\0'));
	FUZZ_HOLDS(err->msg[strcspn(err->msg, "\r\n\033")] == '\0');
}

/* The bytes as a string, for the caller to free. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_HOLDS(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
#endif
