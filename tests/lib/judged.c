#include "tests/lib/judged.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"

#define INDEX "application/vnd.oci.image.index.v1+json"
#define MANIFEST "application/vnd.oci.image.manifest.v1+json"

struct node judged_nodes[64];
static struct edge edges[] = {
	{ .to = AMD64 }, { .to = ARM64 }, { .to = BUILDKIT, .kind = EDGE_ATTESTATION },
	{ .to = INNER }, { .to = S390X },
};
static struct graph graph = {
	.nodes = judged_nodes, .nodes_len = COUNT_OF(judged_nodes), .edges = edges, .edges_len = 5
};
struct candidate_subject judged_subjects[SUBJECTS];

static const struct {
	enum role role;
	const char *platform;
	uint32_t edges, edges_len;
} tree[SUBJECTS] = {
	[ROOT] = { ROLE_INDEX, NULL, 0, 4 },
	[AMD64] = { ROLE_MANIFEST, "linux/amd64", 0, 0 },
	[ARM64] = { ROLE_MANIFEST, "linux/arm64", 0, 0 },
	[BUILDKIT] = { ROLE_ATTESTATION, "unknown/unknown", 0, 0 },
	[INNER] = { ROLE_INDEX, NULL, 4, 1 },
	[S390X] = { ROLE_MANIFEST, "linux/s390x/z15", 0, 0 },
};

static const struct thing *things;
static size_t proved; /* how many were proved so far */
static char *folder;

void judged_setup(void)
{
	size_t i;

	memset(judged_nodes, 0, sizeof(judged_nodes));
	for (i = 0; i < COUNT_OF(judged_nodes); i++) {
		judged_nodes[i].digest =
			(struct digest){ "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" };
		judged_nodes[i].digest.text[70] = (char)('a' + i % 6);
		judged_nodes[i].digest.text[69] = (char)('0' + i / 6);
	}
	for (i = 0; i < SUBJECTS; i++) {
		judged_nodes[i].role = tree[i].role;
		judged_nodes[i].platform = tree[i].platform;
		judged_nodes[i].edges = tree[i].edges;
		judged_nodes[i].edges_len = tree[i].edges_len;
		judged_nodes[i].media_type = tree[i].role == ROLE_INDEX ? INDEX : MANIFEST;
		judged_subjects[i] =
			(struct candidate_subject){ .node = (uint32_t)i,
						    .digest = &judged_nodes[i].digest,
						    .role = tree[i].role,
						    .platform = tree[i].role == ROLE_MANIFEST ? tree[i].platform : NULL,
						    .is_root = i == ROOT };
	}
	folder = folder_new();
	folder_put(folder, "a.pub", key_p256_pub, strlen(key_p256_pub));
	folder_put(folder, "b.pub", key_ed25519_pub, strlen(key_ed25519_pub));
	proved = 0;
}

const char *judged_folder(void)
{
	return folder;
}

size_t judged_proved(void)
{
	return proved;
}

void judged_teardown(void)
{
	folder_remove(folder);
}

struct json_t *judged_json(const char *text)
{
	struct json_t *value = NULL;
	struct err err = { 0 };

	ck_assert_msg(js_read(text, strlen(text), "test", &value, &err) == ERR_OK, "%s: %s", text, err.msg);
	return value;
}

static const struct thing *thing_of(const struct candidates *all, const struct candidate *c)
{
	return &things[c - all->items];
}

static bool is_by(const struct thing *t, const struct trust_key *k)
{
	const char *name = trust_key_name(k);

	return t->by != NULL && name[strlen(name) - 5] == t->by[0]; /* ….pub */
}

static enum err_code fake_prove(void *ctx, const struct candidates *all, const struct candidate *c,
				const struct trust_material *m, const struct trust_wanted *wanted,
				struct candidate_proof *ret_proof, struct err *err)
{
	const struct thing *t = thing_of(all, c);
	size_t i;

	ck_assert(ctx == NULL && wanted->identities_len == 0);
	proved++;
	for (i = 0; i < m->keys_len && !is_by(t, m->keys[i]); i++)
		;
	if (i == m->keys_len)
		return err_set(err, t->by != NULL && t->by[0] == '!' ? ERR_IO : ERR_UNPROVED, "it is not by this key");
	*ret_proof = (struct candidate_proof){
		.signer = { .key = m->keys[i] },
		.docker_reference = t->reference,
		.is_signature = t->form == CANDIDATE_SIMPLE || (t->says != NULL && strcmp(t->says, SIGN) == 0),
	};
	strcpy(ret_proof->signer.key_id, trust_key_id(m->keys[i]));
	if (t->statement != NULL) {
		ret_proof->payload = judged_json(t->statement);
		ck_assert_int_eq(str_copy(js_string(ret_proof->payload, "predicateType"),
					  &ret_proof->signer.predicate_type, NULL),
				 ERR_OK);
	}
	return ERR_OK;
}

static enum err_code fake_payload(void *ctx, const struct candidates *all, const struct candidate *c,
				  struct json_t **ret_payload, struct err *err)
{
	const struct thing *t = thing_of(all, c);

	(void)ctx;
	if (t->statement == NULL)
		return err_set(err, ERR_UNPROVED, "it is about another image");
	*ret_payload = judged_json(t->statement);
	return ERR_OK;
}

const struct prover judged_prover = { .prove = fake_prove, .payload = fake_payload };

struct candidates judged_gather(const struct thing *list, size_t len, struct candidate *items)
{
	struct candidates all = {
		.graph = &graph, .subjects = judged_subjects, .subjects_len = SUBJECTS, .items = items, .len = len
	};
	size_t i;

	things = list;
	for (i = 0; i < len; i++)
		items[i] = (struct candidate){
			.form = list[i].form,
			.subject = list[i].subject,
			.manifest = list[i].form == CANDIDATE_STATEMENT ? BUILDKIT : (uint32_t)(BLOBS + 2 * i),
			.blob = (uint32_t)(BLOBS + 2 * i + 1),
			.predicate_type = list[i].says,
		};
	return all;
}

struct policy *judged_parse(const char *requirements)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "policy.json");
	CLEANUP(free_ptr) char *text = NULL;
	struct policy *p = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(
		str_format(&text, NULL,
			   "{\"default\":[{\"type\":\"reject\"}],\"transports\":{\"docker\":{\"r.example\":[%s]}}}",
			   requirements),
		ERR_OK);
	ck_assert_msg(policy_parse(text, strlen(text), path, &p, &err) == ERR_OK, "%s", err.msg);
	return p;
}
