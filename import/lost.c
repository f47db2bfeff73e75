#include "import/lost.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/text.h"

/* By what each referrer was found; NULL for what an index that refers lists. */
static enum err_code find_links(const struct graph *g, const struct link ***ret_links, struct err *err)
{
	const struct link **links = calloc(g->nodes_len + 1, sizeof(const struct link *));
	size_t i;

	if (links == NULL)
		return err_nomem(err);
	for (i = g->links_len; i-- > 0;)
		links[g->links[i].referrer] = &g->links[i];
	*ret_links = links;
	return ERR_OK;
}

/* What it is for a person: its tag says it where it has one, else what it claims to hold. */
static const char *word_of(const struct node *n, const struct link *link, char out[TEXT_SHOWN_MAX])
{
	static const char *const tagged[LINK_COUNT] = {
		[LINK_SIG] = "cosign signature",
		[LINK_ATT] = "cosign attestation",
		[LINK_SBOM] = "cosign SBOM",
	};
	const char *type = n->predicate_type != NULL ? n->predicate_type : n->artifact_type;

	if (link != NULL && tagged[link->kind] != NULL)
		return tagged[link->kind];
	return text_shown(type != NULL ? type : "referrer", out);
}

static void warn_of_one(const struct plan *plan, const struct node *n, const struct link *link)
{
	char word[TEXT_SHOWN_MAX];

	progress_note(plan->progress, "warning:   %.200s %s%s%s", word_of(n, link, word), n->digest.text,
		      link != NULL ? " of " : "", link != NULL ? plan->graph.nodes[link->subject].digest.text : "");
}

static enum err_code warn_of_each(const struct plan *plan, struct err *err)
{
	CLEANUP(free_ptr) const struct link **links = NULL;
	size_t count = 0, i;
	enum err_code code = find_links(&plan->graph, &links, err);

	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		uint32_t node = plan->order[i];

		if (plan->lost[node] && count++ < LOST_SHOWN)
			warn_of_one(plan, &plan->graph.nodes[node], links[node]);
	}
	if (count > LOST_SHOWN)
		progress_note(plan->progress, "warning:   and %zu more; --json lists all", count - LOST_SHOWN);
	return code;
}

enum err_code lost_warn(const struct plan *plan, struct err *err)
{
	size_t lost = plan->lost_referrers, others = plan->lost_others, tags = plan->lost_tags;

	if (lost > 0)
		progress_note(plan->progress,
			      "warning: %zu referrer%s (signatures, SBOMs beside the images) %s not kept: this target "
			      "cannot; the store (--to store), a layout (--to oci:DIR) and a registry can",
			      lost, lost == 1 ? "" : "s", lost == 1 ? "is" : "are");
	if (others > 0)
		progress_note(plan->progress,
			      "warning: %zu referrer%s (signatures, SBOMs) of the original indexes %s not published "
			      "with --subset-index; a bundle with all platforms brings them",
			      others, others == 1 ? "" : "s", others == 1 ? "is" : "are");
	if (tags > 0)
		progress_note(plan->progress,
			      "warning: %zu of cosign's signatures and attestations will be missing in some of the "
			      "repositories: the bundle has an image out of several, signed in each, and a tag holds "
			      "one; export each repository into a bundle of its own",
			      tags);
	return lost + others + tags > 0 ? warn_of_each(plan, err) : ERR_OK;
}

static void put_one(struct js_out *o, const struct graph *g, const struct node *n, const struct link *link)
{
	js_begin(o, '{');
	js_member(o, "digest", n->digest.text);
	js_member(o, "mediaType", n->media_type);
	js_member(o, "artifactType", n->artifact_type);
	js_member(o, "predicateType", n->predicate_type);
	if (link != NULL) {
		js_member(o, "kind", link_name(link->kind));
		js_member(o, "subject", g->nodes[link->subject].digest.text);
	}
	js_end(o, '}');
}

enum err_code lost_put(struct js_out *o, const struct plan *plan, struct err *err)
{
	CLEANUP(free_ptr) const struct link **links = NULL;
	size_t i;
	enum err_code code = find_links(&plan->graph, &links, err);

	js_begin(o, '[');
	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		uint32_t node = plan->order[i];

		if (plan->lost[node])
			put_one(o, &plan->graph, &plan->graph.nodes[node], links[node]);
	}
	js_end(o, ']');
	return code;
}
