/* site_list.h - whom a site trusts, and with what: for people and for machines.
 *
 * Errors  Those of keyring.h and trust/revoked.h: trust of which a part cannot be read is not shown in part.
 * Format  {"schemaVersion":1,"folder":…,"keys":[{"name","file","fingerprint","scope":[…],"revoked":BOOL}…],
 *         "policy":{"file","digest"} or null,"revoked":[{"name","file","key" or "digest"}…]}
 */
#ifndef BUNDLES_SITE_LIST_H
#define BUNDLES_SITE_LIST_H

#include <stdbool.h>

#include "common/err.h"

enum err_code site_show(bool json, struct err *err);
#endif
