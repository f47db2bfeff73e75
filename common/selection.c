#include "common/selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/tree.h"

#define TYPE_MAX 255 /* RFC 6838 section 4.2: 127 characters on each side of the slash */
#define HAS_MAX 512  /* of what an image has, in a message */

/* What cosign's tags are called here. */
static const char *const tag_names[LINK_COUNT] = {
	[LINK_SIG] = "sig",
	[LINK_ATT] = "att",
	[LINK_SBOM] = "sbom",
};

static int compare_platforms(const void *a, const void *b)
{
	char x[PLATFORM_TEXT_MAX], y[PLATFORM_TEXT_MAX];

	return strcmp(platform_format(a, x), platform_format(b, y));
}

enum err_code selection_platform(struct selection *s, const char *text, struct err *err)
{
	struct platform p;
	enum err_code code = platform_parse(text, &p, err);
	size_t i;

	if (code != ERR_OK)
		return err_recode(err, ERR_USAGE);
	for (i = 0; i < s->platforms_len; i++) {
		if (platform_equal(&s->platforms[i], &p))
			return ERR_OK;
	}
	code = vec_grow(&s->platforms, &s->platforms_cap, s->platforms_len + 1, sizeof(p), SELECTION_MAX, err);
	if (code == ERR_LIMIT)
		return err_set(err, ERR_USAGE, "more than %zu platforms: without any, all are taken", SELECTION_MAX);
	if (code != ERR_OK)
		return code;
	s->platforms[s->platforms_len++] = p;
	qsort(s->platforms, s->platforms_len, sizeof(p), compare_platforms);
	return ERR_OK;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_type(const struct selection *s, const char *type)
{
	return s->types_len > 0 && bsearch(&type, s->types, s->types_len, sizeof(type), compare_texts) != NULL;
}

/* A type as it stands in a manifest, or a tag's name. */
static bool is_type(const char *text)
{
	size_t len = strlen(text), i;

	for (i = 0; i < LINK_COUNT; i++) {
		if (tag_names[i] != NULL && strcmp(text, tag_names[i]) == 0)
			return true;
	}
	for (i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~' || text[i] == ',')
			return false;
	}
	return len <= TYPE_MAX && strchr(text, '/') != NULL;
}

enum err_code selection_type(struct selection *s, const char *type, struct err *err)
{
	enum err_code code;

	if (!is_type(type))
		return err_set(err, ERR_USAGE,
			       "\"%.100s\" is no type of referrers: write all, none, or artifact types with commas "
			       "between them; sig, att and sbom are cosign's tags",
			       type);
	s->some_referrers = true;
	if (has_type(s, type))
		return ERR_OK;
	code = vec_grow(&s->types, &s->types_cap, s->types_len + 1, sizeof(*s->types), SELECTION_MAX, err);
	if (code == ERR_LIMIT)
		return err_set(err, ERR_USAGE, "more than %zu types of referrers", SELECTION_MAX);
	if (code == ERR_OK)
		code = intern_text(&s->strings, type, &s->types[s->types_len], err);
	if (code != ERR_OK)
		return code;
	s->types_len++;
	qsort(s->types, s->types_len, sizeof(*s->types), compare_texts);
	return ERR_OK;
}

enum err_code selection_referrers(struct selection *s, const char *text, struct err *err)
{
	CLEANUP(free_ptr) char *types = NULL;
	enum err_code code = str_copy(text, &types, err);
	char *rest = types, *type;

	if (code != ERR_OK || strcmp(text, "all") == 0)
		return code;
	s->some_referrers = true;
	if (strcmp(text, "none") == 0)
		return ERR_OK;
	while (code == ERR_OK && (type = strsep(&rest, ",")) != NULL)
		code = selection_type(s, type, err);
	return code;
}

bool selection_no_referrers(const struct selection *s)
{
	return s->some_referrers && s->types_len == 0;
}

bool selection_takes_link(const struct selection *s, enum link_kind kind)
{
	return !s->some_referrers || (tag_names[kind] != NULL && has_type(s, tag_names[kind]));
}

bool selection_takes_type(const struct selection *s, const char *type)
{
	return !s->some_referrers || (type != NULL && has_type(s, type));
}

bool selection_chooses(const struct selection *s)
{
	return s->platforms_len > 0 || s->attestations_only || s->some_referrers;
}

static bool wants(const struct selection *s, const struct platform *have)
{
	size_t i;

	for (i = 0; i < s->platforms_len; i++) {
		if (platform_match(&s->platforms[i], have))
			return true;
	}
	return false;
}

/* An entry of an index, found by its digest. */
struct entry {
	const char *digest;
	bool taken;
};

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->digest, ((const struct entry *)b)->digest);
}

/* Whatever is no attestation, by digest; taken where any entry of that digest is.  Returns how many. */
static size_t sort_entries(const struct manifest *index, const bool *taken, struct entry *entries)
{
	size_t len = 0, kept = 0, i;

	for (i = 0; i < index->items_len; i++) {
		if (!descriptor_is_attestation(&index->items[i]))
			entries[len++] = (struct entry){ index->items[i].digest.text, taken[i] };
	}
	if (len > 0)
		qsort(entries, len, sizeof(*entries), compare_entries);
	for (i = 0; i < len; i++) {
		if (kept > 0 && strcmp(entries[kept - 1].digest, entries[i].digest) == 0)
			entries[kept - 1].taken |= entries[i].taken;
		else
			entries[kept++] = entries[i];
	}
	return kept;
}

