/* hostile_bundle.h - a bundle that lies, put before each command that reads one: who must refuse does so in one line, in
 * little memory and time, and publishes nothing.
 *
 * Lifecycle  hostile_bundle_setup and hostile_bundle_teardown are the fixture: a bundle in which nothing is wrong, in a
 *            folder that is the current one; lie by hostile_bundle; hostile_bundle_refused, as often as one likes.
 * Units      Memory is KiB.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_HOSTILE_BUNDLE_H
#define TESTS_LIB_HOSTILE_BUNDLE_H

#include "tests/lib/hostile.h"

#define HOSTILE_BUNDLE_IMAGE "docker.io/library/app:1"
#define HOSTILE_BUNDLE_SECONDS 120 /* that a test may take */

/* What will be written, and of which images; how much memory a command may take, which setup sets. */
extern struct hostile hostile_bundle;
extern struct image_builder hostile_bundle_images;
extern long hostile_bundle_memory_max_kib;

/* Who must refuse: a lie about layers is nothing that those would see who do not read them. */
enum readers {
	VERIFY = 1,
	EXTRACT = 2,
	IMPORT = 4,
	INSPECT = 8,
	ATTESTATIONS = 16,
	LIST = 32,
	REPORT = 64,
	BLOBS = VERIFY | EXTRACT | IMPORT,
	MANIFESTS = BLOBS | INSPECT | ATTESTATIONS | REPORT,
	ALL = MANIFESTS | LIST,
};

void hostile_bundle_setup(void);
void hostile_bundle_teardown(void);
/* Another bundle in its place: of this image, or of what is put into the builder between the two. */
void hostile_bundle_make(const struct image_sample *sample);
void hostile_bundle_unmake(void);
/* The first item of a type. */
const struct image_item *hostile_bundle_item(const char *media_type);
/* Those who must refuse do, with this status, and say this; others end well, or do not find the image. */
void hostile_bundle_refused(const char *name, unsigned readers, int status, const char *text);
#endif
