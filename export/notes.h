/* notes.h - what is written on a bundle, from the command line: annotations and a place in a stream.
 *
 * Lifecycle  notes_read; use; notes_release.
 * Bounds     ANNOTATIONS_MAX annotations; texts of LIMIT_TEXT_BYTES.
 * Ownership  The notes own everything in them.
 * Errors     ERR_USAGE, ERR_NOMEM.
 */
#ifndef EXPORT_NOTES_H
#define EXPORT_NOTES_H

#include "bundles/description.h"
#include "common/opt.h"

struct notes {
	struct description_notes notes;
	struct intern strings;
};

/* KEY=VALUE texts, and a stream with its serial: both or neither. */
enum err_code notes_read(const struct opt_list *annotations, const char *stream, const char *serial,
			 struct notes *ret_notes, struct err *err);
/* Zeroed notes are fine. */
void notes_release(struct notes *n);
#endif
