/* signed.h - what the real cosign signed: images of the fixture registry, whole, or one signature of them taken apart.
 *
 * Lifecycle  signed_open; signed_images for a builder that was initialised, or signed_bytes; tarball_close.
 * Ownership  What is read out of the fixture is the builder's.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_SIGNED_H
#define TESTS_LIB_SIGNED_H

#include <stddef.h>

#include "common/tarball.h"
#include "tests/lib/image_builder.h"

#define SIGNED_KEY "tests/fixtures/cosign.pub"
#define SIGNED_APP "registry.example.test/demo/app1:1.0"
#define SIGNED_MULTI "registry.example.test/demo/multi:2.1"
#define SIGNED_APP_ROOT "fb710f7a4e3c814a69770ab788ceccf230372ca608284567ac2cbae23fc76743"
#define SIGNED_MULTI_ROOT "795258b0302af9339aaf8abb969c1f008ccf2e36f5e1a840eb705dac9a773736"
#define SIGNED_AMD64 "9092f4052512ad1eae5c0aa02ad7ecfd24e53377d53e2f0e1a6ecdb6efe4a15b"
#define SIGNED_ARM64 "c4607df32795aee57ac575494a1e6c6de0e2493bf993bfce8b51ef6aa4711af2"
#define SIGNED_THINGS 7

/* One thing that was signed: digests in hex. */
struct signed_thing {
	const char *name;
	const char *subject, *manifest, *blob; /* what it is about, what carries it, and itself */
	enum link_kind kind;
};

extern const struct signed_thing signed_things[SIGNED_THINGS];

struct tarball *signed_open(void);
/* The bytes of a blob, NUL-terminated; the caller frees them. */
char *signed_bytes(const struct tarball *t, const char *hex, size_t *ret_len);
/* Add both images, with everything but layers and configs. */
void signed_images(const struct tarball *t, struct image_builder *b);
/* The item of a digest in hex, which must be there. */
size_t signed_item(const struct image_builder *b, const char *hex);
/* Add an index that nobody signed, of which SIGNED_AMD64 is signed by itself and SIGNED_ARM64, of the other image, is
 * not.
 */
size_t signed_mixed(struct image_builder *b);
/* Add the layers and configs of what is there so far, for a bundle. */
void signed_layers(const struct tarball *t, struct image_builder *b);
#endif
