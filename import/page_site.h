/* page_site.h - the pages of a site for people: its images, one image, one document, readable and raw.
 *
 * Paths     / alone, so that no path of an API is in the way:
 *             /                                  all images
 *             /?q=TEXT&from=N                    some of them
 *             /?image=NAME                       one, by any name that a Docker daemon takes
 *             /?image=NAME&document=DIGEST       a statement, SBOM, signature, manifest or config of it
 *             /?image=NAME&document=DIGEST&q=TEXT&from=N  rows of its table
 *             /?image=NAME&raw=DIGEST            its bytes, as a text
 * Threads    Any number; one document at a time is read, so that what reading takes is
 *            taken once.  PAGE_READERS may read or wait for that; others are told to come
 *            again, so that threads are left for what else a server answers.
 * Bounds     LIMIT_PAGE_BYTES a page; those of document.h.
 * Errors     They are pages too, with the status of serve_status: only ERR_NOMEM is given
 *            back.
 */
#ifndef IMPORT_PAGE_SITE_H
#define IMPORT_PAGE_SITE_H

#include <pthread.h>
#include <stdatomic.h>

#include "import/catalog.h"
#include "import/serve.h"

#define PAGE_READERS 2U /* of SERVE_THREADS_MIN */

struct page_site {
	struct catalog *catalog; /* borrowed */
	pthread_mutex_t reading; /* PTHREAD_MUTEX_INITIALIZER; held while a document is read */
	atomic_uint readers;     /* that hold it, or wait for it */
};

/* True for what page_site answers. */
bool page_site_has(const struct serve_request *request);
enum err_code page_site(struct page_site *pages, const struct serve_request *request, struct serve_answer *answer,
			struct err *err);
#endif
