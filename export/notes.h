/* notes.h - what is written on a bundle, from the command line: annotations, a place in a stream, a trusted root.
 *
 * Lifecycle  notes_read; use; notes_release.
 * Bounds     ANNOTATIONS_MAX annotations; texts of LIMIT_TEXT_BYTES.
 * Ownership  The notes own everything in them.
 * Errors     ERR_USAGE, ERR_NOMEM; those of trust/root.h.
 */
#ifndef EXPORT_NOTES_H
#define EXPORT_NOTES_H

#include "bundles/description.h"
#include "common/opt.h"

struct notes {
	struct description_notes notes;
	struct intern strings;
	struct json_t *trusted_root; /* owned */
};

/* KEY=VALUE texts, and a stream with its serial: both or neither. */
enum err_code notes_read(const struct opt_list *annotations, const char *stream, const char *serial,
			 struct notes *ret_notes, struct err *err);
/* Let the trusted root in a file go along: it must be one. */
enum err_code notes_include_root(struct notes *n, const char *path, struct err *err);
/* Zeroed notes are fine. */
void notes_release(struct notes *n);
#endif
