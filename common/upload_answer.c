#include "common/upload_answer.h"

#include <stdlib.h>
#include <string.h>

#include "common/http.h"

#define SAID_MAX 64

static bool is_number(const char *text)
{
	return *text != '\0' && strlen(text) < 19 && text[strspn(text, "0123456789")] == '\0';
}

bool upload_answer_is_good(const struct request *r)
{
	int status = r->call.status;

	return status == 200 || status == 201 || status == 202 || status == 204;
}

uint64_t upload_answer_min_chunk(const struct request *r)
{
	char said[SAID_MAX];
	const char *text = http_header(&r->call, "OCI-Chunk-Min-Length", 0, said, sizeof(said));

	return text != NULL && is_number(said) ? strtoull(said, NULL, 10) : 0;
}

bool upload_answer_range(const struct request *r, uint64_t *ret_end)
{
	char said[SAID_MAX];
	const char *last;

	if (http_header(&r->call, "Range", 0, said, sizeof(said)) == NULL)
		return false;
	last = strchr(said, '-');
	if (last == NULL || !is_number(last + 1))
		return false;
	*ret_end = strtoull(last + 1, NULL, 10);
	*ret_end += *ret_end > 0;
	return true;
}

enum err_code upload_answer_check(const struct request *r, const struct digest *sent, const char *label,
				  struct err *err)
{
	char said[DIGEST_TEXT_SIZE + 1];
	struct digest got;

	if (http_header(&r->call, "Docker-Content-Digest", 0, said, sizeof(said)) == NULL ||
	    digest_parse(said, &got, NULL) != ERR_OK || digest_equal(&got, sent) ||
	    strcmp(digest_algorithm(&got), digest_algorithm(sent)) != 0)
		return ERR_OK;
	return err_set(err, ERR_DIGEST, "%s: the registry says that it took %s", label, got.text);
}
