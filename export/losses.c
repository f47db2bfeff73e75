#include "export/losses.h"

#include <string.h>

#include "common/opt.h"
#include "common/text.h"

#define NAME_SHOWN_MAX 512

/* A name and platform from an earlier bundle, fit for a terminal. */
static const char *shown(const char *text, char out[NAME_SHOWN_MAX])
{
	snprintf(out, NAME_SHOWN_MAX, "%s", text);
	text_clean(out);
	return out;
}

static void print_row(const struct attested_row *was, const struct attested_row *is, const char *since, FILE *to)
{
	char image[NAME_SHOWN_MAX], platform[NAME_SHOWN_MAX], then[NAME_SHOWN_MAX];
	bool renamed = strcmp(was->image, is->image) != 0;

	fprintf(to,
		"%s export: WARNING: less is attested than last time: %s%s%s: %zu attestation%s and %zu signature%s, ",
		OPT_PROGRAM, shown(is->image, image), is->platform[0] != '\0' ? " " : "", shown(is->platform, platform),
		is->attestations, is->attestations == 1 ? "" : "s", is->signatures, is->signatures == 1 ? "" : "s");
	fprintf(to, "but %zu and %zu in %s%s%s\n", was->attestations, was->signatures, since, renamed ? " of " : "",
		renamed ? shown(was->image, then) : "");
}

size_t losses_print(const struct attested *was, const struct attested *is, const char *since, FILE *to)
{
	size_t count = 0, i;

	for (i = 0; i < is->len; i++) {
		const struct attested_row *then = attested_lost(was, &is->rows[i]);

		if (then == NULL)
			continue;
		count++;
		print_row(then, &is->rows[i], since, to);
	}
	return count;
}

static void put_counts(const char *key, const struct attested_row *row, struct js_out *o)
{
	js_key(o, key);
	js_begin(o, '{');
	js_member(o, "image", row->image);
	js_member_uint(o, "attestations", row->attestations);
	js_member_uint(o, "signatures", row->signatures);
	js_end(o, '}');
}

void losses_put(const struct attested *was, const struct attested *is, struct js_out *o)
{
	size_t i;

	js_key(o, "fewerAttested");
	js_begin(o, '[');
	for (i = 0; i < is->len; i++) {
		const struct attested_row *then = attested_lost(was, &is->rows[i]);

		if (then == NULL)
			continue;
		js_begin(o, '{');
		js_member(o, "platform", is->rows[i].platform[0] != '\0' ? is->rows[i].platform : NULL);
		put_counts("was", then, o);
		put_counts("is", &is->rows[i], o);
		js_end(o, '}');
	}
	js_end(o, ']');
}
