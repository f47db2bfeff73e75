#include "trust/ed25519ph.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

/* The curve of section 5.1: its field, its d, its base, and the order of that. */
#define FIELD "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"
#define CURVE_D "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"
#define BASE_X "216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a"
#define BASE_Y "6666666666666666666666666666666666666666666666666666666666666658"
#define ORDER "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"
#define ORDER_BITS 253
#define POINT_BYTES 32

/* Section 5.1: dom2 with the flag of the hashed form, and the length of an empty context, which the NUL is. */
static const unsigned char domain[] = "SigEd25519 no Ed25519 collisions\x01";

/* Numbers of one check.  The first operation that fails is remembered, and what comes after it is worth nothing. */
struct field {
	BN_CTX *ctx;
	BN_MONT_CTX *mont; /* products of numbers that are in its form are made four times as fast */
	BIGNUM *p, *d, *order;
	bool failed;
};

/* In extended coordinates: x = X/Z, y = Y/Z, x * y = T/Z. */
struct point {
	BIGNUM *x, *y, *z, *t;
};

static BIGNUM *number(struct field *f)
{
	BIGNUM *n = BN_CTX_get(f->ctx);

	f->failed |= n == NULL;
	return n;
}

static BIGNUM *constant(struct field *f, const char *hex)
{
	BIGNUM *n = number(f);

	f->failed = f->failed || BN_hex2bn(&n, hex) == 0;
	return n;
}

static struct point new_point(struct field *f)
{
	struct point p = { .x = number(f) };

	p.y = number(f);
	p.z = number(f);
	p.t = number(f);
	return p;
}

static void mul(struct field *f, BIGNUM *out, const BIGNUM *a, const BIGNUM *b)
{
	f->failed = f->failed || BN_mod_mul(out, a, b, f->p, f->ctx) != 1;
}

static void mul_mont(struct field *f, BIGNUM *out, const BIGNUM *a, const BIGNUM *b)
{
	f->failed = f->failed || BN_mod_mul_montgomery(out, a, b, f->mont, f->ctx) != 1;
}

static void add(struct field *f, BIGNUM *out, const BIGNUM *a, const BIGNUM *b)
{
	f->failed = f->failed || BN_mod_add_quick(out, a, b, f->p) != 1;
}

static void sub(struct field *f, BIGNUM *out, const BIGNUM *a, const BIGNUM *b)
{
	f->failed = f->failed || BN_mod_sub_quick(out, a, b, f->p) != 1;
}

/* Into that form, all that is added. */
static void to_mont(struct field *f, BIGNUM *n)
{
	f->failed = f->failed || BN_to_montgomery(n, n, f->mont, f->ctx) != 1;
}

static void from_mont(struct field *f, BIGNUM *n)
{
	f->failed = f->failed || BN_from_montgomery(n, n, f->mont, f->ctx) != 1;
}

static void point_to_mont(struct field *f, const struct point *p)
{
	to_mont(f, p->x);
	to_mont(f, p->y);
	to_mont(f, p->z);
	to_mont(f, p->t);
}

/* Section 5.1.4; it holds for all points, so it doubles too. */
static void add_points(struct field *f, const struct point *out, const struct point *p, const struct point *q)
{
	BIGNUM *a, *b, *c, *d, *e;

	BN_CTX_start(f->ctx);
	a = number(f);
	b = number(f);
	c = number(f);
	d = number(f);
	e = number(f);
	sub(f, a, p->y, p->x);
	sub(f, b, q->y, q->x);
	mul_mont(f, a, a, b);
	add(f, b, p->y, p->x);
	add(f, c, q->y, q->x);
	mul_mont(f, b, b, c);
	mul_mont(f, c, p->t, q->t);
	mul_mont(f, c, c, f->d);
	add(f, c, c, c);
	mul_mont(f, d, p->z, q->z);
	add(f, d, d, d);
	sub(f, e, b, a); /* E, and from here on H, F and G of the section are b, a and d */
	add(f, b, b, a);
	sub(f, a, d, c);
	add(f, d, d, c);
	mul_mont(f, out->x, e, a);
	mul_mont(f, out->y, d, b);
	mul_mont(f, out->t, e, b);
	mul_mont(f, out->z, a, d);
	BN_CTX_end(f->ctx);
}

/* Section 5.1.3: false where the bytes are no point. */
static bool decode(struct field *f, const unsigned char bytes[POINT_BYTES], const struct point *out)
{
	unsigned char y[POINT_BYTES];
	bool is_odd = (bytes[POINT_BYTES - 1] & 0x80) != 0;
	BIGNUM *above = number(f), *below = number(f);

	memcpy(y, bytes, sizeof(y));
	y[POINT_BYTES - 1] &= 0x7f;
	f->failed = f->failed || BN_lebin2bn(y, sizeof(y), out->y) == NULL || BN_one(out->z) != 1;
	if (f->failed || BN_cmp(out->y, f->p) >= 0)
		return false;
	mul(f, above, out->y, out->y);
	mul(f, below, above, f->d);
	sub(f, above, above, out->z);
	add(f, below, below, out->z);
	if (f->failed || BN_mod_inverse(below, below, f->p, f->ctx) == NULL)
		return false;
	mul(f, above, above, below);
	if (f->failed || BN_mod_sqrt(out->x, above, f->p, f->ctx) == NULL || (BN_is_zero(out->x) && is_odd))
		return false;
	if (BN_is_odd(out->x) != is_odd)
		f->failed = f->failed || BN_sub(out->x, f->p, out->x) != 1;
	mul(f, out->t, out->x, out->y);
	return !f->failed;
}

