/* recorded.h - the images that a real daemon was asked about for tests/fixtures/engine-api, out of the registry's
 * storage beside it.
 *
 * Lifecycle  recorded_images; use them as any image_builder.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_RECORDED_H
#define TESTS_LIB_RECORDED_H

#include "common/js.h"
#include "tests/lib/image_builder.h"

#define RECORDED_APP "registry.example.test/demo/app1:1.0"
#define RECORDED_MULTI "registry.example.test/demo/multi:2.1"
#define RECORDED_PLAIN "registry.example.test/demo/plain:1"

/* Fill an initialised builder with them, and with what refers to them. */
void recorded_images(struct image_builder *b);
/* A layout of the images of a builder in a folder, as the store has it. */
void recorded_layout(struct image_builder *b, const char *folder);
/* How many answers were recorded, and one of them: request, status, content_type, body.  The caller frees it. */
size_t recorded_len(void);
struct json_t *recorded_answer(size_t i);
const char *recorded_name(size_t i);
#endif
