/* images_report.h - the images verdict for people and for machines: who signed, what is claimed, what fails and why.
 *
 * Errors  ERR_IO, ERR_NOMEM.
 */
#ifndef BUNDLES_IMAGES_REPORT_H
#define BUNDLES_IMAGES_REPORT_H

#include "bundles/images.h"
#include "common/js.h"

/* Print a tree on standard output: image, what is signed and attested of it, then of each of its platforms and of
 * whatever belongs to it; and where policies count, their decisions. */
enum err_code images_print(const struct images_verdict *v, struct err *err);
/* Put the images as an array. */
void images_put(struct js_out *o, const struct images_verdict *v);
#endif