static struct point base_point(struct field *f)
{
	struct point base = { .x = constant(f, BASE_X), .y = constant(f, BASE_Y), .z = constant(f, "1") };

	base.t = number(f);
	mul(f, base.t, base.x, base.y);
	return base;
}

static void negate(struct field *f, const struct point *p)
{
	BN_set_negative(p->x, 1);
	BN_set_negative(p->t, 1);
	f->failed = f->failed || BN_nnmod(p->x, p->x, f->p, f->ctx) != 1 || BN_nnmod(p->t, p->t, f->p, f->ctx) != 1;
}

static bool is_encoded(struct field *f, const struct point *p, const unsigned char bytes[POINT_BYTES])
{
	unsigned char out[POINT_BYTES];
	BIGNUM *scale = number(f);

	from_mont(f, p->x);
	from_mont(f, p->y);
	from_mont(f, p->z);
	if (f->failed || BN_mod_inverse(scale, p->z, f->p, f->ctx) == NULL)
		return false;
	mul(f, p->x, p->x, scale);
	mul(f, p->y, p->y, scale);
	if (f->failed || BN_bn2lebinpad(p->y, out, sizeof(out)) != sizeof(out))
		return false;
	out[POINT_BYTES - 1] |= BN_is_odd(p->x) ? 0x80 : 0;
	return memcmp(out, bytes, sizeof(out)) == 0;
}

/* [s]base + [k]key, bit by bit. */
static void combine(struct field *f, const struct point *out, const BIGNUM *s, const struct point *base,
		    const BIGNUM *k, const struct point *key)
{
	struct point both = new_point(f);
	int i;

	if (f->failed)
		return;
	add_points(f, &both, base, key);
	BN_zero(out->x);
	BN_zero(out->t);
	f->failed = f->failed || BN_one(out->y) != 1 || BN_one(out->z) != 1;
	to_mont(f, out->y);
	to_mont(f, out->z);
	for (i = ORDER_BITS - 1; i >= 0 && !f->failed; i--) {
		bool with_base = BN_is_bit_set(s, i), with_key = BN_is_bit_set(k, i);

		add_points(f, out, out, out);
		if (with_base || with_key)
			add_points(f, out, out, with_base && with_key ? &both : with_base ? base : key);
	}
}

static bool holds(struct field *f, const unsigned char *key_bytes, const unsigned char *k_bytes,
		  const unsigned char *signature)
{
	struct point base = base_point(f), key = new_point(f), sum = new_point(f);
	BIGNUM *s = number(f), *k = number(f);

	f->failed = f->failed || BN_lebin2bn(signature + POINT_BYTES, POINT_BYTES, s) == NULL ||
		    BN_lebin2bn(k_bytes, ED25519_HASH_BYTES, k) == NULL;
	f->failed = f->failed || BN_nnmod(k, k, f->order, f->ctx) != 1;
	if (f->failed || BN_cmp(s, f->order) >= 0 || !decode(f, key_bytes, &key))
		return false;
	negate(f, &key);
	point_to_mont(f, &base);
	point_to_mont(f, &key);
	to_mont(f, f->d);
	combine(f, &sum, s, &base, k, &key);
	return is_encoded(f, &sum, signature) && !f->failed;
}

enum err_code ed25519_equation(const unsigned char key[ED25519_KEY_BYTES], const unsigned char k[ED25519_HASH_BYTES],
			       const unsigned char signature[ED25519_SIGNATURE_BYTES], bool *ret_holds, struct err *err)
{
	struct field f = { .ctx = BN_CTX_new(), .mont = BN_MONT_CTX_new() };
	bool good;

	if (f.ctx == NULL || f.mont == NULL) {
		BN_CTX_free(f.ctx);
		BN_MONT_CTX_free(f.mont);
		return err_nomem(err);
	}
	BN_CTX_start(f.ctx);
	f.p = constant(&f, FIELD);
	f.failed = f.failed || BN_MONT_CTX_set(f.mont, f.p, f.ctx) != 1;
	f.d = constant(&f, CURVE_D);
	f.order = constant(&f, ORDER);
	good = !f.failed && holds(&f, key, k, signature);
	BN_CTX_end(f.ctx);
	BN_CTX_free(f.ctx);
	BN_MONT_CTX_free(f.mont);
	ERR_clear_error();
	if (f.failed)
		return err_nomem(err);
	*ret_holds = good;
	return ERR_OK;
}

enum err_code ed25519ph_check(const unsigned char key[ED25519_KEY_BYTES], const unsigned char hash[ED25519_HASH_BYTES],
			      const unsigned char signature[ED25519_SIGNATURE_BYTES], struct err *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char k[ED25519_HASH_BYTES];
	bool good = context != NULL && EVP_DigestInit_ex(context, EVP_sha512(), NULL) == 1 &&
		    EVP_DigestUpdate(context, domain, sizeof(domain)) == 1 &&
		    EVP_DigestUpdate(context, signature, POINT_BYTES) == 1 &&
		    EVP_DigestUpdate(context, key, ED25519_KEY_BYTES) == 1 &&
		    EVP_DigestUpdate(context, hash, ED25519_HASH_BYTES) == 1 &&
		    EVP_DigestFinal_ex(context, k, NULL) == 1;
	enum err_code code;

	EVP_MD_CTX_free(context);
	if (!good)
		return err_nomem(err);
	code = ed25519_equation(key, k, signature, &good, err);
	if (code == ERR_OK && !good)
		code = err_set(err, ERR_UNPROVED, "not a signature by the key over this hash");
	return code;
}
