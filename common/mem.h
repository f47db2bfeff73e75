/* mem.h - ownership made visible: cleanup on scope exit, transfer by name, growth with a bound.
 *
 * Ownership  CLEANUP(x_release) runs x_release(&v) when v leaves its scope;
 *            take_ptr(&p) hands p on and leaves NULL behind.
 * Bounds     vec_grow never lets an array pass max items.
 * Errors     ERR_NOMEM, ERR_LIMIT.
 */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define CLEANUP(release) __attribute__((cleanup(release)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
/* The object of the given type that holds member, found from a pointer to that member. */
#define OUTER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* The pointer in *p, which becomes NULL. */
#define take_ptr(p)                                                                                                    \
	({                                                                                                             \
		__typeof__(*(p)) taken_ = *(p);                                                                        \
		*(p) = NULL;                                                                                           \
		taken_;                                                                                                \
	})

/* Cleanup handler for plain malloc'd pointers: free(*(void **)p). */
void free_ptr(void *p);
/* Overwrite a string that is a secret, and free it; a cleanup handler too. */
void secret_free(char **secret);
/* Make room for `need` items of item_size bytes; *items and *cap follow.  New room is zeroed. */
enum err_code vec_grow(void *items, size_t *cap, size_t need, size_t item_size, size_t max, struct err *err);
/* Copy a string; ERR_NOMEM where there is no room.  A NULL text gives NULL. */
enum err_code str_copy(const char *text, char **ret_copy, struct err *err);
/* Format into a new string. */
enum err_code str_format(char **ret_text, struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#endif
