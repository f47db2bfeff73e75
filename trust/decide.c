/* Judging an image: the scope, its requirements one after the other, and for each what came with the image. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "trust/decision_private.h"

#define WHYS_SHOWN 3
#define FOUND_MAX ((size_t)4096)
#define ASKED_OF_NONE "it is asked of no platform that comes along"

static void judging_release(struct judging *j)
{
	size_t i;

	for (i = 0; j->whys != NULL && i < j->all->len; i++)
		free(j->whys[i]);
	free(j->whys);
	free(j->asked);
	free(j->vouched);
	free(j->held);
}

/* ---- who must be vouched for, and by what ---- */

/* The image manifests.  Of an index that does not come along nobody knows what it leads to.  An attestation Docker
 * looks into, and runs it, as its config says, for who asks for unknown/unknown. */
static bool is_unit(const struct candidates *all, size_t i)
{
	enum role role = all->subjects[i].role;

	return role == ROLE_MANIFEST || role == ROLE_ATTESTATION || (role == ROLE_INDEX && !judging_has(all, i));
}

/* In any variant: a machine that is amd64 takes what is for amd64/v2, if its user or its runtime says so. */
static bool is_for(const char *platform, const char *os, const char *architecture)
{
	char text[PLATFORM_TEXT_MAX];
	int len = snprintf(text, sizeof(text), "%s/%s", os, architecture);

	return strncmp(platform, text, (size_t)len) == 0 && (platform[len] == '\0' || platform[len] == '/');
}

/* What containerd takes, too, where an image has nothing better for its machine. */
static bool may_run_on(const char *platform, const struct platform *wanted)
{
	static const struct {
		const char *architecture, *older;
	} pairs[] = { { "amd64", "386" }, { "arm64", "arm" } };
	bool may = is_for(platform, wanted->os, wanted->architecture);
	size_t i;

	for (i = 0; !may && i < COUNT_OF(pairs); i++)
		may = strcmp(wanted->architecture, pairs[i].architecture) == 0 &&
		      is_for(platform, wanted->os, pairs[i].older);
	return may;
}

/* What does not say may run anywhere, also where something else says it; and an index leads to any.  What is marked as
 * an attestation says that it is for no platform. */
static bool is_wanted_platform(const struct judging *j, size_t i)
{
	const struct policy_requirement *r = j->requirement;
	const struct candidate_subject *s = &j->all->subjects[i];
	uint32_t node = s->node;
	const char *platform = graph_platform(j->all->graph, node, 0);
	bool wanted = r->platforms_len == 0 || platform == NULL || s->anywhere || s->role == ROLE_INDEX;
	size_t n, k;

	for (n = 0; !wanted && platform != NULL; platform = graph_platform(j->all->graph, node, ++n)) {
		for (k = 0; k < r->platforms_len; k++)
			wanted |= may_run_on(platform, &r->platforms[k]);
	}
	return wanted;
}

/* Where no image manifest is here, it is whatever the name stands for. */
static enum err_code find_units(struct judging *j, struct err *err)
{
	size_t units = 0, i;

	assert(j->all->subjects_len > 0); /* who judges nothing must not find that all of it is vouched for */
	j->asked = calloc(j->all->subjects_len, sizeof(*j->asked));
	j->vouched = calloc(j->all->subjects_len, sizeof(*j->vouched));
	j->whys = calloc(j->all->len + 1, sizeof(char *));
	if (j->asked == NULL || j->vouched == NULL || j->whys == NULL)
		return err_nomem(err);
	for (i = 0; i < j->all->subjects_len; i++) {
		units += is_unit(j->all, i) && !judging_asks_once(j->all, i);
		j->asked[i] = is_unit(j->all, i) && is_wanted_platform(j, i);
	}
	j->asked[0] |= units == 0;
	return ERR_OK;
}

bool judging_has(const struct candidates *all, size_t subject)
{
	return node_is_carried(&all->graph->nodes[all->subjects[subject].node]);
}

