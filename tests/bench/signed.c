/* Writes an OCI layout of many images that are signed and attested, by a key that is given.
 *
 *   signed DIR IMAGES KEY
 *
 * Each image is an index with one manifest, a configuration and a layer of its own, and three sigstore bundles that
 * refer to the index: a signature as cosign makes it, SLSA provenance, and an SBOM. DIR is there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundles/seal.h"
#include "common/base64.h"
#include "common/limits.h"
#include "common/manifest.h"
#include "common/mem.h"

#define TYPE_BUNDLE "application/vnd.dev.sigstore.bundle.v0.3+json"
#define PAYLOAD_TYPE "application/vnd.in-toto+json"
#define EMPTY_CONFIG "application/vnd.oci.empty.v1+json"
#define TEXT_MAX (64 * KIB)

struct maker {
	const char *dir;
	struct seal_key *key;
	struct buf index; /* entries of index.json */
	size_t image;
};

/* What something that was written is, as a descriptor without its braces. */
struct written {
	struct digest digest;
	char descriptor[512];
};

static void maker_release(struct maker *m)
{
	seal_key_free(m->key);
	buf_release(&m->index);
}

static enum err_code put_file(const char *path, const void *bytes, size_t len, struct err *err)
{
	FILE *to = fopen(path, "w");

	if (to == NULL)
		return err_errno(err, path);
	if (fwrite(bytes, 1, len, to) != len) {
		fclose(to);
		return err_errno(err, path);
	}
	return fclose(to) == 0 ? ERR_OK : err_errno(err, path);
}

static enum err_code put(const struct maker *m, const char *media_type, const struct buf *content,
			 struct written *ret_written, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	struct written w;
	enum err_code code = digest_of(buf_text(content), content->len, NULL, &w.digest, err);

	snprintf(w.descriptor, sizeof(w.descriptor), "\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu", media_type,
		 w.digest.text, content->len);
	if (code == ERR_OK)
		code = str_format(&path, err, "%s/blobs/sha256/%s", m->dir, digest_hex(&w.digest));
	if (code == ERR_OK)
		code = put_file(path, buf_text(content), content->len, err);
	if (code == ERR_OK)
		*ret_written = w;
	return code;
}

static enum err_code put_text(const struct maker *m, const char *media_type, struct written *ret_written,
			      struct err *err, const char *text)
{
	CLEANUP(buf_release) struct buf content = { .max = TEXT_MAX };
	enum err_code code = buf_puts(&content, text, err);

	return code == ERR_OK ? put(m, media_type, &content, ret_written, err) : code;
}

static enum err_code put_image(const struct maker *m, struct written *ret_index, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = TEXT_MAX };
	struct written config, layer, manifest;
	enum err_code code =
		buf_printf(&text, err, "{\"os\":\"linux\",\"architecture\":\"amd64\",\"author\":\"%zu\"}", m->image);

	if (code == ERR_OK)
		code = put(m, TYPE_OCI_CONFIG, &text, &config, err);
	buf_clear(&text);
	if (code == ERR_OK)
		code = buf_printf(&text, err, "the layer of %zu", m->image);
	if (code == ERR_OK)
		code = put(m, "application/vnd.oci.image.layer.v1.tar", &text, &layer, err);
	buf_clear(&text);
	if (code == ERR_OK)
		code = buf_printf(&text, err,
				  "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST
				  "\",\"config\":{%s},\"layers\":[{%s}]}",
				  config.descriptor, layer.descriptor);
	if (code == ERR_OK)
		code = put(m, TYPE_OCI_MANIFEST, &text, &manifest, err);
	buf_clear(&text);
	if (code == ERR_OK)
		code = buf_printf(&text, err,
				  "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX
				  "\",\"manifests\":[{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}]}",
				  manifest.descriptor);
	return code == ERR_OK ? put(m, TYPE_OCI_INDEX, &text, ret_index, err) : code;
}

/* A bundle around a statement: DSSE's pre-authentication encoding is what is signed. */
static enum err_code write_bundle(const struct maker *m, const struct buf *statement, struct buf *out, struct err *err)
{
	CLEANUP(buf_release) struct buf encoded = { .max = 2 * TEXT_MAX };
	CLEANUP(buf_release) struct buf payload = { .max = 2 * TEXT_MAX };
	CLEANUP(buf_release) struct buf signature = { .max = TEXT_MAX };
	struct seal seal = { .hint = "" };
	enum err_code code = buf_printf(&encoded, err, "DSSEv1 %zu %s %zu %s", strlen(PAYLOAD_TYPE), PAYLOAD_TYPE,
					statement->len, buf_text(statement));

	if (code == ERR_OK)
		code = seal_sign(m->key, encoded.data, encoded.len, &seal, err);
	if (code == ERR_OK)
		code = base64_encode(statement->data, statement->len, &payload, err);
	if (code == ERR_OK)
		code = base64_encode(seal.signature, seal.signature_len, &signature, err);
	if (code != ERR_OK)
		return code;
	return buf_printf(out, err,
			  "{\"mediaType\":\"" TYPE_BUNDLE
			  "\",\"verificationMaterial\":{\"publicKey\":{\"hint\":\"%s\"}},"
			  "\"dsseEnvelope\":{\"payload\":\"%s\",\"payloadType\":\"" PAYLOAD_TYPE
			  "\",\"signatures\":[{\"sig\":\"%s\"}]}}",
			  seal.hint, buf_text(&payload), buf_text(&signature));
}

