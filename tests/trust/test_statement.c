#include "trust/statement.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define ABC_256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC_384 "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
#define ABC_512                                                                                                        \
	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643c" \
	"e80e2a9ac94fa54ca49f"
#define UPPER "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"
#define V1 "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"p\",\"predicate\":{},\"subject\":"
#define OF(digests) V1 "[{\"name\":\"a\",\"digest\":{" digests "}}]}"
#define TYPED(type)                                                                                                    \
	"{\"_type\":" type ",\"predicateType\":\"p\",\"subject\":[{\"digest\":{\"sha256\":\"" ABC_256 "\"}}]}"
#define KIND(member)                                                                                                   \
	"{\"_type\":\"https://in-toto.io/Statement/v1\"," member "\"subject\":[{\"digest\":{\"sha256\":\"" ABC_256     \
	"\"}}]}"

static const struct {
	const char *text;
	enum err_code code, of_digest; /* where the bytes "abc" are there; where their SHA-256 alone is */
} statements[] = {
	{ OF("\"sha256\":\"" ABC_256 "\""), ERR_OK, ERR_OK },
	{ OF("\"sha256\":\"" UPPER "\""), ERR_OK, ERR_OK },
	{ OF("\"sha384\":\"" ABC_384 "\""), ERR_OK, ERR_UNPROVED },
	{ OF("\"sha512\":\"" ABC_512 "\""), ERR_OK, ERR_UNPROVED },
	{ OF("\"sha256\":\"" ABC_256 "\",\"sha512\":\"" ABC_512 "\""), ERR_OK, ERR_OK },
	{ OF("\"sha256\":\"" ABC_256 "\",\"gitCommit\":\"00\""), ERR_OK, ERR_OK },
	{ OF("\"sha256\":\"" ABC_256 "\",\"sha512\":\"00\""), ERR_UNPROVED, ERR_OK },
	{ OF("\"sha256\":\"00\",\"sha512\":\"" ABC_512 "\""), ERR_UNPROVED, ERR_UNPROVED },
	{ OF("\"sha1\":\"a9993e364706816aba3e25717850c26c9cd0d89d\""), ERR_UNPROVED, ERR_UNPROVED },
	{ OF("\"sha256\":\"" ABC_256 "0\""), ERR_UNPROVED, ERR_UNPROVED },
	{ OF("\"sha256\":\"\""), ERR_UNPROVED, ERR_UNPROVED },
	{ OF("\"sha256\":null"), ERR_UNPROVED, ERR_UNPROVED },
	{ OF("\"sha256\":[\"" ABC_256 "\"]"), ERR_UNPROVED, ERR_UNPROVED },
	{ OF("\"Sha256\":\"" ABC_256 "\""), ERR_UNPROVED, ERR_UNPROVED },
	{ OF(""), ERR_UNPROVED, ERR_UNPROVED },
	{ V1 "[{\"digest\":{\"sha256\":\"00\"}},{\"digest\":{\"sha256\":\"" ABC_256 "\"}}]}", ERR_OK, ERR_OK },
	{ V1 "[{\"digest\":{\"sha512\":\"00\"}},1,null,{}]}", ERR_UNPROVED, ERR_UNPROVED },
	{ V1 "[{\"name\":\"" ABC_256 "\",\"uri\":\"sha256:" ABC_256 "\"}]}", ERR_UNPROVED, ERR_UNPROVED },
	{ V1 "[]}", ERR_FORMAT, ERR_FORMAT },
	{ V1 "{\"digest\":{\"sha256\":\"" ABC_256 "\"}}}", ERR_FORMAT, ERR_FORMAT },
	{ V1 "null}", ERR_FORMAT, ERR_FORMAT },
	{ V1 "[{\"digest\":{\"sha256\":\"00\"}}],\"subject\":[{\"digest\":{\"sha256\":\"" ABC_256 "\"}}]}", ERR_FORMAT,
	  ERR_FORMAT },
	{ TYPED("\"https://in-toto.io/Statement/v0.1\""), ERR_OK, ERR_OK },
	{ TYPED("\"https://in-toto.io/Statement/v1.1\""), ERR_FORMAT, ERR_FORMAT },
	{ TYPED("\"https://in-toto.io/Statement/v2\""), ERR_FORMAT, ERR_FORMAT },
	{ TYPED("\"https://in-toto.io/Statement/\""), ERR_FORMAT, ERR_FORMAT },
	{ TYPED("\"https://evil.example/?https://in-toto.io/Statement/v1\""), ERR_FORMAT, ERR_FORMAT },
	{ TYPED("1"), ERR_FORMAT, ERR_FORMAT },
	{ KIND("\"predicateType\":\"p\","), ERR_OK, ERR_OK },
	{ KIND("\"predicateType\":\"\","), ERR_FORMAT, ERR_FORMAT },
	{ KIND("\"predicateType\":[\"p\"],"), ERR_FORMAT, ERR_FORMAT },
	{ KIND("\"predicatetype\":\"p\","), ERR_FORMAT, ERR_FORMAT },
	{ KIND(""), ERR_FORMAT, ERR_FORMAT },
	{ "[]", ERR_FORMAT, ERR_FORMAT },
	{ "", ERR_FORMAT, ERR_FORMAT },
};

