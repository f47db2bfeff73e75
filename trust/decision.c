/* What a decision says: to people, to machines, and as a failure. */
#include "trust/decision.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "trust/decision_private.h"

#define ASKED_SHOWN 200 /* of a requirement, in one line with all else */

static const char *const kind_names[] = { "scope", "requirement", "candidate", "platform" };

void decision_release(struct decision *d)
{
	size_t i;

	for (i = 0; i < d->len; i++) {
		free(d->steps[i].pointer);
		free(d->steps[i].text);
		free(d->steps[i].found);
	}
	free(d->steps);
	free(d->name);
	*d = (struct decision){ 0 };
}

static enum err_code set_text(const char *text, char **ret_text, struct err *err)
{
	enum err_code code = str_copy(text, ret_text, err);

	if (code == ERR_OK && *ret_text != NULL)
		text_clean(*ret_text);
	return code;
}

enum err_code decision_add(struct decision *d, const struct decision_step *step, struct err *err)
{
	bool explains = step->kind == STEP_CANDIDATE || step->kind == STEP_PLATFORM;
	struct decision_step *to;
	enum err_code code;

	if (explains && d->len >= LIMIT_DECISION_STEPS / 2)
		return ERR_OK; /* nobody reads that many, and they decide nothing */
	code = vec_grow(&d->steps, &d->cap, d->len + 1, sizeof(*d->steps), LIMIT_DECISION_STEPS, err);

	if (code != ERR_OK)
		return code;
	to = &d->steps[d->len++];
	*to = (struct decision_step){ .kind = step->kind, .holds = step->holds };
	code = str_copy(step->pointer, &to->pointer, err);
	if (code == ERR_OK)
		code = set_text(step->text, &to->text, err);
	return code == ERR_OK ? set_text(step->found, &to->found, err) : code;
}

enum err_code decision_found(struct decision *d, size_t at, bool holds, const char *found, struct err *err)
{
	d->steps[at].holds = holds;
	return set_text(found, &d->steps[at].found, err);
}

enum err_code decision_refusal(const struct decision *d, struct err *err)
{
	const struct decision_step *s = d->steps;
	size_t i;

	if (d->accepted)
		return ERR_OK;
	for (i = 0; i < d->len; i++) {
		s = &d->steps[i];
		if (s->kind == STEP_REQUIREMENT && !s->holds)
			break;
	}
	return err_set(err, ERR_UNPROVED, "%.200s: refused by %.150s, %.120s: it asks for %.*s%s; found: %.400s",
		       d->name, policy_path(d->policy), s->pointer, ASKED_SHOWN, s->text,
		       strlen(s->text) > ASKED_SHOWN ? "…" : "", s->found != NULL ? s->found : "nothing");
}

static enum err_code print_step(const struct decision_step *s, struct outstream *out, struct err *err)
{
	static const int indents[] = { 2, 4, 6, 6 };
	CLEANUP(buf_release) struct buf line = { .max = (size_t)4 * LIMIT_POLICY_BYTES };
	enum err_code code;

	if (s->kind == STEP_SCOPE)
		code = buf_printf(&line, err, "  counts: %s\n", s->text);
	else
		code = buf_printf(&line, err, "%*s%s %s", indents[s->kind], "", s->holds ? "ok  " : "FAIL", s->text);
	if (code == ERR_OK && s->kind == STEP_REQUIREMENT)
		code = buf_printf(&line, err, "  (%s)", s->pointer);
	if (code == ERR_OK && s->kind != STEP_SCOPE)
		code = buf_printf(&line, err, "%s%s\n", s->found != NULL ? ": " : "", s->found != NULL ? s->found : "");
	return code == ERR_OK ? outstream_write(out, line.data, line.len, err) : code;
}

enum err_code decision_print(const struct decision *d, struct outstream *out, struct err *err)
{
	CLEANUP(buf_release) struct buf line = { .max = (size_t)4 * LIMIT_POLICY_BYTES };
	enum err_code code = buf_printf(&line, err, "%s: %s by %s\n", d->name, d->accepted ? "accepted" : "refused",
					policy_path(d->policy));
	size_t i;

	if (code == ERR_OK)
		code = outstream_write(out, line.data, line.len, err);
	for (i = 0; code == ERR_OK && i < d->len; i++)
		code = print_step(&d->steps[i], out, err);
	return code;
}

void decision_json(const struct decision *d, struct js_out *o)
{
	size_t i;

	js_begin(o, '{');
	js_member(o, "image", d->name);
	js_member_bool(o, "accepted", d->accepted);
	js_member(o, "policy", policy_path(d->policy));
	js_key(o, "steps");
	js_begin(o, '[');
	for (i = 0; i < d->len; i++) {
		const struct decision_step *s = &d->steps[i];

		js_begin(o, '{');
		js_member(o, "kind", kind_names[s->kind]);
		if (s->kind != STEP_SCOPE)
			js_member_bool(o, "holds", s->holds);
		js_member(o, "pointer", s->pointer);
		js_member(o, "text", s->text);
		js_member(o, "found", s->found);
		js_end(o, '}');
	}
	js_end(o, ']');
	js_end(o, '}');
}