bool judging_asks_once(const struct candidates *all, size_t subject)
{
	return !judging_has(all, subject) || all->subjects[subject].role == ROLE_ATTESTATION;
}

bool judging_needs(const struct judging *j, const struct candidate *c)
{
	const bool *covered = coverage_from(j->coverage, c->subject);
	size_t i;

	for (i = 0; i < j->all->subjects_len; i++) {
		if (covered[i] && j->asked[i] && !j->vouched[i])
			return true;
	}
	return false;
}

const char *judging_subject(const struct candidate_subject *s)
{
	if (s->platform != NULL)
		return s->platform;
	return s->role == ROLE_INDEX ? "the index" : s->role == ROLE_ATTESTATION ? "an attestation" : "the image";
}

/* "signature sha256:… of linux/arm64". */
static enum err_code add_candidate(struct judging *j, const struct candidate *c, bool holds, const char *what,
				   const char *found, struct err *err)
{
	CLEANUP(free_ptr) char *text = NULL;
	struct decision_step step = { .kind = STEP_CANDIDATE, .holds = holds };
	enum err_code code = str_format(&text, err, "%s %s of %s", what, j->all->graph->nodes[c->blob].digest.text,
					judging_subject(&j->all->subjects[c->subject]));

	if (code == ERR_OK)
		code = str_copy(found, &step.found, err);
	if (code == ERR_OK) {
		step.text = text;
		code = decision_add(j->decision, &step, err);
	}
	free(step.found);
	return code;
}

/* Whoever vouches for a manifest vouches for what it leads to by digests: an index's signature is its platforms'.  A
 * statement that nobody signed by itself counts because what holds it was signed. */
enum err_code judging_counts(struct judging *j, const struct candidate *c, const char *what, const char *found,
			     struct err *err)
{
	const bool *covered = coverage_from(j->coverage, c->subject);
	size_t holder = c->form == CANDIDATE_STATEMENT ? coverage_subject(j->coverage, c->manifest) : COVERAGE_NONE;
	size_t i;

	for (i = 0; i < j->all->subjects_len; i++)
		j->vouched[i] |= covered[i] || i == holder;
	j->counted++;
	return add_candidate(j, c, true, what, found, err);
}

enum err_code judging_fails(struct judging *j, const struct candidate *c, const char *what, const char *why,
			    struct err *err)
{
	enum err_code code = str_copy(why, &j->whys[c - j->all->items], err);

	return code == ERR_OK ? add_candidate(j, c, false, what, why, err) : code;
}

/* ---- what was found ---- */

/* Which types of statements there are about this one, where none of those that are asked for is. */
static enum err_code find_types(const struct judging *j, size_t subject, struct buf *out, struct err *err)
{
	size_t shown = 0, i;
	enum err_code code = buf_puts(out, "no attestation of this type", err);

	for (i = 0; code == ERR_OK && shown < WHYS_SHOWN && i < j->all->len; i++) {
		const struct candidate *c = &j->all->items[i];

		if (c->predicate_type == NULL || !coverage_from(j->coverage, c->subject)[subject] ||
		    strstr(buf_text(out), c->predicate_type) != NULL)
			continue;
		code = buf_printf(out, err, "%s%.200s", shown++ == 0 ? ", only " : ", ", c->predicate_type);
	}
	return code;
}

/* Why none of those that could vouch for this one counts. */
static enum err_code find_whys(const struct judging *j, size_t subject, struct buf *out, struct err *err)
{
	size_t shown = 0, left = 0, i;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < j->all->len; i++) {
		if (j->whys[i] == NULL || !coverage_from(j->coverage, j->all->items[i].subject)[subject] ||
		    strstr(buf_text(out), j->whys[i]) != NULL)
			continue;
		if (shown == WHYS_SHOWN)
			left++;
		else
			code = buf_printf(out, err, "%s%.600s", shown++ == 0 ? "" : "; ", j->whys[i]);
	}
	if (code == ERR_OK && left > 0)
		code = buf_printf(out, err, "; and %zu more", left);
	return code;
}