/* An attestation goes with what it is about; of what is not in this index nothing is known, so it stays. */
static bool takes_attestation(const struct descriptor *d, const struct entry *entries, size_t len)
{
	struct entry key = { .digest = annotation(d->annotations, ANNOTATION_REFERENCE_DIGEST) };
	const struct entry *subject =
		key.digest != NULL && len > 0 ? bsearch(&key, entries, len, sizeof(key), compare_entries) : NULL;

	return subject == NULL || subject->taken;
}

enum err_code selection_of_index(const struct selection *s, const struct manifest *index, bool *ret_taken,
				 struct err *err)
{
	CLEANUP(free_ptr) struct entry *entries = calloc(index->items_len + 1, sizeof(*entries));
	size_t len, i;

	if (entries == NULL)
		return err_nomem(err);
	for (i = 0; i < index->items_len; i++) {
		const struct descriptor *d = &index->items[i];
		struct platform platform;

		ret_taken[i] = s->platforms_len == 0 || manifest_kind(d->media_type) != MANIFEST_IMAGE ||
			       !descriptor_platform(d, &platform) || wants(s, &platform);
	}
	len = sort_entries(index, ret_taken, entries);
	for (i = 0; s->platforms_len > 0 && i < index->items_len; i++) {
		if (descriptor_is_attestation(&index->items[i]) &&
		    manifest_kind(index->items[i].media_type) != MANIFEST_NONE)
			ret_taken[i] = takes_attestation(&index->items[i], entries, len);
	}
	return ERR_OK;
}

/* The platforms of an image in the order of its index, each once, as far as they fit. */
static void note_platform(char has[HAS_MAX], const char *platform)
{
	size_t len = strlen(has), more = strlen(platform);
	const char *at = has;

	while ((at = strstr(at, platform)) != NULL) {
		if ((at == has || at[-1] == ' ') && (at[more] == '\0' || at[more] == ','))
			return;
		at += more;
	}
	if (len + more + 8 < HAS_MAX)
		sprintf(has + len, "%s%s", len > 0 ? ", " : "", platform);
	else if (len > 0 && has[len - 1] != '.')
		strcpy(has + len, ", ...");
}

/* Whether one of the manifests that were found is for this platform, or may be. */
static bool tree_has(const struct tree *t, const struct platform *wanted)
{
	size_t i;

	for (i = 0; i < t->found_len; i++) {
		if (t->graph->nodes[t->found[i]].role == ROLE_MANIFEST && graph_runs_on(t->graph, t->found[i], wanted))
			return true;
	}
	return false;
}

static enum err_code lacks(const struct tree *t, const struct image *image, const struct platform *wanted,
			   struct err *err)
{
	char has[HAS_MAX] = "", text[PLATFORM_TEXT_MAX];
	const char *platform;
	size_t i, j;

	for (i = 0; i < t->found_len; i++) {
		uint32_t node = t->found[i];
		bool counts = t->graph->nodes[node].role == ROLE_MANIFEST;

		for (j = 0; counts && (platform = graph_platform(t->graph, node, j)) != NULL; j++)
			note_platform(has, platform);
	}
	return err_set(err, ERR_NOT_FOUND, "%.300s has no platform %s: it has %s", image->name,
		       platform_format(wanted, text), has[0] != '\0' ? has : "none");
}

static enum err_code check_image(const struct selection *s, struct tree *t, const struct image *image, struct err *err)
{
	size_t i;

	if (manifest_kind(t->graph->nodes[image->root].media_type) != MANIFEST_INDEX)
		return ERR_OK; /* there is nothing to choose from */
	tree_of(t, image);
	for (i = 0; i < s->platforms_len; i++) {
		if (!tree_has(t, &s->platforms[i]))
			return lacks(t, image, &s->platforms[i], err);
	}
	return ERR_OK;
}

enum err_code selection_check(const struct selection *s, const struct graph *g, struct err *err)
{
	CLEANUP(tree_release) struct tree t = { 0 };
	enum err_code code = s->platforms_len > 0 ? tree_init(&t, g, err) : ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && s->platforms_len > 0 && i < g->images_len; i++)
		code = check_image(s, &t, &g->images[i], err);
	return code;
}

void selection_leave_layers(const struct selection *s, struct graph *g)
{
	size_t i;

	for (i = 0; s->attestations_only && i < g->nodes_len; i++) {
		struct node *n = &g->nodes[i];

		if (n->role != ROLE_LAYER)
			continue;
		n->left_out = true; /* whether a source has it or not: so any source gives the same bundle */
		n->absent = false;
		n->holder = (struct holder){ 0 };
	}
}

void selection_release(struct selection *s)
{
	free(s->platforms);
	free(s->types);
	intern_release(&s->strings);
	*s = (struct selection){ 0 };
}