/* A statement about the index, in a bundle, in a manifest that refers to it. */
static enum err_code put_statement(struct maker *m, const struct written *subject, const char *type,
				   const char *predicate, struct err *err)
{
	CLEANUP(buf_release) struct buf statement = { .max = TEXT_MAX };
	CLEANUP(buf_release) struct buf text = { .max = 4 * TEXT_MAX };
	struct written config, blob, referrer;
	enum err_code code = buf_printf(&statement, err,
					"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"digest\":"
					"{\"sha256\":\"%s\"}}],\"predicateType\":\"%s\",\"predicate\":%s}",
					digest_hex(&subject->digest), type, predicate);

	if (code == ERR_OK)
		code = write_bundle(m, &statement, &text, err);
	if (code == ERR_OK)
		code = put(m, TYPE_BUNDLE, &text, &blob, err);
	if (code == ERR_OK)
		code = put_text(m, EMPTY_CONFIG, &config, err, "{}");
	buf_clear(&text);
	if (code == ERR_OK)
		code = buf_printf(&text, err,
				  "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST
				  "\",\"artifactType\":\"" TYPE_BUNDLE
				  "\",\"config\":{%s},\"layers\":[{%s}],\"subject\":{%s},"
				  "\"annotations\":{\"dev.sigstore.bundle.predicateType\":\"%s\"}}",
				  config.descriptor, blob.descriptor, subject->descriptor, type);
	if (code == ERR_OK)
		code = put(m, TYPE_OCI_MANIFEST, &text, &referrer, err);
	return code == ERR_OK ? buf_printf(&m->index, err, ",{%s}", referrer.descriptor) : code;
}

static enum err_code put_signed(struct maker *m, struct err *err)
{
	CLEANUP(free_ptr) char *provenance = NULL;
	struct written index;
	enum err_code code = put_image(m, &index, err);

	if (code == ERR_OK)
		code = buf_printf(&m->index, err,
				  "%s{%s,\"annotations\":{\"org.opencontainers.image.ref.name\":"
				  "\"registry.example.com/team%zu/app%zu:1.0\"}}",
				  m->image == 0 ? "" : ",", index.descriptor, m->image % 40, m->image);
	if (code == ERR_OK)
		code = put_statement(m, &index, "https://sigstore.dev/cosign/sign/v1", "{}", err);
	if (code == ERR_OK)
		code = str_format(&provenance, err,
				  "{\"buildDefinition\":{\"externalParameters\":{\"repository\":"
				  "\"https://git.example.com/team/app%zu\"}},\"runDetails\":{\"builder\":{\"id\":"
				  "\"https://builds.example.com/release\"}}}",
				  m->image);
	if (code == ERR_OK)
		code = put_statement(m, &index, "https://slsa.dev/provenance/v1", provenance, err);
	return code == ERR_OK
		       ? put_statement(m, &index, "https://spdx.dev/Document", "{\"spdxVersion\":\"SPDX-2.3\"}", err)
		       : code;
}

static enum err_code make(struct maker *m, size_t images, struct err *err)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(free_ptr) char *text = NULL;
	CLEANUP(free_ptr) char *layout_path = NULL;
	enum err_code code = ERR_OK;

	for (m->image = 0; code == ERR_OK && m->image < images; m->image++)
		code = put_signed(m, err);
	if (code == ERR_OK)
		code = str_format(&text, err, "{\"schemaVersion\":2,\"manifests\":[%s]}", buf_text(&m->index));
	if (code == ERR_OK)
		code = str_format(&path, err, "%s/index.json", m->dir);
	if (code == ERR_OK)
		code = put_file(path, text, strlen(text), err);
	if (code == ERR_OK)
		code = str_format(&layout_path, err, "%s/oci-layout", m->dir);
	return code == ERR_OK ? put_file(layout_path, layout, strlen(layout), err) : code;
}

static enum err_code make_folders(const char *dir, struct err *err)
{
	CLEANUP(free_ptr) char *blobs = NULL;
	CLEANUP(free_ptr) char *sha256 = NULL;
	enum err_code code = str_format(&blobs, err, "%s/blobs", dir);

	if (code == ERR_OK)
		code = str_format(&sha256, err, "%s/blobs/sha256", dir);
	if (code == ERR_OK && (mkdir(blobs, 0777) != 0 || mkdir(sha256, 0777) != 0))
		return err_errno(err, sha256);
	return code;
}

int main(int argc, char **argv)
{
	CLEANUP(maker_release) struct maker m = { .index = { .max = LIMIT_DESCRIPTION_BYTES } };
	struct err err = { 0 };
	enum err_code code;

	if (argc != 4) {
		fprintf(stderr, "signed DIR IMAGES KEY\n");
		return 2;
	}
	m.dir = argv[1];
	code = seal_key_read_private(argv[3], -1, &m.key, &err);
	if (code == ERR_OK)
		code = make_folders(m.dir, &err);
	if (code == ERR_OK)
		code = make(&m, strtoul(argv[2], NULL, 10), &err);
	if (code != ERR_OK)
		fprintf(stderr, "signed: %s\n", err.msg);
	return err_status(code);
}
