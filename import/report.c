#include "import/report.h"

#include <stdio.h>

#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/report.h"
#include "common/text.h"
#include "common/tree.h"
#include "import/lost.h"

static void put_read_back(struct js_out *o, const struct plan_image *got)
{
	js_key(o, "readBack");
	js_begin(o, '{');
	js_member(o, "digest", got->is.text);
	js_member_uint(o, "platforms", got->platforms);
	js_member_uint(o, "attestations", got->attestations);
	if (got->referrers_known)
		js_member_uint(o, "referrers", got->referrers);
	js_end(o, '}');
}

/* What refers to a node, and comes along. */
static size_t count_links(const struct graph *g, uint32_t node, bool attestations)
{
	const struct link *links;
	size_t len = graph_links_of(g, node, &links), count = 0, i;

	for (i = 0; i < len; i++)
		count += (links[i].kind == LINK_BUILDKIT) == attestations &&
			 node_is_carried(&g->nodes[links[i].referrer]);
	return count;
}

/* Those that the index lists, whether they are in the bundle or not. */
static void put_platforms(struct js_out *o, const struct plan *plan, struct tree *t, size_t image)
{
	const struct graph *g = &plan->graph;
	size_t i;

	tree_of(t, &g->images[image]);
	js_key(o, "platforms");
	js_begin(o, '[');
	for (i = 0; i < t->found_len; i++) {
		const struct node *n = &g->nodes[t->found[i]];

		if (n->role != ROLE_MANIFEST)
			continue;
		js_begin(o, '{');
		js_member(o, "platform", n->platform);
		js_member(o, "digest", n->digest.text);
		js_member_bool(o, "inBundle", node_is_carried(n));
		js_member_uint(o, "attestations", count_links(g, t->found[i], true));
		js_member_uint(o, "referrers", count_links(g, t->found[i], false));
		js_end(o, '}');
	}
	js_end(o, ']');
}

static void put_image(struct js_out *o, const struct plan *plan, struct tree *t, size_t i)
{
	const struct image *image = &plan->graph.images[i];
	const struct plan_image *got = &plan->images[i];

	js_begin(o, '{');
	js_member(o, "name", image->name);
	js_member(o, "digest", plan_digest(plan, i)->text);
	if (got->other.text[0] != '\0')
		js_member(o, "subsetOf", plan->graph.nodes[image->root].digest.text);
	put_platforms(o, plan, t, i);
	js_member_uint(o, "referrers", count_links(&plan->graph, image->root, false));
	js_member(o, "was", got->was.text[0] != '\0' ? got->was.text : NULL);
	js_member_uint(o, "withoutLayers", got->bare);
	js_member_uint(o, "wantedBlobs", got->wanted_blobs);
	js_member_uint(o, "wantedBytes", got->wanted_bytes);
	if (got->is.text[0] != '\0')
		put_read_back(o, got);
	js_end(o, '}');
}

static void put_tags(struct js_out *o, const struct plan *plan)
{
	size_t i;

	js_key(o, "tags");
	js_begin(o, '[');
	for (i = 0; i < plan->tags_len; i++) {
		js_begin(o, '{');
		js_member(o, "name", plan->tags[i].name);
		js_member(o, "digest", plan->tags[i].is.text);
		js_member(o, "was", plan->tags[i].was.text);
		js_end(o, '}');
	}
	js_end(o, ']');
}

static void put_absent(struct js_out *o, const struct plan *plan)
{
	size_t i;

	js_key(o, "absent");
	js_begin(o, '[');
	for (i = 0; i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (!n->absent || plan->skip[plan->order[i]])
			continue;
		js_begin(o, '{');
		js_member(o, "digest", n->digest.text);
		js_member(o, "role", role_name(n->role));
		js_member(o, "platform", n->platform);
		js_end(o, '}');
	}
	js_end(o, ']');
}

static enum err_code report_json(const struct import_result *r, bool dry_run, struct err *err)
{
	const struct plan *plan = &r->plan;
	CLEANUP(tree_release) struct tree t = { 0 };
	struct js_out o;
	size_t i;
	enum err_code code = tree_init(&t, &plan->graph, err);

