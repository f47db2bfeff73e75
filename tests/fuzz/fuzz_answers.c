/* What registries and token services say in their answers: tokens and links to a next page.  The first byte says which.
 */
#include "common/limits.h"
#include "common/mem.h"
#include "common/paging.h"
#include "common/token.h"
#include "tests/fuzz/fuzz.h"

/* What goes into a header is one word, whatever the service says. */
static void fuzz_token(const uint8_t *data, size_t size)
{
	struct token_answer answer = { 0 };
	struct err err = { 0 };
	CLEANUP(free_ptr) char *text = fuzz_string(data, size);
	enum err_code code = token_read(text, size, "Wed, 25 Nov 2026 18:00:00 GMT", &answer, &err);

	fuzz_told(code, &err);
	FUZZ_HOLDS((code == ERR_OK) == (answer.token != NULL));
	if (code == ERR_OK)
		FUZZ_HOLDS(answer.token[0] != '\0' && strpbrk(answer.token, " \t\r\n") == NULL);
	secret_free(&answer.token);
}

/* The header of an answer, whose next page lies where the answer came from. */
static void fuzz_link(const uint8_t *data, size_t size)
{
	static char base[] = "https://a.example.com", asked[] = "https://a.example.com/v2/a/b/tags/list?n=1000";
	struct endpoint endpoint = { .base = base };
	struct place place = { .endpoint = &endpoint };
	struct request request = { .url = asked };
	struct err err = { 0 };
	CLEANUP(free_ptr) char *url = NULL;
	CLEANUP(free_ptr) char *text = fuzz_string(data, size);

	buf_init(&request.call.headers, LIMIT_HEADER_BYTES);
	if (buf_printf(&request.call.headers, NULL, "HTTP/1.1 200 OK\r\nLink: %s\r\n\r\n", text) == ERR_OK)
		fuzz_told(paging_next(&place, &request, &url, &err), &err);
	if (url != NULL)
		FUZZ_HOLDS(strncmp(url, base, strlen(base)) == 0 && strchr("/?", url[strlen(base)]) != NULL);
	buf_release(&request.call.headers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 't')
		fuzz_token(data + 1, size - 1);
	if (size > 0 && data[0] == 'l')
		fuzz_link(data + 1, size - 1);
	return 0;
}
