/* streams.h - which bundles of a stream a target has had: an older one, or the same one again, is refused.
 *
 * Lifecycle  streams_check before anything is written, streams_record once everything has arrived.
 * Bounds     A file of LIMIT_ANSWER_BYTES for each target, beside the embedded store.
 * Errors     ERR_ROLLBACK, saying both serials; ERR_DAMAGED (a memory that cannot be read is no memory);
 *            ERR_IO, ERR_NOMEM.
 * Format     STORE.streams/TARGET.json, '%' and '/' in TARGET as %25 and %2F, folders and sockets in it absolute and
 *            without links:
 *            {"schemaVersion":1,"streams":{NAME:SERIAL,…}}, serials the highest that arrived.
 */
#ifndef IMPORT_STREAMS_H
#define IMPORT_STREAMS_H

#include "bundles/description.h"

/* May this bundle follow what the target has had?  With rollback it may be older; but what cannot be read is an error
 * all the same, before anything is written.  target is its name; of a folder or a socket however it is spelled. */
enum err_code streams_check(const char *target, const struct description_notes *notes, bool rollback, struct err *err);
/* Remember that it arrived; a lower serial, let through, changes nothing. */
enum err_code streams_record(const char *target, const struct description_notes *notes, struct err *err);
#endif
