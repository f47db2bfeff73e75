/* Judging what an image's indexes list and does not come along: whoever brings it later, from wherever and as whatever,
 * gives it under the image's name.  Nobody can look at it then; so one of those whom the scope trusts must have signed
 * it, or an index that leads to it.  What else is asked for is asked of what comes along. */
#include <stdlib.h>

#include "common/mem.h"
#include "common/text.h"
#include "trust/decision_private.h"

#define WHAT "something that vouches for all that an index lists, whether it comes along or not"

enum err_code lacking_init(struct lacking *l, const struct candidates *all, struct err *err)
{
	l->all = all;
	l->asked = calloc(all->subjects_len, sizeof(*l->asked));
	l->vouched = calloc(all->subjects_len, sizeof(*l->vouched));
	return l->asked != NULL && l->vouched != NULL ? ERR_OK : err_nomem(err);
}

void lacking_note(struct lacking *l, const struct judging *j)
{
	size_t i;

	for (i = 0; i < l->all->subjects_len; i++) {
		l->asked[i] |= j->asked[i] && !judging_has(l->all, i);
		l->vouched[i] |= j->vouched[i];
	}
}

/* A signature over the index is no help where the scope asks for none. */
static const char *way_out(const struct policy_scope *scope)
{
	size_t i;

	for (i = 0; i < scope->len; i++) {
		if (scope->requirements[i].kind == REQUIRE_SIGNATURE)
			return "have the index signed";
	}
	return "have the index attested, or signed and ask for that too (sigstoreSigned)";
}

static enum err_code add_lacking(const struct lacking *l, size_t i, const char *way, size_t at, struct decision *d,
				 struct err *err)
{
	const struct candidate_subject *s = &l->all->subjects[i];
	CLEANUP(free_ptr) char *text = NULL;
	CLEANUP(free_ptr) char *found = NULL;
	bool is_absent = l->all->graph->nodes[s->node].absent;
	struct decision_step step = { .kind = STEP_PLATFORM };
	enum err_code code = str_format(&text, err, "%s %s", judging_subject(s), s->digest->text);

	if (code == ERR_OK && d->steps[at].holds)
		code = str_format(&found, err, "%s, which was %s, and nothing that is asked for vouches for it; %s%s",
				  text, is_absent ? "absent at the source" : "left out", way,
				  is_absent ? "" : ", or export all of the image");
	if (code == ERR_OK && d->steps[at].holds)
		code = decision_found(d, at, false, found, err);
	step.text = text;
	return code == ERR_OK ? decision_add(d, &step, err) : code;
}

enum err_code lacking_judge(const struct lacking *l, const struct policy_scope *scope, struct decision *d,
			    struct err *err)
{
	char what[] = WHAT;
	struct decision_step step = { .kind = STEP_REQUIREMENT, .holds = true, .pointer = scope->place, .text = what };
	enum err_code code = ERR_OK;
	size_t at = d->len, i;
	bool any = false;

	for (i = 0; i < l->all->subjects_len; i++)
		any |= l->asked[i];
	if (any)
		code = decision_add(d, &step, err);
	for (i = 0; code == ERR_OK && i < l->all->subjects_len; i++) {
		if (l->asked[i] && !l->vouched[i])
			code = add_lacking(l, i, way_out(scope), at, d, err);
	}
	return code;
}

void lacking_release(struct lacking *l)
{
	free(l->asked);
	free(l->vouched);
	*l = (struct lacking){ 0 };
}
