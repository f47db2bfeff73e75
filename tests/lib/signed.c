#include "tests/lib/signed.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/manifest.h"
#include "common/mem.h"
#include "common/text.h"

#define FIXTURE "tests/fixtures/registry-storage.tar.zst"
#define STORAGE "docker/registry/v2/"
#define REVISIONS "/_manifests/revisions/sha256/"
#define ATTESTATION "86b93068966b3cae957a081f0958bdbd744d8a9b0e33c963f09133e0afbb8c9e"
#define SBOM "1c69b449c51b2733cfca73bfc0c008f23988b0223b7b21b68b90cf50e482515f"
#define PATH_SIZE 256

const struct signed_thing signed_things[SIGNED_THINGS] = {
	{ "bundle on an index", SIGNED_APP_ROOT, "2e159306478cc2aeaad7c115a8834d1bc55f9a0958764ab6a56040260ec8bc0d",
	  "7b0a1fbe6879ca59b29c6ecc3520df8e1c03f31511bb28d1e8ceb0796a52d197", LINK_SUBJECT },
	{ "bundle on a platform", SIGNED_AMD64, "96b1a57f81b97fc0bac7c6d53f5dde02ec34abd6db6839f25c42f0488e80f16a",
	  "8b01029145c5f97ae7d7bf9cce61a2ee34919d50da2530950df87862fbbad444", LINK_SUBJECT },
	{ "attestation in a bundle", SIGNED_AMD64, "5b748e7058fbfd4fa1296e8f80d9aa4234473419266ff5f19fede0fd3d8f4266",
	  "8b431f40946817a4146a92832f9c72c5237996c7c134f6c52207b6c80d0bf60b", LINK_SUBJECT },
	{ "bundle on an attestation", ATTESTATION, "2ea44ab7cb5fd1f46fbb228ac3064a08d121cd337237af0fc70e8118152a6971",
	  "0b8108a723636dc3061b5589c73cf95cdeddcbb5c3e6cce7d93ee41a44433050", LINK_SUBJECT },
	{ "bundle on an SBOM", SBOM, "db0eba46636413b38943a40dea818588f589b5d8e324a32f687fe5809f3c2ac1",
	  "d47995402b38c77cb19c34a7647857887e98abda6bb59856fea067266ef02f69", LINK_SUBJECT },
	{ "legacy signature", SIGNED_MULTI_ROOT, "af1dee25c94f4d4ab5f93feec663c737e18a822046a53b315080f3111543ab4b",
	  "cdfdb477876b3fb2adca475b99e8958a7da181064455ba6be4c1cfba231c81a1", LINK_SIG },
	{ "legacy attestation", SIGNED_MULTI_ROOT, "e158bdfcec5d22310d8a1adc29c565264e53273739c441c9052c641f110528a0",
	  "a250649a7707c6f6d15cbd554b6bfe0457e089d19a5f22351073bea4b4b05f28", LINK_ATT },
};

static bool is_wanted(const char *name)
{
	return text_ends(name, "/data") || (strstr(name, REVISIONS) != NULL && text_ends(name, "/link"));
}

struct tarball *signed_open(void)
{
	struct err err = { 0 };
	struct tarball *t = NULL;

	ck_assert_msg(tarball_open(FIXTURE, is_wanted, &t, &err) == ERR_OK, "%s", err.msg);
	return t;
}

static const struct tarball_member *member_of(const struct tarball *t, const char *hex)
{
	char path[PATH_SIZE];
	const struct tarball_member *m;

	snprintf(path, sizeof(path), STORAGE "blobs/sha256/%.2s/%s/data", hex, hex);
	m = tarball_find(t, path);
	ck_assert_msg(m != NULL, "no %s in the fixture", path);
	return m;
}

char *signed_bytes(const struct tarball *t, const char *hex, size_t *ret_len)
{
	const struct tarball_member *m = member_of(t, hex);
	char *bytes = calloc(1, m->size_bytes + 1);

	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(read_at(tarball_fd(t), bytes, m->size_bytes, m->offset_bytes, FIXTURE, NULL), ERR_OK);
	*ret_len = m->size_bytes;
	return bytes;
}

