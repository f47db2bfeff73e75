#include "import/docker_image.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

static int compare(const void *a, const void *b)
{
	const struct docker_manifest *const *x = a, *const *y = b;

	return strcmp((*x)->digest.text, (*y)->digest.text);
}

static void read_platform(const struct json_t *json, char out[PLATFORM_TEXT_MAX])
{
	const char *os = js_string(json, "os"), *architecture = js_string(json, "architecture");
	struct platform p;

	if (os != NULL && architecture != NULL &&
	    platform_set(&p, os, architecture, js_string(json, "variant"), NULL, NULL) == ERR_OK)
		platform_format(&p, out);
}

static bool read_manifest(const struct json_t *json, struct docker_manifest *m)
{
	const struct json_t *descriptor = js_object(json, "Descriptor");
	const char *digest = js_string(descriptor, "digest"), *kind = js_string(json, "Kind");
	const char *subject = js_string(js_object(json, "AttestationData"), "For");

	*m = (struct docker_manifest){ 0 };
	if (digest == NULL || digest_parse(digest, &m->digest, NULL) != ERR_OK)
		return false;
	js_uint(descriptor, "size", &m->size_bytes);
	m->available = js_true(json, "Available");
	m->attestation = kind != NULL && strcmp(kind, "attestation") == 0;
	if (m->attestation && subject != NULL && digest_parse(subject, &m->subject, NULL) != ERR_OK)
		m->subject.text[0] = '\0';
	read_platform(js_object(js_object(json, "ImageData"), "Platform"), m->platform);
	return true;
}

static enum err_code read_manifests(const struct json_t *list, struct docker_image *image, struct err *err)
{
	size_t i;

	image->manifests = calloc(js_len(list) + 1, sizeof(*image->manifests));
	image->by_digest = calloc(js_len(list) + 1, sizeof(*image->by_digest));
	if (image->manifests == NULL || image->by_digest == NULL)
		return err_nomem(err);
	for (i = 0; i < js_len(list); i++) {
		image->by_digest[image->manifests_len] = &image->manifests[image->manifests_len];
		image->manifests_len += read_manifest(js_at(list, i), &image->manifests[image->manifests_len]);
	}
	qsort(image->by_digest, image->manifests_len, sizeof(*image->by_digest), compare);
	return ERR_OK;
}

enum err_code docker_image_parse(const struct json_t *json, const char *what, struct docker_image *ret_image,
				 struct err *err)
{
	const char *digest = js_string(js_object(json, "Descriptor"), "digest");
	CLEANUP(docker_image_release) struct docker_image image = { 0 };
	enum err_code code;

	if (digest == NULL || digest_parse(digest, &image.digest, NULL) != ERR_OK)
		return err_set(err, ERR_FORMAT, "%s: the daemon does not say which digest the image has", what);
	code = read_manifests(js_array(json, "Manifests"), &image, err);
	if (code != ERR_OK)
		return code;
	*ret_image = image;
	image = (struct docker_image){ 0 };
	return ERR_OK;
}

enum err_code docker_image_get(struct docker *d, const char *name, struct docker_image *ret_image, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	CLEANUP(buf_release) struct buf path = { 0 };
	enum err_code code;

	buf_init(&path, LIMIT_URL_BYTES);
	code = buf_puts(&path, "/images/", err);
	if (code == ERR_OK)
		code = docker_put_name(&path, name, err);
	if (code == ERR_OK)
		code = buf_puts(&path, "/json?manifests=1", err);
	if (code == ERR_OK)
		code = docker_get_json(d, DOCKER_API_INSPECT, buf_text(&path), LIMIT_MANIFEST_BYTES, &json, err);
	if (code != ERR_OK)
		return code;
	*ret_image = (struct docker_image){ 0 };
	return json != NULL ? docker_image_parse(json, buf_text(&path), ret_image, err) : ERR_OK;
}

const struct docker_manifest *docker_image_find(const struct docker_image *image, const struct digest *digest)
{
	const struct docker_manifest key = { .digest = *digest }, *wanted = &key, **found;

	if (image->manifests_len == 0)
		return NULL;
	found = bsearch(&wanted, image->by_digest, image->manifests_len, sizeof(*image->by_digest), compare);
	return found != NULL ? *found : NULL;
}

void docker_image_release(struct docker_image *image)
{
	free(image->manifests);
	free(image->by_digest);
	*image = (struct docker_image){ 0 };
}
