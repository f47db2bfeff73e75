#include "import/serve_htpasswd.h"

#include <crypt.h>
#include <ctype.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "common/base64.h"
#include "common/digest.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"

#define KEY_BYTES ((size_t)32)
#define HASH_LEN 60
#define BURST ((uint64_t)8) /* computations that need no waiting */
#define JUDGING_MAX 2       /* threads that compute or wait for it: the others of the server go on */
#define ROUND_US 60         /* of 2^cost, on a slow processor */

/* Time that may be spent. */
struct allowance {
	uint64_t left_us, most_us, at_ms;
	unsigned share;
};

/* The hash of a password that was judged before. */
struct memory {
	struct digest mark;
	uint64_t until_ms;
};

struct user {
	char *name; /* owned */
	char hash[HASH_LEN + 1];
	unsigned cost;
	struct memory right, wrong;
	struct allowance allowance;
};

struct serve_htpasswd {
	struct user *users; /* by name */
	size_t len, cap;
	struct user nobody; /* for all names that are no user's */
	struct allowance all;
	unsigned judging;
	unsigned char key[KEY_BYTES];
	pthread_mutex_t computing, lock; /* the second, held for a moment, is for memories and allowances */
	struct crypt_data crypt;         /* of who computes */
};

static uint64_t price_us(unsigned cost)
{
	return ((uint64_t)1 << cost) * ROUND_US;
}

static struct allowance allowance_of(uint64_t most_us, unsigned share)
{
	return (struct allowance){ .left_us = most_us, .most_us = most_us, .share = share };
}

static void refill(struct allowance *a, uint64_t now_ms)
{
	uint64_t more_us = now_ms > a->at_ms ? (now_ms - a->at_ms) * 1000 / a->share : 0;

	/* A share of a millisecond that came to nothing still counts next time. */
	if (more_us > 0)
		a->at_ms = now_ms;
	a->left_us = more_us < a->most_us - a->left_us ? a->left_us + more_us : a->most_us;
}

static bool spend(struct serve_htpasswd *h, struct user *u, uint64_t now_ms)
{
	uint64_t price = price_us(u->cost);

	refill(&u->allowance, now_ms);
	refill(&h->all, now_ms);
	if (u->allowance.left_us < price || h->all.left_us < price)
		return false;
	u->allowance.left_us -= price;
	h->all.left_us -= price;
	return true;
}

/* ---- The file ---- */

static bool is_bcrypt(const char *hash)
{
	static const char digits[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	return strlen(hash) == HASH_LEN && hash[0] == '$' && hash[1] == '2' && strchr("aby", hash[2]) != NULL &&
	       hash[3] == '$' && isdigit((unsigned char)hash[4]) && isdigit((unsigned char)hash[5]) && hash[6] == '$' &&
	       strspn(hash + 7, digits) == HASH_LEN - 7;
}

static enum err_code add_user(struct serve_htpasswd *h, const char *name, const char *hash, struct err *err)
{
	struct user *u;
	unsigned cost = is_bcrypt(hash) ? (unsigned)(hash[4] - '0') * 10 + (unsigned)(hash[5] - '0') : 0;
	enum err_code code;

	if (cost < 4)
		return err_set(err, ERR_FORMAT, "no bcrypt hash: only those of htpasswd -B are taken");
	if (cost > LIMIT_BCRYPT_COST)
		return err_set(err, ERR_LIMIT, "a bcrypt cost of %u makes every login slow; at most %d is taken", cost,
			       LIMIT_BCRYPT_COST);
	code = vec_grow(&h->users, &h->cap, h->len + 1, sizeof(*h->users), LIMIT_HTPASSWD_USERS, err);
	if (code != ERR_OK)
		return code;
	u = &h->users[h->len];
	code = str_copy(name, &u->name, err);
	if (code != ERR_OK)
		return code;
	snprintf(u->hash, sizeof(u->hash), "%s", hash);
	u->cost = cost;
	u->allowance = allowance_of(BURST * price_us(cost), HTPASSWD_SHARE);
	h->nobody.cost = cost > h->nobody.cost ? cost : h->nobody.cost;
	h->len++;
	return ERR_OK;
}

static enum err_code add_line(struct serve_htpasswd *h, char *line, struct err *err)
{
	size_t len = strlen(line);
	char *hash;

	while (len > 0 && isspace((unsigned char)line[len - 1]))
		line[--len] = '\0';
	line += strspn(line, " \t");
	if (*line == '\0' || *line == '#')
		return ERR_OK;
	hash = strchr(line, ':');
	if (hash == NULL || hash == line)
		return err_set(err, ERR_FORMAT, "not NAME:HASH");
	*hash++ = '\0';
	return add_user(h, line, hash, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct user *)a)->name, ((const struct user *)b)->name);
}

static enum err_code sort_users(struct serve_htpasswd *h, const char *path, struct err *err)
{
	size_t i;