static enum err_code find_for(const struct judging *j, size_t subject, struct buf *out, struct err *err)
{
	enum err_code code = find_whys(j, subject, out, err);

	if (code != ERR_OK || out->len > 0)
		return code;
	return j->requirement->kind == REQUIRE_SIGNATURE ? buf_puts(out, "no signature", err)
							 : find_types(j, subject, out, err);
}

/* A line for each manifest that is here and nothing vouches for; the first of them tells the requirement.  Where
 * nothing counted at all, it is not about one platform. */
static enum err_code add_platforms(struct judging *j, size_t requirement_at, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t shown = 0, asked = 0, i;

	for (i = 0; code == ERR_OK && shown < PLATFORMS_SHOWN && i < j->all->subjects_len; i++) {
		CLEANUP(buf_release) struct buf found = { .max = FOUND_MAX };
		CLEANUP(free_ptr) char *text = NULL;
		CLEANUP(free_ptr) char *whole = NULL;
		struct decision_step step = { .kind = STEP_PLATFORM };
		const struct candidate_subject *s = &j->all->subjects[i];

		if (!j->asked[i] || judging_asks_once(j->all, i))
			continue;
		asked++;
		if (j->vouched[i])
			continue;
		code = find_for(j, i, &found, err);
		if (code == ERR_OK)
			code = str_format(&text, err, "%s %s", judging_subject(s), s->digest->text);
		if (code == ERR_OK)
			code = str_format(&whole, err, "%s%s%s", j->counted > 0 ? judging_subject(s) : "",
					  j->counted > 0 ? ": " : "", buf_text(&found));
		if (code == ERR_OK && shown++ == 0)
			code = decision_found(j->decision, requirement_at, false, whole, err);
		step.text = text;
		step.found = found.data;
		if (code == ERR_OK && j->counted > 0)
			code = decision_add(j->decision, &step, err);
	}
	if (code != ERR_OK || shown > 0)
		return code;
	return decision_found(j->decision, requirement_at, true, asked == 0 ? ASKED_OF_NONE : NULL, err);
}

/* ---- requirements ---- */

bool judging_wants_type(const struct judging *j, const char *type)
{
	size_t i;

	for (i = 0; i < j->requirement->types_len; i++) {
		if (condition_glob(j->requirement->types[i], type))
			return true;
	}
	return false;
}

static enum err_code describe(const struct policy_requirement *r, struct buf *out, struct err *err)
{
	const char *by = r->signers != NULL ? r->signers->text : "";
	enum err_code code = ERR_OK;
	size_t i;

	if (r->unsupported != NULL)
		return buf_puts(out, r->kind == REQUIRE_GPG ? "signedBy" : "sigstoreSigned by pki", err);
	switch (r->kind) {
	case REQUIRE_ANYTHING:
		return buf_puts(out, "insecureAcceptAnything", err);
	case REQUIRE_SIGNATURE:
		return buf_printf(out, err, "sigstoreSigned %s, %s", by, signed_identity_word(&r->identity));
	case REQUIRE_ATTESTATION:
		break;
	default:
		return buf_puts(out, "reject", err);
	}
	for (i = 0; code == ERR_OK && i < r->types_len; i++)
		code = buf_printf(out, err, "%s%s", i > 0 ? " or " : "attestation ", r->types[i]);
	return code == ERR_OK ? buf_printf(out, err, " %s", by) : code;
}

static enum err_code add_requirement(struct decision *d, const struct policy_requirement *r, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_POLICY_BYTES };
	struct decision_step step = { .kind = STEP_REQUIREMENT, .holds = r->kind == REQUIRE_ANYTHING };
	enum err_code code = describe(r, &text, err);

	step.pointer = r->place;
	step.text = text.data;
	return code == ERR_OK ? decision_add(d, &step, err) : code;
}

