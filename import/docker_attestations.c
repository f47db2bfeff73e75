#include "import/docker_attestations.h"

#include "common/limits.h"
#include "common/mem.h"

bool docker_gives_attestations(const struct docker *d)
{
	return d->api >= DOCKER_API_ATTESTATIONS;
}

static enum err_code put_platform(struct buf *path, const struct platform *p, struct err *err)
{
	CLEANUP(buf_release) struct buf json = { 0 };
	struct buf_stage to;
	struct js_out o;
	enum err_code code;

	buf_init(&json, LIMIT_TEXT_BYTES);
	buf_stage_init(&to, &json);
	js_out_init(&o, &to.out, false);
	js_begin(&o, '{');
	js_member(&o, "os", p->os);
	js_member(&o, "architecture", p->architecture);
	js_member(&o, "variant", p->variant[0] != '\0' ? p->variant : NULL);
	js_end(&o, '}');
	code = js_end_document(&o, err);
	if (code == ERR_OK)
		code = buf_puts(path, "&platform=", err);
	return code == ERR_OK ? http_escape(buf_text(&json), path, err) : code;
}

enum err_code docker_attestations_path(const struct docker_query *q, struct buf *path, struct err *err)
{
	enum err_code code = buf_puts(path, "/images/", err);
	size_t i;

	if (code == ERR_OK)
		code = docker_put_name(path, q->name, err);
	if (code == ERR_OK)
		code = buf_printf(path, err, "/attestations?statement=%d", q->statements);
	if (code == ERR_OK && q->platform != NULL)
		code = put_platform(path, q->platform, err);
	for (i = 0; code == ERR_OK && i < q->types_len; i++) {
		code = buf_puts(path, "&type=", err);
		if (code == ERR_OK)
			code = http_escape(q->types[i], path, err);
	}
	return code;
}

enum err_code docker_attestations_get(struct docker *d, const struct docker_query *q, struct outstream *out,
				      struct err *err)
{
	CLEANUP(docker_answer_release) struct docker_answer answer = { 0 };
	CLEANUP(buf_release) struct buf path = { 0 };
	struct docker_request r = { .api = DOCKER_API_ATTESTATIONS, .out = out };
	enum err_code code;

	if (!docker_gives_attestations(d))
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: Docker %s speaks Engine API 1.%u; it gives statements from 1.%d on (Docker 29.6)",
			       d->at->name, d->version, d->api, DOCKER_API_ATTESTATIONS);
	buf_init(&path, LIMIT_URL_BYTES);
	code = docker_attestations_path(q, &path, err);
	if (code != ERR_OK)
		return code;
	r.path = buf_text(&path);
	code = docker_send(d, &r, &answer, err);
	if (code != ERR_OK)
		return err_add(err, "%s", d->at->name);
	return answer.status != 200 ? docker_refused(d, r.path, &answer, err) : ERR_OK;
}
