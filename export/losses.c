#include "export/losses.h"

#include <string.h>

#include "common/opt.h"
#include "common/text.h"

/* The first row whose image does not come before the first len characters of a name. */
static size_t first_row(const struct attested *a, const char *name, size_t len)
{
	size_t low = 0, high = a->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strncmp(a->rows[mid].image, name, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* How long a name is up to where its tag or digest begins, with the separator. */
static size_t repository_len(const char *name)
{
	const char *slash = strrchr(name, '/');

	slash = slash != NULL ? slash : name;
	return (size_t)(slash - name) + strcspn(slash, ":@") + 1;
}

/* The name that an image had last time: its own, or that of the only one of its repository; NULL for none. */
static const char *name_then(const struct attested *was, const char *image)
{
	size_t i = first_row(was, image, strlen(image) + 1), len = repository_len(image);
	const char *only = NULL;

	if (i < was->len && strcmp(was->rows[i].image, image) == 0)
		return was->rows[i].image;
	for (i = first_row(was, image, len); i < was->len && strncmp(was->rows[i].image, image, len) == 0; i++) {
		if (only != NULL && strcmp(only, was->rows[i].image) != 0)
			return NULL;
		only = was->rows[i].image;
	}
	return only;
}

/* The rows of one image. */
struct group {
	const struct attested_row *rows;
	size_t len;
};

static struct group group_at(const struct attested *a, size_t first)
{
	struct group g = { .rows = &a->rows[first], .len = 1 };

	while (first + g.len < a->len && strcmp(g.rows[g.len].image, g.rows->image) == 0)
		g.len++;
	return g;
}

static bool is_unknown(const struct attested_row *row)
{
	return strcmp(row->platform, PLATFORM_UNKNOWN) == 0;
}

/* An index that takes the place of a manifest has it somewhere. */
static struct attested_row sum_of(const struct group *g)
{
	struct attested_row sum = { .image = g->rows->image, .platform = "" };
	size_t i;

	for (i = 0; i < g->len; i++) {
		sum.attestations += g->rows[i].attestations;
		sum.signatures += g->rows[i].signatures;
	}
	return sum;
}

/* What is now in the place of a row that is gone; false where nothing is. */
static bool stand_in(const struct attested *is, const struct group *g, const struct attested_row *was,
		     struct attested_row *ret_row)
{
	const struct attested_row *unknown = attested_find(is, g->rows->image, PLATFORM_UNKNOWN);
	bool has_index = g->rows->platform[0] == '\0';

	if (unknown != NULL)
		*ret_row = *unknown;
	else if (!has_index && (was->platform[0] == '\0' || is_unknown(was)))
		*ret_row = *g->rows;
	else if (is_unknown(was))
		*ret_row = sum_of(g);
	else
		return false;
	return true;
}

static bool is_lost(const struct attested *is, const struct group *g, const struct attested_row *was,
		    struct loss *ret_loss)
{
	const struct attested_row *same = attested_find(is, g->rows->image, was->platform);
	struct loss loss = { .was = was, .is = { .image = g->rows->image, .platform = "" } };

	if (same != NULL)
		loss.is = *same;
	else
		loss.gone = !stand_in(is, g, was, &loss.is);
	if (loss.is.left_out || (was->attestations <= loss.is.attestations && was->signatures <= loss.is.signatures))
		return false;
	*ret_loss = loss;
	return true;
}

size_t losses_each(const struct attested *was, const struct attested *is, loss_fn *fn, void *ctx)
{
	size_t count = 0, i, j;
	struct group now;

	for (i = 0; i < is->len; i += now.len) {
		const char *then = name_then(was, is->rows[i].image);
		struct loss loss;

		now = group_at(is, i);
		for (j = then != NULL ? first_row(was, then, strlen(then) + 1) : was->len;
		     j < was->len && strcmp(was->rows[j].image, then) == 0; j++) {
			if (!is_lost(is, &now, &was->rows[j], &loss))
				continue;
			count++;
			fn(ctx, &loss);
		}
	}
	return count;
}

/* Where lines go, and what they name. */
struct printing {
	const char *since;
	FILE *to;
};

static void print_loss(void *ctx, const struct loss *loss)
{
	const struct printing *p = ctx;
	const struct attested_row *was = loss->was, *is = &loss->is;
	char image[TEXT_SHOWN_MAX], platform[TEXT_SHOWN_MAX], then[TEXT_SHOWN_MAX];
	bool renamed = strcmp(was->image, is->image) != 0;

	fprintf(p->to,
		"%s export: WARNING: less is attested than last time: %s%s%s: %zu attestation%s and %zu signature%s, ",
		OPT_PROGRAM, text_shown(is->image, image), was->platform[0] != '\0' ? " " : "",
		text_shown(was->platform, platform), is->attestations, is->attestations == 1 ? "" : "s", is->signatures,
		is->signatures == 1 ? "" : "s");
	fprintf(p->to, "but %zu and %zu in %s%s%s%s\n", was->attestations, was->signatures, p->since,
		renamed ? " of " : "", renamed ? text_shown(was->image, then) : "",
		loss->gone ? "; the platform is gone" : "");
}

size_t losses_print(const struct attested *was, const struct attested *is, const char *since, FILE *to)
{
	struct printing p = { .since = since, .to = to };

	return losses_each(was, is, print_loss, &p);
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

static void put_loss(void *ctx, const struct loss *loss)
{
	struct js_out *o = ctx;

	js_begin(o, '{');
	js_member(o, "platform", loss->was->platform[0] != '\0' ? loss->was->platform : NULL);
	put_counts("was", loss->was, o);
	put_counts("is", &loss->is, o);
	js_end(o, '}');
}

void losses_put(const struct attested *was, const struct attested *is, struct js_out *o)
{
	js_key(o, "fewerAttested");
	js_begin(o, '[');
	losses_each(was, is, put_loss, o);
	js_end(o, ']');
}