	if (code != ERR_OK)
		return code;
	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "file", bundle_path(plan->bundle));
	js_member(&o, "bundle", bundle_digest(plan->bundle)->text);
	js_member(&o, "target", r->target->name);
	js_member_bool(&o, "dryRun", dry_run);
	js_member_bool(&o, "partial", plan->partial);
	js_member(&o, "sealedBy", r->origin.proof != NULL ? seal_key_hint(r->origin.proof->key) : NULL);
	js_key(&o, "keys");
	origin_put_keys(&o, &r->origin);
	js_key(&o, "policies");
	admission_put(&o, &r->admission);
	js_key(&o, "images");
	js_begin(&o, '[');
	for (i = 0; i < plan->graph.images_len; i++)
		put_image(&o, plan, &t, i);
	js_end(&o, ']');
	put_tags(&o, plan);
	put_absent(&o, plan);
	js_member_uint(&o, "wantedBytes", r->wanted_bytes);
	js_member_uint(&o, "writtenBytes", plan->sent_bytes);
	js_member_uint(&o, "lostReferrers", plan->lost_referrers + plan->lost_others + plan->lost_tags);
	js_key(&o, "lost");
	code = lost_put(&o, plan, err);
	js_member_uint(&o, "lostLayers", plan->lost_layers);
	if (plan->refusal.code != ERR_OK)
		report_put_error(&o, &plan->refusal);
	js_end(&o, '}');
	return code == ERR_OK ? js_end_document(&o, err) : code;
}

static enum err_code report_text(const struct import_result *r, struct err *err)
{
	CLEANUP(buf_release) struct buf by = { .max = MIB };
	const struct plan *plan = &r->plan;
	enum err_code code = origin_text(&r->origin, &by, err);
	char size[TEXT_SIZE_MAX], path[TEXT_SHOWN_MAX];
	size_t all = bundle_description(r->bundle)->images_len, i;

	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++) {
		const struct plan_image *got = &plan->images[i];

		printf("%s  %s  %zu platform%s, %zu attestation manifest%s", plan->graph.images[i].name, got->is.text,
		       got->platforms, got->platforms == 1 ? "" : "s", got->attestations,
		       got->attestations == 1 ? "" : "s");
		if (got->referrers_known)
			printf(", %zu referrer%s", got->referrers, got->referrers == 1 ? "" : "s");
		putchar('\n');
		if (got->was.text[0] != '\0' && !digest_equal(&got->was, &got->is))
			printf("  moved: %s -> %s\n", got->was.text, got->is.text);
		if (got->other.text[0] != '\0')
			printf("  a subset of %s\n", plan->graph.nodes[plan->graph.images[i].root].digest.text);
		if (got->bare > 0)
			printf("  %zu platform%s without layers: neither the bundle nor the target has them\n",
			       got->bare, got->bare == 1 ? "" : "s");
	}
	if (code != ERR_OK)
		return code;
	for (i = 0; i < plan->tags_len; i++)
		printf("%s  %s\n  moved: %s -> %s\n", plan->tags[i].name, plan->tags[i].is.text, plan->tags[i].was.text,
		       plan->tags[i].is.text);
	if (plan->partial && plan->graph.images_len < all)
		printf("a part of the bundle: %zu of its %zu images\n", plan->graph.images_len, all);
	else if (plan->partial)
		puts("a part of the bundle: not all platforms");
	if (by.len > 0)
		printf("sealed by %s\n", buf_text(&by));
	for (i = 0; i < r->admission.len; i++)
		printf("accepted by policy %s\n", text_shown(policy_path(r->admission.policies[i].policy), path));
	printf("%s: %s written, everything read back\n", r->target->name, text_size(plan->sent_bytes, size));
	return ERR_OK;
}

static bool is_subset(const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->graph.images_len; i++) {
		if (plan->images[i].other.text[0] != '\0')
			return true;
	}
	return false;
}

