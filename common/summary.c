#include "common/summary.h"

#include <stdio.h>

struct summary summary_of(const struct graph *g, const uint32_t *order, size_t len)
{
	struct summary s = { .images = g->images_len };
	size_t i;

	for (i = 0; i < len; i++) {
		const struct node *n = &g->nodes[order[i]];

		if (n->absent) {
			s.absent++;
			continue;
		}
		if (n->left_out) {
			s.left_out++;
			s.left_layers += n->role == ROLE_LAYER;
			s.left_out_bytes += n->size_bytes;
			s.left_layer_bytes += n->role == ROLE_LAYER ? n->size_bytes : 0;
			continue;
		}
		if (n->holder.image != NULL) {
			s.prerequisites++;
			s.prerequisite_bytes += n->size_bytes;
			continue;
		}
		s.blobs++;
		s.platforms += n->role == ROLE_MANIFEST;
		s.attestations += n->role == ROLE_ATTESTATION;
		s.statements += n->role == ROLE_STATEMENT;
		s.referrers += n->role == ROLE_REFERRER;
		s.layers += n->role == ROLE_LAYER;
		s.bytes += n->size_bytes;
	}
	return s;
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

const char *summary_text(const struct summary *s, char out[SUMMARY_TEXT_MAX])
{
	snprintf(out, SUMMARY_TEXT_MAX, "%zu image%s, %zu platform%s, %zu statement%s, %zu referrer%s", s->images,
		 plural(s->images), s->platforms, plural(s->platforms), s->statements, plural(s->statements),
		 s->referrers, plural(s->referrers));
	return out;
}
