/* report.h - what an export, or a dry run, says at its end: for people or as JSON.
 *
 * Ownership  Everything is borrowed.
 * Errors     ERR_PARTIAL where something is absent at the source, or with strict
 *            less is attested than last time; ERR_IO, ERR_NOMEM.  Warnings go to stderr.
 */
#ifndef EXPORT_REPORT_H
#define EXPORT_REPORT_H

#include "export/export.h"

struct export_report {
	const struct export_result *result;
	const char *output;    /* the bundle's file; may be NULL in a dry run */
	const char *since;     /* the earlier bundle; NULL for none */
	const char *sealed_by; /* hint of the key; NULL where nothing was sealed */
	bool dry_run, json, strict;
	bool piped;        /* the bundle itself went to standard output: no report does */
	bool chosen;       /* platforms were */
	bool no_referrers; /* none was asked for */
};

enum err_code report_export(const struct export_report *a, struct err *err);
#endif
