/* bundle_file.h - bundles in temporary files: written from an image_builder, read whole, damaged.
 *
 * Ownership  Every path is the caller's to release by file_remove.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_BUNDLE_FILE_H
#define TESTS_LIB_BUNDLE_FILE_H

#include <stddef.h>

#include "bundles/writer.h"
#include "tests/lib/image_builder.h"

/* A path in a new folder of its own. */
char *file_new(void);
/* Remove the file, its .part and its folder. */
void file_remove(char *path);
/* The whole content; the caller frees it. */
unsigned char *file_bytes(const char *path, size_t *ret_len);
void file_put(const char *path, const void *bytes, size_t len);
/* Bring every blob to an opened writer, layers step bytes at a time, all raw ones side by side, and finish it. */
enum err_code bundle_fill(struct bundle_writer *w, const struct image_builder *b, const struct graph *g, size_t step,
			  struct err *err);
/* Write the images of a builder to path. */
void bundle_put(const struct image_builder *b, const char *path, size_t step);
#endif