/* What the target cannot keep was said before anything was written. */
static enum err_code report_lost(const struct plan *plan, bool strict, struct err *err)
{
	if (is_subset(plan)) /* asked for by name, and still less than the bundle holds */
		return err_set(
			err, ERR_PARTIAL,
			"done, but with indexes of fewer platforms and other digests; %zu referrer%s (signatures, "
			"SBOMs) of the original indexes %s not published",
			plan->lost_others, plan->lost_others == 1 ? "" : "s", plan->lost_others == 1 ? "was" : "were");
	if (plan->lost_tags > 0)
		return err_set(err, ERR_PARTIAL,
			       "done, but %zu of cosign's signatures and attestations are missing in some of the "
			       "repositories",
			       plan->lost_tags);
	return strict && plan->lost_referrers + plan->lost_layers > 0
		       ? err_set(err, ERR_PARTIAL, "done, but less than the bundle holds (--strict)")
		       : ERR_OK;
}

/* What the source of the bundle did not have, and the target has not either: whoever misses it here should know why. */
static void report_absent(const struct plan *plan)
{
	size_t absent = 0, i;

	for (i = 0; i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (n->absent && !plan->skip[plan->order[i]] && absent++ < REPORT_LINES)
			fprintf(stderr, "%s import: was absent at the source of this bundle: %s %s\n", OPT_PROGRAM,
				node_known_as(n), n->digest.text);
	}
	if (absent > REPORT_LINES)
		fprintf(stderr, "%s import: was absent at the source of this bundle: %zu more; --json lists them all\n",
			OPT_PROGRAM, absent - REPORT_LINES);
}

static const char *name_state(const struct plan *plan, size_t image)
{
	if (plan->images[image].was.text[0] == '\0')
		return "new";
	if (!plan_moves(plan, image))
		return "there already";
	return plan->replace ? "would move" : "another image is there";
}

/* What would happen: new names, names that stay, names that would move; and what of each image would be sent that none
 * before it brings. */
static void report_plan(const struct import_result *r)
{
	const struct plan *plan = &r->plan;
	char size[TEXT_SIZE_MAX];
	size_t blobs = 0, i;

	for (i = 0; i < plan->graph.images_len; i++) {
		const struct plan_image *image = &plan->images[i];
		const struct digest *is = plan_digest(plan, i);

		printf("%s  %s  %s\n", plan->graph.images[i].name, is->text, name_state(plan, i));
		if (plan_moves(plan, i))
			printf("  %s -> %s\n", image->was.text, is->text);
		if (image->bare > 0)
			printf("  %zu platform%s without layers: neither the bundle nor the target has them\n",
			       image->bare, image->bare == 1 ? "" : "s");
		if (image->sparse)
			printf("  an index whose platforms are not all there: the registry may refuse it; "
			       "--subset-index publishes a new one\n");
		printf("  %zu blob%s, %s to send\n", image->wanted_blobs, image->wanted_blobs == 1 ? "" : "s",
		       text_size(image->wanted_bytes, size));
		blobs += image->wanted_blobs;
	}
	for (i = 0; i < plan->tags_len; i++)
		printf("%s  %s  %s\n  %s -> %s\n", plan->tags[i].name, plan->tags[i].is.text,
		       plan->replace ? "would move" : "what cosign made is there, and is other", plan->tags[i].was.text,
		       plan->tags[i].is.text);
	printf("%s: would %s %s in %zu blob%s\n", r->target->name,
	       plan->refusal.code == ERR_OK ? "write" : "be refused; otherwise it would write",
	       text_size(r->wanted_bytes, size), blobs, blobs == 1 ? "" : "s");
}

enum err_code report_import(const struct import_result *r, bool json, bool dry_run, bool strict, struct err *err)
{
	enum err_code code = ERR_OK;

	if (json)
		code = report_json(r, dry_run, err);
	else if (dry_run)
		report_plan(r);
	else
		code = report_text(r, err);
	report_absent(&r->plan);
	if (code == ERR_OK && r->plan.refusal.code != ERR_OK)
		return err_set(err, r->plan.refusal.code, "%s", r->plan.refusal.msg);
	return code == ERR_OK ? report_lost(&r->plan, strict, err) : code;
}