/* Whoever reads this wonders which scope that was: a name with a slip in it has none. */
static const char *why_never(const struct policy_requirement *r)
{
	if (r->unsupported != NULL)
		return r->unsupported;
	return text_starts(r->place, "/default/")
		       ? "no scope of the policy is for this name, and its default takes no image"
		       : "it takes no image";
}

static enum err_code judge(const struct policy_requirement *r, struct coverage *coverage, struct proofs *proofs,
			   struct lacking *lacking, struct decision *d, struct err *err)
{
	CLEANUP(judging_release)
	struct judging j = {
		.requirement = r,
		.name = d->name,
		.all = coverage->all,
		.coverage = coverage,
		.proofs = proofs,
		.decision = d,
	};
	size_t at = d->len;
	enum err_code code = add_requirement(d, r, err);

	if (code != ERR_OK || r->kind == REQUIRE_ANYTHING)
		return code;
	if (r->kind == REQUIRE_REJECT || r->unsupported != NULL)
		return decision_found(d, at, false, why_never(r), err);
	code = find_units(&j, err);
	if (code == ERR_OK)
		code = r->kind == REQUIRE_SIGNATURE ? judge_signatures(&j, err) : judge_attestations(&j, err);
	if (code == ERR_OK)
		lacking_note(lacking, &j);
	return code == ERR_OK ? add_platforms(&j, at, err) : code;
}

static enum err_code add_scope(struct decision *d, const struct policy_scope *scope, struct err *err)
{
	CLEANUP(free_ptr) char *text = NULL;
	struct decision_step step = { .kind = STEP_SCOPE, .holds = true };
	enum err_code code;

	if (scope->name == NULL)
		code = str_copy("default", &text, err);
	else
		code = str_format(&text, err, "scope \"%s\" of docker", scope->name);
	step.pointer = scope->place;
	step.text = text;
	return code == ERR_OK ? decision_add(d, &step, err) : code;
}

static enum err_code judge_scope(const struct policy_scope *scope, struct coverage *coverage, struct proofs *proofs,
				 struct decision *d, struct err *err)
{
	CLEANUP(lacking_release) struct lacking lacking = { 0 };
	enum err_code code = lacking_init(&lacking, coverage->all, err);
	size_t i;

	if (code == ERR_OK)
		code = add_scope(d, scope, err);
	for (i = 0; code == ERR_OK && i < scope->len; i++)
		code = judge(&scope->requirements[i], coverage, proofs, &lacking, d, err);
	return code == ERR_OK ? lacking_judge(&lacking, scope, d, err) : code;
}

static bool is_accepted(const struct decision *d)
{
	size_t i;

	for (i = 0; i < d->len; i++) {
		if (d->steps[i].kind == STEP_REQUIREMENT && !d->steps[i].holds)
			return false;
	}
	return true;
}

enum err_code policy_decide(const struct policy *p, const char *name, const struct candidates *all,
			    struct proofs *proofs, struct decision *ret_decision, struct err *err)
{
	CLEANUP(decision_release) struct decision d = { .policy = p };
	CLEANUP(coverage_release) struct coverage coverage = { 0 };
	const struct policy_scope *scope = policy_scope_of(p, name), *alike = policy_scope_alike(p, name);
	enum err_code code = str_copy(name, &d.name, err);

	if (code == ERR_OK)
		code = coverage_init(&coverage, all, err);
	if (code == ERR_OK)
		code = judge_scope(scope, &coverage, proofs, &d, err);
	if (code == ERR_OK && alike != NULL && alike != scope)
		code = judge_scope(alike, &coverage, proofs, &d, err);
	if (code != ERR_OK)
		return code;
	d.accepted = is_accepted(&d);
	*ret_decision = d;
	d = (struct decision){ 0 };
	return ERR_OK;
}
