#include "export/subset.h"

#include "common/opt.h"

/* Attestations go with their platforms, and need no words of their own. */
static bool is_platform(const struct node *n)
{
	return n->left_out && n->role != ROLE_ATTESTATION;
}

static size_t count_platforms(const struct tree *t)
{
	size_t count = 0, i;

	for (i = 0; i < t->found_len; i++)
		count += is_platform(&t->graph->nodes[t->found[i]]);
	return count;
}

size_t subset_count(struct tree *t)
{
	size_t count = 0, i;

	for (i = 0; i < t->graph->images_len; i++) {
		tree_of(t, &t->graph->images[i]);
		count += count_platforms(t) > 0;
	}
	return count;
}

void subset_print(const struct tree *t, FILE *to)
{
	size_t count = 0, i;

	for (i = 0; i < t->found_len; i++) {
		const struct node *n = &t->graph->nodes[t->found[i]];

		if (is_platform(n))
			fprintf(to, "%s%s", count++ == 0 ? "  left out: " : ", ",
				n->platform != NULL ? n->platform : n->digest.text);
	}
	if (count > 0)
		putc('\n', to);
}

void subset_put(const struct tree *t, struct js_out *o)
{
	size_t i;

	if (count_platforms(t) == 0)
		return;
	js_key(o, "leftOut");
	js_begin(o, '[');
	for (i = 0; i < t->found_len; i++) {
		const struct node *n = &t->graph->nodes[t->found[i]];

		if (!is_platform(n))
			continue;
		js_begin(o, '{');
		js_member(o, "digest", n->digest.text);
		js_member(o, "platform", n->platform);
		js_end(o, '}');
	}
	js_end(o, ']');
}

void subset_warn(size_t count)
{
	if (count == 0)
		return;
	fprintf(stderr,
		"%s export: %zu image%s: daemons and stores take that, registries that check indexes refuse it\n",
		OPT_PROGRAM, count, count == 1 ? " becomes a platform subset" : "s become platform subsets");
}
