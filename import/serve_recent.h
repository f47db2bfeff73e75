/* serve_recent.h - what was asked for last: images, which are then looked at first, and indexes of referrers, which
 * exist only while they are answered, but whose digest a client may ask for next.
 *
 * Bounds   RECENT_MAX of each; a newer one may take an older one's place.  What is forgotten costs time, or a client
 *          that asks by the digest of such an index must ask by its tag again.
 * Threads  Any number.
 */
#ifndef IMPORT_SERVE_RECENT_H
#define IMPORT_SERVE_RECENT_H

#include <stdbool.h>

#include "common/digest.h"
#include "common/err.h"

#define RECENT_MAX 64

struct serve_recent;

enum err_code serve_recent_new(struct serve_recent **ret_recent, struct err *err);
/* An image with this root was asked for; whether it was of late. */
void serve_recent_root(struct serve_recent *recent, const struct digest *root);
bool serve_recent_is_root(struct serve_recent *recent, const struct digest *root);
/* An index of what refers to a subject was answered; of which subject one of late was. */
void serve_recent_index(struct serve_recent *recent, const struct digest *index, const struct digest *subject);
bool serve_recent_subject(struct serve_recent *recent, const struct digest *index, struct digest *ret_subject);
/* NULL is fine. */
void serve_recent_free(struct serve_recent *recent);
#endif