	if (h->len == 0)
		return err_set(err, ERR_FORMAT, "%s: no user in it, so nobody could ask", path);
	qsort(h->users, h->len, sizeof(*h->users), by_name);
	for (i = 1; i < h->len; i++) {
		if (by_name(&h->users[i - 1], &h->users[i]) == 0)
			return err_set(err, ERR_FORMAT, "%s: user %s stands there twice", path, h->users[i].name);
	}
	/* Any salt will do: no password has this hash. */
	snprintf(h->nobody.hash, sizeof(h->nobody.hash), "$2b$%02u$%.53s", h->nobody.cost,
		 ".....................................................");
	h->nobody.allowance = allowance_of(BURST * price_us(h->nobody.cost), HTPASSWD_SHARE);
	h->all = allowance_of(2 * BURST * price_us(h->nobody.cost), HTPASSWD_SHARE / 2);
	return ERR_OK;
}

static enum err_code read_users(struct serve_htpasswd *h, const char *path, struct err *err)
{
	CLEANUP(buf_wipe) struct buf text;
	unsigned number = 1;
	char *line;
	enum err_code code;

	buf_init(&text, LIMIT_HTPASSWD_BYTES);
	code = file_read_any(path, &text, err);
	if (code == ERR_OK && text.len > 0 && strlen(text.data) != text.len)
		return err_set(err, ERR_FORMAT, "%s: a NUL byte in it: not a file of htpasswd", path);
	for (line = text.data; code == ERR_OK && line != NULL; number++) {
		char *end = strchr(line, '\n');

		if (end != NULL)
			*end++ = '\0';
		code = add_line(h, line, err);
		if (code != ERR_OK)
			return err_add(err, "%s:%u", path, number);
		line = end;
	}
	return code == ERR_OK ? sort_users(h, path, err) : code;
}

enum err_code serve_htpasswd_open(const char *path, struct serve_htpasswd **ret_h, struct err *err)
{
	CLEANUP(serve_htpasswd_free_ptr) struct serve_htpasswd *h = calloc(1, sizeof(*h));
	enum err_code code;

	if (h == NULL)
		return err_nomem(err);
	pthread_mutex_init(&h->computing, NULL);
	pthread_mutex_init(&h->lock, NULL);
	if (getrandom(h->key, sizeof(h->key), 0) != (ssize_t)sizeof(h->key))
		return err_errno(err, "random bytes of the kernel");
	code = read_users(h, path, err);
	if (code == ERR_OK)
		*ret_h = take_ptr(&h);
	return code;
}

/* ---- A question ---- */

/* The name and password of Basic credentials; false where there are none.  text is where they are kept. */
static bool read_basic(const char *authorization, struct buf *text, char **ret_name, char **ret_password)
{
	static const char scheme[] = "Basic ";
	char *colon;

	if (authorization == NULL || strncasecmp(authorization, scheme, strlen(scheme)) != 0)
		return false;
	authorization += strlen(scheme);
	authorization += strspn(authorization, " ");
	if (base64_decode(authorization, text, NULL) != ERR_OK || text->len == 0 || strlen(text->data) != text->len)
		return false;
	colon = strchr(text->data, ':');
	if (colon == NULL)
		return false;
	*colon = '\0';
	*ret_name = text->data;
	*ret_password = colon + 1;
	return true;
}

static struct user *find_user(struct serve_htpasswd *h, char *name)
{
	struct user key = { .name = name };
	struct user *u = bsearch(&key, h->users, h->len, sizeof(*h->users), by_name);

	return u != NULL ? u : &h->nobody;
}

/* What credentials are remembered by: nobody who cannot read this process can make one, or tell one from another. */
static enum err_code mark_of(const struct serve_htpasswd *h, const char *name, const char *password,
			     struct digest *ret_mark, struct err *err)
{
	CLEANUP(buf_wipe) struct buf all;
	enum err_code code;

	buf_init(&all, LIMIT_SECRET_BYTES + 2 * KEY_BYTES + 1);
	code = buf_add(&all, h->key, sizeof(h->key), err);
	if (code == ERR_OK)
		code = buf_add(&all, name, strlen(name) + 1, err);
	if (code == ERR_OK)
		code = buf_puts(&all, password, err);
	if (code == ERR_OK)
		code = buf_add(&all, h->key, sizeof(h->key), err);
	return code == ERR_OK ? digest_of(all.data, all.len, NULL, ret_mark, err) : code;
}

static bool remembers(struct memory *m, const struct digest *mark, uint64_t now_ms)
{
	if (now_ms >= m->until_ms || !digest_equal(&m->mark, mark))
		return false;
	m->until_ms = now_ms + HTPASSWD_REMEMBER_MS;
	return true;
}

static bool recall(struct serve_htpasswd *h, struct user *u, const struct digest *mark, uint64_t now_ms,
		   enum serve_access_verdict *ret_verdict)
{
	bool right, wrong;

