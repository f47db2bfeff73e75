/* Judging what an image's indexes list beside its platforms.  Whoever brings later what does not come along, from
 * wherever and as whatever, gives it under the image's name, and nobody can look at it then; and an attestation is run,
 * too, for who asks for what it says that it runs on.  So one of those whom the scope trusts must have signed it, or an
 * index that leads to it.  What else is asked for is asked of the platforms that come along. */
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
		l->asked[i] |= j->asked[i] && judging_asks_once(l->all, i);
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

/* Why it is asked for, and what else helps; absent at the source is what nobody can export. */
static void why_asked(const struct lacking *l, size_t i, const char **ret_why, const char **ret_else)
{
	bool is_absent = l->all->graph->nodes[l->all->subjects[i].node].absent;

	*ret_else = "";
	if (judging_has(l->all, i)) {
		*ret_why = "Docker runs where it is asked to";
	} else if (is_absent) {
		*ret_why = "was absent at the source";
	} else {
		*ret_why = "was left out";
		*ret_else = ", or bring all of the image";
	}
}

static enum err_code add_lacking(const struct lacking *l, size_t i, const char *way, size_t at, struct decision *d,
				 struct err *err)
{
	const struct candidate_subject *s = &l->all->subjects[i];
	CLEANUP(free_ptr) char *text = NULL;
	CLEANUP(free_ptr) char *found = NULL;
	struct decision_step step = { .kind = STEP_PLATFORM };
	const char *why, *other;
	enum err_code code = str_format(&text, err, "%s %s", judging_subject(s), s->digest->text);

	why_asked(l, i, &why, &other);
	if (code == ERR_OK && d->steps[at].holds)
		code = str_format(&found, err, "%s, which %s, and nothing that is asked for vouches for it; %s%s", text,
				  why, way, other);
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
	size_t at = d->len, shown = 0, i;
	bool any = false;

	for (i = 0; i < l->all->subjects_len; i++)
		any |= l->asked[i];
	if (any)
		code = decision_add(d, &step, err);
	for (i = 0; code == ERR_OK && shown < PLATFORMS_SHOWN && i < l->all->subjects_len; i++) {
		if (!l->asked[i] || l->vouched[i])
			continue;
		code = add_lacking(l, i, way_out(scope), at, d, err);
		shown++;
	}
	return code;
}

void lacking_release(struct lacking *l)
{
	free(l->asked);
	free(l->vouched);
	*l = (struct lacking){ 0 };
}
