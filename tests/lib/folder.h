/* folder.h - folders for one test: made empty, filled, looked into, removed with everything in them.
 *
 * Ownership  Every folder is the caller's to release by folder_remove.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_FOLDER_H
#define TESTS_LIB_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* A new, empty folder below $TMPDIR. */
char *folder_new(void);
/* Write a file in it; names may hold slashes. */
void folder_put(const char *folder, const char *name, const void *bytes, size_t len);
/* Make a folder in it. */
void folder_make_in(const char *folder, const char *name);
/* "folder/name"; the caller frees it. */
char *folder_path(const char *folder, const char *name);
/* The content of a file in it, NUL-terminated; the caller frees it. */
char *folder_read(const char *folder, const char *name, size_t *ret_len);
bool folder_has(const char *folder, const char *name);
/* How many files lie in it and its folders. */
size_t folder_count(const char *folder);
/* The first file or folder, by its name in them, that two folders do not have alike, byte for byte; NULL where there is
 * none.  The caller frees it. */
char *folder_difference(const char *one, const char *other);
/* Remove it with everything in it, and free the name. */
void folder_remove(char *folder);
#endif
