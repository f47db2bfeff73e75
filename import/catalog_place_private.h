/* catalog_place_private.h - what the files of catalog_place.h share: the images of a place that has been opened. */
#ifndef IMPORT_CATALOG_PLACE_PRIVATE_H
#define IMPORT_CATALOG_PLACE_PRIVATE_H

#include "import/catalog_place.h"

/* Fill a part with the images of its description, whose names the bundle's seals must cover. */
enum err_code place_describe_bundle(struct catalog_place *p, struct catalog_part *part, struct err *err);
/* Fill the only part with the images of a layout that may be used. */
enum err_code place_describe_layout(struct catalog_place *p, struct layout_judge *judge, struct err *err);
#endif
