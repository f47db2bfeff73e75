/* access_asked.h - requests to one place of a registry that may want credentials, and what becomes of each.
 *
 * Lifecycle  access_asked_start with what the registry and its token service answer; access_ask and http_run, as often
 *            as one likes; access_asked_stop. An outcome must live until then.
 * Ownership  Routes are borrowed until access_asked_stop; what is declared here is the fixture's.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_ACCESS_ASKED_H
#define TESTS_LIB_ACCESS_ASKED_H

#include "common/access.h"
#include "tests/lib/http_server.h"

#define ACCESS_BASIC "Basic c2VjcmV0LXVzZXI6c2VjcmV0LXBhc3N3b3Jk" /* secret-user:secret-password */
#define ACCESS_BEARER                                                                                                  \
	"WWW-Authenticate: Bearer realm=\"http://@@/token\",service=\"s p\",scope=\"repository:a/b:pull\"\r\n"
#define ACCESS_SCOPE "&scope=repository%3Aa%2Fb%3Apull"
#define ACCESS_TOKEN "/token?service=s%20p" ACCESS_SCOPE
#define ACCESS_TOKEN_FOR_USER "/token?service=s%20p&account=secret-user" ACCESS_SCOPE

extern struct http_server *access_asked_server;
extern struct http *access_asked_engine;
extern struct endpoint *access_asked_endpoint;

/* What became of one request. */
struct access_outcome {
	int status, dones, released;
	char body[100];
};

/* Which functions a request has. */
struct access_question {
	const char *method; /* NULL for GET */
	bool with_body, with_again;
};

/* With credentials for this server, secret-user's, or without. */
void access_asked_start(const struct http_route *routes, size_t len, bool with_credentials);
void access_asked_stop(void);
void access_ask(const char *target, struct access_outcome *outcome);
/* The same of any method; access_ask has both functions. */
void access_ask_by(const struct access_question *question, const char *target, struct access_outcome *outcome);
#endif
