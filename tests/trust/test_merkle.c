#include "trust/merkle.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"
#include "trust/artifact.h"

#define LEAVES_MAX 20
#define HASH_BYTES 32

/* RFC 6962, section 2.1, as it is written there: the tree of the leaves from one place up to another. */
static void leaf_hash(size_t i, unsigned char out[HASH_BYTES])
{
	unsigned char text[2] = { 0, (unsigned char)i }, hash[TRUST_HASH_MAX];

	ck_assert_int_eq(trust_hash_of(TRUST_SHA256, text, sizeof(text), hash, NULL), ERR_OK);
	memcpy(out, hash, HASH_BYTES);
}

static size_t split_of(size_t len)
{
	size_t k = 1;

	while (k * 2 < len)
		k *= 2;
	return k;
}

static void tree_hash(size_t from, size_t to, unsigned char out[HASH_BYTES])
{
	unsigned char text[1 + 2 * HASH_BYTES] = { 1 }, hash[TRUST_HASH_MAX];
	size_t k;

	if (to - from == 1) {
		leaf_hash(from, out);
		return;
	}
	k = split_of(to - from);
	tree_hash(from, from + k, text + 1);
	tree_hash(from + k, to, text + 1 + HASH_BYTES);
	ck_assert_int_eq(trust_hash_of(TRUST_SHA256, text, sizeof(text), hash, NULL), ERR_OK);
	memcpy(out, hash, HASH_BYTES);
}

/* Section 2.1.1: the path of a leaf. */
static size_t path_of(size_t leaf, size_t from, size_t to, unsigned char (*out)[HASH_BYTES])
{
	size_t k, len;

	if (to - from == 1)
		return 0;
	k = split_of(to - from);
	if (leaf - from < k) {
		len = path_of(leaf, from, from + k, out);
		tree_hash(from + k, to, out[len]);
	} else {
		len = path_of(leaf, from + k, to, out);
		tree_hash(from, from + k, out[len]);
	}
	return len + 1;
}

static enum err_code check(const struct sigstore_inclusion *proof, unsigned char leaf)
{
	CLEANUP(buf_release) struct buf body = { .max = 10 };

	ck_assert_int_eq(buf_add(&body, &leaf, 1, NULL), ERR_OK);
	return merkle_check(proof, &body, NULL);
}

/* Every leaf of every tree; and nothing of it but that. */
START_TEST(every_leaf)
{
	size_t size = (size_t)_i, i, h;

	for (i = 0; i < size; i++) {
		unsigned char hashes[8][HASH_BYTES];
		struct sigstore_inclusion proof = { .index = i, .tree_size = size, .hashes = hashes };

		proof.hashes_len = path_of(i, 0, size, hashes);
		tree_hash(0, size, proof.root_hash);
		ck_assert_msg(check(&proof, (unsigned char)i) == ERR_OK, "%zu of %zu", i, size);
		ck_assert_int_eq(check(&proof, (unsigned char)(i + 1)), ERR_UNPROVED);
		for (h = 0; h < proof.hashes_len; h++) {
			hashes[h][7] ^= 1;
			ck_assert_int_eq(check(&proof, (unsigned char)i), ERR_UNPROVED);
			hashes[h][7] ^= 1;
		}
		proof.hashes_len++;
		ck_assert_int_eq(check(&proof, (unsigned char)i), ERR_UNPROVED);
		proof.hashes_len--;
		if (proof.hashes_len > 0) {
			proof.hashes_len--;
			ck_assert_int_eq(check(&proof, (unsigned char)i), ERR_UNPROVED);
			proof.hashes_len++;
		}
		proof.root_hash[0] ^= 1;
		ck_assert_int_eq(check(&proof, (unsigned char)i), ERR_UNPROVED);
		proof.root_hash[0] ^= 1;
		proof.index = size;
		ck_assert_int_eq(check(&proof, (unsigned char)i), ERR_UNPROVED);
	}
}
END_TEST

START_TEST(no_tree)
{
	struct sigstore_inclusion proof = { 0 };

	ck_assert_int_eq(check(&proof, 0), ERR_UNPROVED);
	proof.index = UINT64_MAX;
	proof.tree_size = UINT64_MAX;
	ck_assert_int_eq(check(&proof, 0), ERR_UNPROVED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("merkle");
	TCase *t = tcase_create("merkle");

	tcase_add_loop_test(t, every_leaf, 1, LEAVES_MAX + 1);
	tcase_add_test(t, no_tree);
	suite_add_tcase(s, t);
	return test_run(s);
}
