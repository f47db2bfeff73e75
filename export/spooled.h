/* spooled.h - the spool as a source: of blobs that were fetched into it before their place in the bundle was known.
 *
 * Lifecycle  spooled_new; spooled_add for each blob; ask; spooled_free.
 * Bounds     A byte of memory a node.
 * Ownership  Graph and spool are borrowed.
 * Errors     Those of reading the spool, and of whoever takes the bytes.
 */
#ifndef EXPORT_SPOOLED_H
#define EXPORT_SPOOLED_H

#include "common/graph.h"
#include "common/source.h"
#include "export/spool.h"

struct spooled;

enum err_code spooled_new(const struct graph *g, const struct spool *spool, struct spooled **ret_spooled,
			  struct err *err);
/* All of a node's bytes are in the spool, and proved. */
enum err_code spooled_add(struct spooled *s, uint32_t node, struct err *err);
bool spooled_has(const struct spooled *s, uint32_t node);
/* It has blob(), and answers nothing else. */
struct source *spooled_source(struct spooled *s);
/* NULL is fine. */
void spooled_free(struct spooled *s);
#endif
