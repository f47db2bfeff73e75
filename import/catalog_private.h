/* catalog_private.h - what the files of catalog.h and catalog_blob.h share. */
#ifndef IMPORT_CATALOG_PRIVATE_H
#define IMPORT_CATALOG_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "import/catalog_blob.h"
#include "import/catalog_cache.h"
#include "import/catalog_place.h"

/* A blob that was proved, in one state of the file that it lies in. */
struct catalog_proof {
	struct digest digest;
	struct file_identity file;
};

struct catalog {
	pthread_mutex_t lock; /* for view and proofs */
	struct catalog_view *view;
	struct cache bytes, graphs;
	struct layout_judge judge;    /* used under the lock */
	struct catalog_proof *proofs; /* owned; a ring: the oldest is forgotten first */
	size_t proofs_len, proofs_next;
};

struct catalog_view {
	atomic_uint holds;
	struct catalog *catalog;
	struct catalog_place **places; /* owned, each held */
	size_t places_len;
	pthread_mutex_t lock; /* for the lists, which are made when they are first asked for */
	const struct catalog_image **by_name, **by_digest; /* owned */
	size_t images_len;
};
#endif
