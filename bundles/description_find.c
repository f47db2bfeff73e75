/* The part of description.h that looks things up. */
#include <stdlib.h>
#include <string.h>

#include "bundles/description.h"

size_t description_find(const struct description *d, const struct digest *digest)
{
	size_t low = 0, high = d->by_digest != NULL ? d->blobs_len : 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(d->blobs[d->by_digest[mid]].digest.text, digest->text);

		if (order == 0)
			return d->by_digest[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return BLOB_NONE;
}

const struct description_image *description_image(const struct description *d, const char *name)
{
	size_t low = 0, high = d->images_len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(d->images[mid].name, name);

		if (order == 0)
			return &d->images[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

size_t description_shard_of(const struct description *d, const char *name)
{
	size_t low = 0, high = d->shards_len;

	while (low < high) { /* the first one that begins after the name */
		size_t mid = low + (high - low) / 2;

		if (strcmp(d->shards[mid].first, name) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? low - 1 : SIZE_MAX;
}

size_t description_links_of(const struct description *d, const struct digest *subject,
			    const struct description_link **ret_links)
{
	size_t low = 0, high = d->links_len, len = 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(d->links[mid].subject.text, subject->text) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	while (low + len < d->links_len && digest_equal(&d->links[low + len].subject, subject))
		len++;
	*ret_links = len > 0 ? d->links + low : NULL;
	return len;
}

void description_release(struct description *d)
{
	free(d->notes.annotations);
	selection_release(&d->notes.selection);
	free(d->left_out);
	free(d->shards);
	free(d->images);
	free(d->links);
	free(d->blobs);
	free(d->by_digest);
	intern_release(&d->strings);
	*d = (struct description){ 0 };
}