static size_t add_blob(const struct tarball *t, struct image_builder *b, const char *hex, const char *media_type)
{
	size_t len, item;
	char *bytes = signed_bytes(t, hex, &len);

	item = image_add(b, media_type, bytes, len);
	free(bytes);
	return item;
}

/* A manifest, and what is not large of what it lists. */
static void add_manifest(const struct tarball *t, struct image_builder *b, const char *hex)
{
	struct manifest m = { 0 };
	struct err err = { 0 };
	size_t len, i;
	char *bytes = signed_bytes(t, hex, &len);

	ck_assert_msg(manifest_parse(bytes, len, NULL, hex, &m, &err) == ERR_OK, "%s", err.msg);
	image_add(b, m.media_type, bytes, len);
	for (i = 0; m.kind == MANIFEST_IMAGE && i < m.items_len; i++) {
		if (!text_starts(m.items[i].media_type, "application/vnd.oci.image.layer"))
			add_blob(t, b, digest_hex(&m.items[i].digest), m.items[i].media_type);
	}
	manifest_release(&m);
	free(bytes);
}

size_t signed_item(const struct image_builder *b, const char *hex)
{
	size_t i;

	for (i = 0; i < b->items_len && strcmp(digest_hex(&b->items[i].digest), hex) != 0; i++)
		;
	ck_assert_uint_lt(i, b->items_len);
	return i;
}

size_t signed_mixed(struct image_builder *b)
{
	char amd64[IMAGE_DESCRIPTOR_TEXT], arm64[IMAGE_DESCRIPTOR_TEXT];

	image_text(b, signed_item(b, SIGNED_AMD64), amd64);
	image_text(b, signed_item(b, SIGNED_ARM64), arm64);
	return image_json(b, TYPE_OCI_INDEX,
			  "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":["
			  "{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
			  "{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}}]}",
			  amd64, arm64);
}

void signed_layers(const struct tarball *t, struct image_builder *b)
{
	size_t len = b->items_len, i, j;

	for (i = 0; i < len; i++) {
		const struct image_item *item = &b->items[i];
		struct manifest m = { 0 };

		if (manifest_kind(item->media_type) != MANIFEST_IMAGE)
			continue;
		ck_assert_int_eq(manifest_parse(item->bytes, item->len, NULL, "", &m, NULL), ERR_OK);
		if (image_item(b, &m.config.digest) == NULL)
			add_blob(t, b, digest_hex(&m.config.digest), m.config.media_type);
		for (j = 0; j < m.items_len; j++) {
			if (image_item(b, &m.items[j].digest) == NULL)
				add_blob(t, b, digest_hex(&m.items[j].digest), m.items[j].media_type);
		}
		manifest_release(&m);
	}
}

void signed_images(const struct tarball *t, struct image_builder *b)
{
	size_t len, i;
	const struct tarball_member *members = tarball_members(t, &len);

	for (i = 0; i < len; i++) {
		const char *at = strstr(members[i].name, REVISIONS);
		char hex[PATH_SIZE];

		if (at == NULL)
			continue;
		snprintf(hex, sizeof(hex), "%.64s", at + strlen(REVISIONS));
		add_manifest(t, b, hex);
	}
	for (i = 0; i < SIGNED_THINGS; i++)
		image_refer(b, signed_item(b, signed_things[i].subject), signed_item(b, signed_things[i].manifest),
			    signed_things[i].kind);
	image_refer(b, signed_item(b, SIGNED_APP_ROOT), signed_item(b, SBOM), LINK_SUBJECT);
	image_tag(b, SIGNED_APP, signed_item(b, SIGNED_APP_ROOT));
	image_tag(b, SIGNED_MULTI, signed_item(b, SIGNED_MULTI_ROOT));
}
