#include "bundles/images_report.h"

#include <stdio.h>
#include <string.h>

#include "common/report.h"
#include "common/text.h"

#define LINE_MAX_BYTES 512

static const char *digest_of_finding(const struct findings *f, const struct finding *one)
{
	return f->all->graph->nodes[one->candidate->blob].digest.text;
}

/* What it is, in a word: what signs an image and says no more of it is a signature, proved or not. */
static bool is_signature(const struct finding *one)
{
	return one->is_signature || one->candidate->form == CANDIDATE_SIMPLE ||
	       (one->predicate_type != NULL && text_starts(one->predicate_type, "https://sigstore.dev/cosign/sign/"));
}

static void print_signed(const struct findings *f, const struct finding *one, const char *what)
{
	const char *form = candidate_form_name(one->candidate->form), *digest = digest_of_finding(f, one);

	if (one->verdict == FINDING_HOLDS)
		printf("%s by %s%s%s  (%s)  %s\n", what, one->who, one->time != NULL ? ", at " : "",
		       one->time != NULL ? one->time : "", form, digest);
	else
		printf("%s, NOT PROVED: %s  (%s)  %s\n", what, one->why, form, digest);
}

static void print_finding(const struct findings *f, const struct finding *one, unsigned depth)
{
	char what[LINE_MAX_BYTES];
	const char *type = one->predicate_type != NULL ? one->predicate_type : "of a type that is not said";

	printf("%*s", (int)depth * 2, "");
	if (one->verdict == FINDING_UNSIGNED) {
		printf("statement %s, %s  %s\n", type,
		       one->why != NULL  ? one->why
		       : one->is_covered ? "not signed itself, but a signature that holds vouches for it"
					 : "NOT PROVED: nobody signed it",
		       digest_of_finding(f, one));
	} else if (is_signature(one)) {
		print_signed(f, one, one->verdict == FINDING_HOLDS ? "signed" : "signature");
	} else {
		snprintf(what, sizeof(what), "attestation %s%s", type, one->verdict == FINDING_HOLDS ? ", signed" : "");
		print_signed(f, one, what);
	}
	if (one->claims != NULL)
		printf("%*sclaims: %s\n", (int)(depth + 1) * 2, "", one->claims);
}

static bool is_here(const struct findings *f, const struct candidate_subject *s)
{
	return node_is_carried(&f->all->graph->nodes[s->node]);
}

/* A manifest below the image's root. */
static void print_subject(const struct findings *f, const struct candidate_subject *s)
{
	char what[LINE_MAX_BYTES];

	snprintf(what, sizeof(what), "%s", s->platform != NULL ? s->platform : role_name(s->role));
	text_clean(what);
	printf("  %s  %s%s\n", what, s->digest->text, is_here(f, s) ? "" : "  (listed, and not in the bundle)");
}

/* Nothing is said of what has nothing, but of a platform that it has nothing. */
static void print_findings(const struct findings *f)
{
	size_t at, i = 0;

	for (at = 0; at < f->all->subjects_len; at++) {
		const struct candidate_subject *s = &f->all->subjects[at];
		bool has = i < f->len && f->items[i].candidate->subject == at;

		if (!s->is_root && (has || s->role == ROLE_MANIFEST))
			print_subject(f, s);
		for (; i < f->len && f->items[i].candidate->subject == at; i++)
			print_finding(f, &f->items[i], s->is_root ? 1 : 2);
	}
}

static enum err_code print_image(const struct image_verdict *v, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	printf("%s  %s\n", v->name, v->all.subjects[0].digest->text);
	print_findings(&v->findings);
	for (i = 0; code == ERR_OK && i < v->answer.len; i++)
		code = decision_print(&v->answer.decisions[i], report_stdout(), err);
	return code;
}

enum err_code images_print(const struct images_verdict *v, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < v->len; i++)
		code = print_image(&v->items[i], err);
	return code;
}

static void put_signer(struct js_out *o, const struct finding *one)
{
	js_key(o, "signer");
	js_begin(o, '{');
	js_member(o, "key", one->key);
	js_member(o, "identity", one->identity);
	js_member(o, "issuer", one->issuer);
	js_member(o, "time", one->time);
	js_member(o, "timeBy", one->time_by);
	js_end(o, '}');
}

static void put_finding(struct js_out *o, const struct findings *f, const struct finding *one)
{
	static const char *const verdicts[] = {
		[FINDING_HOLDS] = "proved", [FINDING_FAILS] = "not proved", [FINDING_UNSIGNED] = "not signed"
	};

	js_begin(o, '{');
	js_member(o, "form", candidate_form_name(one->candidate->form));
	js_member(o, "digest", digest_of_finding(f, one));
	js_member(o, "verdict", verdicts[one->verdict]);
	js_member(o, "reason", one->why);
	if (one->verdict == FINDING_UNSIGNED)
		js_member_bool(o, "vouchedFor", one->is_covered);
	if (one->verdict == FINDING_HOLDS)
		put_signer(o, one);
	js_member(o, "predicateType", one->predicate_type);
	js_member(o, "claims", one->claims);
	js_end(o, '}');
}

/* *next is the first finding that is not out: they stand by subject. */
static void put_subject(struct js_out *o, const struct findings *f, size_t at, size_t *next)
{
	const struct candidate_subject *s = &f->all->subjects[at];

	js_begin(o, '{');
	js_member(o, "digest", s->digest->text);
	js_member(o, "role", role_name(s->role));
	js_member(o, "platform", s->platform);
	js_member_bool(o, "carried", is_here(f, s));
	js_key(o, "signed");
	js_begin(o, '[');
	for (; *next < f->len && f->items[*next].candidate->subject == at; (*next)++)
		put_finding(o, f, &f->items[*next]);
	js_end(o, ']');
	js_end(o, '}');
}

static void put_image(struct js_out *o, const struct image_verdict *v)
{
	size_t next = 0, i;

	js_begin(o, '{');
	js_member(o, "name", v->name);
	js_member(o, "digest", v->all.subjects[0].digest->text);
	js_member(o, "verdict", v->why == NULL ? "proved" : "not proved");
	js_member(o, "reason", v->why);
	js_key(o, "manifests");
	js_begin(o, '[');
	for (i = 0; i < v->all.subjects_len; i++)
		put_subject(o, &v->findings, i, &next);
	js_end(o, ']');
	js_key(o, "decisions");
	js_begin(o, '[');
	for (i = 0; i < v->answer.len; i++)
		decision_json(&v->answer.decisions[i], o);
	js_end(o, ']');
	js_end(o, '}');
}

void images_put(struct js_out *o, const struct images_verdict *v)
{
	size_t i;

	js_begin(o, '[');
	for (i = 0; i < v->len; i++)
		put_image(o, &v->items[i]);
	js_end(o, ']');
}