	pthread_mutex_lock(&h->lock);
	right = remembers(&u->right, mark, now_ms);
	wrong = !right && remembers(&u->wrong, mark, now_ms);
	pthread_mutex_unlock(&h->lock);
	if (right || wrong)
		*ret_verdict = right ? SERVE_ACCESS_GIVEN : SERVE_ACCESS_DENIED;
	return right || wrong;
}

/* As long for a hash that differs at its first character as for one that does at its last. */
static bool same_hash(const char *a, const char *b)
{
	unsigned char differ = 0;
	size_t i;

	if (strlen(a) != HASH_LEN || strlen(b) != HASH_LEN)
		return false;
	for (i = 0; i < HASH_LEN; i++)
		differ |= (unsigned char)(a[i] ^ b[i]);
	return differ == 0;
}

static enum err_code compute(struct serve_htpasswd *h, const struct user *u, const char *password, bool *ret_same,
			     struct err *err)
{
	const char *got = crypt_r(password, u->hash, &h->crypt);
	bool failed = got == NULL || got[0] == '*';

	*ret_same = !failed && u != &h->nobody && same_hash(got, u->hash);
	explicit_bzero(&h->crypt, sizeof(h->crypt));
	return failed ? err_set(err, ERR_CRYPTO, "bcrypt is not available in libcrypt") : ERR_OK;
}

/* By the one who computes: others with the same credentials wait for it, and then find it remembered. */
static enum err_code judge(struct serve_htpasswd *h, struct user *u, const char *password, const struct digest *mark,
			   uint64_t now_ms, enum serve_access_verdict *ret_verdict, struct err *err)
{
	struct memory *m;
	bool may, right;
	enum err_code code;

	if (recall(h, u, mark, now_ms, ret_verdict))
		return ERR_OK;
	pthread_mutex_lock(&h->lock);
	may = spend(h, u, now_ms);
	pthread_mutex_unlock(&h->lock);
	if (!may) {
		*ret_verdict = SERVE_ACCESS_LATER;
		return ERR_OK;
	}
	code = compute(h, u, password, &right, err);
	if (code != ERR_OK)
		return code;
	pthread_mutex_lock(&h->lock);
	m = right ? &u->right : &u->wrong;
	*m = (struct memory){ .mark = *mark, .until_ms = now_ms + HTPASSWD_REMEMBER_MS };
	pthread_mutex_unlock(&h->lock);
	*ret_verdict = right ? SERVE_ACCESS_GIVEN : SERVE_ACCESS_DENIED;
	return ERR_OK;
}

/* Whoever had to wait behind others would hold up all who ask by the same thread. */
static enum err_code wait_and_judge(struct serve_htpasswd *h, struct user *u, const char *password,
				    const struct digest *mark, uint64_t now_ms, enum serve_access_verdict *ret_verdict,
				    struct err *err)
{
	enum err_code code = ERR_OK;
	bool room;

	pthread_mutex_lock(&h->lock);
	room = h->judging < JUDGING_MAX;
	h->judging += room;
	pthread_mutex_unlock(&h->lock);
	if (!room) {
		*ret_verdict = SERVE_ACCESS_LATER;
		return ERR_OK;
	}
	pthread_mutex_lock(&h->computing);
	code = judge(h, u, password, mark, now_ms, ret_verdict, err);
	pthread_mutex_unlock(&h->computing);
	pthread_mutex_lock(&h->lock);
	h->judging--;
	pthread_mutex_unlock(&h->lock);
	return code;
}

enum err_code serve_htpasswd_check(struct serve_htpasswd *h, const char *authorization, uint64_t now_ms,
				   enum serve_access_verdict *ret_verdict, const char **ret_user, struct err *err)
{
	CLEANUP(buf_wipe) struct buf text;
	char *name, *password;
	struct digest mark;
	struct user *u;
	enum err_code code;

	buf_init(&text, LIMIT_SECRET_BYTES);
	if (!read_basic(authorization, &text, &name, &password)) {
		*ret_verdict = SERVE_ACCESS_DENIED;
		return ERR_OK;
	}
	code = mark_of(h, name, password, &mark, err);
	if (code != ERR_OK)
		return code;
	u = find_user(h, name);
	if (!recall(h, u, &mark, now_ms, ret_verdict))
		code = wait_and_judge(h, u, password, &mark, now_ms, ret_verdict, err);
	if (code == ERR_OK && *ret_verdict == SERVE_ACCESS_GIVEN)
		*ret_user = u->name;
	return code;
}

void serve_htpasswd_free(struct serve_htpasswd *h)
{
	size_t i;

	if (h == NULL)
		return;
	for (i = 0; i < h->len; i++)
		free(h->users[i].name);
	free(h->users);
	pthread_mutex_destroy(&h->computing);
	pthread_mutex_destroy(&h->lock);
	explicit_bzero(h->key, sizeof(h->key));
	free(h);
}

void serve_htpasswd_free_ptr(struct serve_htpasswd **h)
{
	serve_htpasswd_free(*h);
}