static void read_it(const char *text, struct trust_artifact *artifact, enum err_code want)
{
	CLEANUP(buf_release) struct buf statement = { .max = 4096 };
	CLEANUP(free_ptr) char *type = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(buf_puts(&statement, text, NULL), ERR_OK);
	ck_assert_msg(statement_read(&statement, artifact, &type, &err) == want, "%s: %s", text, err.msg);
	ck_assert_int_eq(err.code, want);
	ck_assert_msg(want != ERR_OK ? type == NULL : strcmp(type, "p") == 0, "%s", text);
}

START_TEST(statement)
{
	CLEANUP(trust_artifact_release) struct trust_artifact abc = trust_artifact_of_bytes("abc", 3, "abc");
	CLEANUP(trust_artifact_release) struct trust_artifact known = { 0 };
	struct digest digest;

	ck_assert_int_eq(digest_parse("sha256:" ABC_256, &digest, NULL), ERR_OK);
	ck_assert_int_eq(trust_artifact_of_digest(&digest, &known, NULL), ERR_OK);
	read_it(statements[_i].text, &abc, statements[_i].code);
	read_it(statements[_i].text, &known, statements[_i].of_digest);
	/* who looks at the subjects himself still needs a statement that has some */
	read_it(statements[_i].text, NULL, statements[_i].code == ERR_FORMAT ? ERR_FORMAT : ERR_OK);
}
END_TEST

/* Where only one digest is known, another may be of the same thing: that is no other thing. */
static const struct {
	const char *text, *says;
} others[] = {
	{ OF("\"sha512\":\"" ABC_512 "\""), "by another digest than that which is known of sha256:" },
	{ OF("\"sha512\":\"00\""), "by another digest than that which is known of sha256:" },
	{ OF("\"sha512\":\"" ABC_512 "\",\"sha256\":\"00\""), "about something else: a" },
	{ OF("\"sha1\":\"00\""), "about something else: a" },
	{ OF("\"sha256\":\"00\""), "about something else: a" },
};

START_TEST(other_digest)
{
	CLEANUP(trust_artifact_release) struct trust_artifact known = { 0 };
	CLEANUP(buf_release) struct buf text = { .max = 4096 };
	CLEANUP(free_ptr) char *type = NULL;
	struct digest digest;
	struct err err = { 0 };

	ck_assert_int_eq(digest_parse("sha256:" ABC_256, &digest, NULL), ERR_OK);
	ck_assert_int_eq(trust_artifact_of_digest(&digest, &known, NULL), ERR_OK);
	ck_assert_int_eq(buf_puts(&text, others[_i].text, NULL), ERR_OK);
	ck_assert_int_eq(statement_read(&text, &known, &type, &err), ERR_UNPROVED);
	ck_assert_msg(strstr(err.msg, others[_i].says) != NULL, "%s: %s", others[_i].text, err.msg);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("statement");
	TCase *t = tcase_create("statement");

	tcase_add_loop_test(t, statement, 0, (int)COUNT_OF(statements));
	tcase_add_loop_test(t, other_digest, 0, (int)COUNT_OF(others));
	suite_add_tcase(s, t);
	return test_run(s);
}
