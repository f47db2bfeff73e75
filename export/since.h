/* since.h - what a site has from an earlier bundle: layers that need not travel again, and how much was attested.
 *
 * Lifecycle  since_open; look; since_release.
 * Bounds     The graph of the earlier bundle while it is opened; a layer's
 *            digest and holder afterwards.
 * Errors     Those of bundles/reader.h, bundles/contents.h and
 *            bundles/description.h; ERR_USAGE for another document of this
 *            program; ERR_UNSUPPORTED for a description that does not say enough, and
 *            for a bundle through a pipe.
 * Rules      A layer that the earlier bundle left out itself is had all the
 *            same: whoever imported that one had to have it.  The bundle and its
 *            description alone say the same.
 */
#ifndef EXPORT_SINCE_H
#define EXPORT_SINCE_H

#include "common/holdings.h"
#include "export/attested.h"

struct since {
	struct holdings had; /* its layers[] only */
	struct attested attested;
};

/* A bundle, or what bundle cat FILE description printed of one, which may come through a pipe. */
enum err_code since_open(const char *path, struct since *ret_since, struct err *err);
/* A zeroed one is fine. */
void since_release(struct since *s);
#endif
