/* document.h - a statement, SBOM or signature, read for people: taken out of its envelope, and told what it is.
 *
 * Lifecycle  document_read; look; document_release.
 * Bounds     LIMIT_DOCUMENT_BYTES and the JSON bounds of js.h; what passes them stays unread, and why says so.  Of a
 *            bare SBOM up to LIMIT_STATEMENT_BYTES they count for what is left without its lists.  At
 *            most LIMIT_DOCUMENT_RAW_BYTES of its bytes are kept.
 * Ownership  A document owns its bytes and JSON; statement and predicate point into that.
 * Errors     Those of the source (ERR_DAMAGED, ERR_IO), ERR_NOMEM.  A document that cannot be understood is none:
 *            it is shown as it is.
 * Trust      Its bytes are proved against its digest.  What it says is a claim: no signature is checked here.
 * Source     in-toto Attestation Framework 1.0; DSSE 1.0; sigstore bundle 0.3; SPDX 2.3; CycloneDX 1.6.
 */
#ifndef IMPORT_DOCUMENT_H
#define IMPORT_DOCUMENT_H

#include "common/js.h"
#include "common/source.h"
#include "import/json_rows.h"

enum document_form {
	DOCUMENT_OTHER, /* JSON of another kind */
	DOCUMENT_SLSA_V1,
	DOCUMENT_SLSA_V02,
	DOCUMENT_SPDX,
	DOCUMENT_CYCLONEDX,
	DOCUMENT_OPENVEX,
	DOCUMENT_SCAN,   /* for vulnerabilities */
	DOCUMENT_OPAQUE, /* no JSON, or too much of it: why says it */
	DOCUMENT_ABSENT, /* the source does not have it */
};

/* What the document came in. */
enum document_envelope {
	DOCUMENT_BARE,
	DOCUMENT_DSSE,
	DOCUMENT_SIGSTORE,
};

/* What stands beside the document in its envelope; nothing of it is checked. */
struct document_signed {
	size_t signatures, log_entries, timestamps;
	bool certificate;
	char hint[256]; /* which key it names; "" for none */
};

struct document {
	struct descriptor descriptor; /* of its blob; strings are the asker's */
	enum document_form form;
	enum document_envelope envelope;
	struct document_signed beside;
	struct buf raw; /* its bytes, the first of them */
	struct json_t *json;
	const struct json_t *statement; /* in-toto; NULL where it is none */
	const struct json_t *body;      /* the predicate, or the document itself; an object or array */
	const char *predicate_type;     /* NULL where it is no statement */
	struct err why;
	bool large; /* an SBOM whose lists are left out: document_rows gives what is in them */
};

/* Read the blob of a descriptor. */
enum err_code document_read(struct source *source, const struct descriptor *d, struct document *ret_document,
			    struct err *err);
/* The items of a list of a large SBOM, "packages" or "components": it is read again for that. */
enum err_code document_rows(struct source *source, const struct document *d, const char *list, json_row_fn *fn,
			    void *ctx, struct err *err);
/* A zeroed document is fine. */
void document_release(struct document *d);
#endif
