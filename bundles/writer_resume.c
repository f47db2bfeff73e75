/* The part of writer.h that goes on with what an interrupted run left, and says so. */
#include <fcntl.h>

#include "bundles/writing.h"
#include "common/mem.h"
#include "common/text.h"

static bool is_same_plan(const struct bundle_writer *w, const struct head *h)
{
	return h->encoder == encoder_version() && digest_equal(&h->description, &w->shape.description_digest);
}

/* What is read of a leftover should come from the disk.  After a sync that failed, memory may hold what the disk does
 * not, and no later sync would say so. */
static void forget_memory(const struct part *p)
{
	posix_fadvise(p->fd, 0, 0, POSIX_FADV_DONTNEED);
}

static void say_useless(const struct bundle_writer *w, const char *path)
{
	if (w->progress != NULL)
		progress_note(w->progress,
			      "%s: left by an interrupted run, and holds nothing that can be used: dropped", path);
}

/* FILE.part.old, if it is one of ours; what is not ours is none of our business until it is in the way. */
static enum err_code open_old(const struct bundle_writer *w, struct part *ret_part, struct head *ret_head,
			      struct err *err)
{
	enum err_code code = part_open_old(w->part.target, ret_part, err);

	if (code != ERR_OK)
		return code == ERR_NOT_FOUND ? ERR_OK : code;
	return leftover_recognise(ret_part, ret_head, err);
}

static enum err_code find_old(struct bundle_writer *w, struct err *err)
{
	struct leftover *old = &w->old;
	struct head head = { 0 };
	struct part part = { .fd = -1 };
	struct err why = { 0 };
	enum err_code code = open_old(w, &part, &head, &why);

	if (code != ERR_OK || part.path == NULL) {
		bool foreign = part.path != NULL;

		part_release(&part);
		return foreign || code == ERR_OK ? ERR_OK : err_set(err, code, "%s", why.msg);
	}
	forget_memory(&part);
	code = head.encoder != 0 ? leftover_map(old, &part, &head, err) : ERR_OK;
	if (code == ERR_OK && old->bytes == 0) {
		say_useless(w, part.path);
		part.keep = false;
	}
	if (code == ERR_OK && old->bytes > 0) {
		old->part = part;
		return ERR_OK;
	}
	part_release(&part);
	leftover_release(old);
	return code;
}

/* There is room for one leftover of another plan, and the newer one is it. */
static enum err_code make_way(struct bundle_writer *w, struct err *err)
{
	struct head head;
	struct part part = { .fd = -1 };
	enum err_code code = open_old(w, &part, &head, err);

	if (code == ERR_OK && part.path != NULL && w->progress != NULL)
		progress_note(w->progress, "%s: left by an interrupted run before the last one: dropped", part.path);
	part_release(&part);
	return code;
}

static enum err_code set_aside(struct bundle_writer *w, struct err *err)
{
	struct leftover *old = &w->old;
	enum err_code code = make_way(w, err);

	if (code == ERR_OK)
		code = part_set_aside(&w->part, &old->part, err);
	if (old->part.path != NULL)
		old->file.name = old->part.path;
	return code == ERR_OK ? part_begin(&w->part, err) : code;
}

/* A leftover of other content, other arguments or another encoder: what is in it may still be wanted. */
static enum err_code replace(struct bundle_writer *w, const struct head *h, struct err *err)
{
	enum err_code code = leftover_map(&w->old, &w->part, h, err);

	if (code == ERR_OK && w->old.bytes > 0)
		return set_aside(w, err);
	leftover_release(&w->old);
	if (code != ERR_OK)
		return code;
	say_useless(w, w->part.path);
	return part_begin(&w->part, err);
}

enum err_code writer_take_over(struct bundle_writer *w, struct err *err)
{
	struct head head;
	enum err_code code = leftover_recognise(&w->part, &head, err);

	if (code != ERR_OK)
		return code;
	forget_memory(&w->part);
	if (head.encoder == 0)
		code = part_begin(&w->part, err);
	else if (is_same_plan(w, &head))
		w->part.resumed = true;
	else
		code = replace(w, &head, err);
	return code == ERR_OK && w->old.part.path == NULL ? find_old(w, err) : code;
}

struct kept_place writer_own_place(const struct bundle_writer *w, size_t blob)
{
	return (struct kept_place){
		.file = { .fd = w->part.fd, .name = w->part.path },
		.file_at = w->part.resumed ? w->places[blob] : 0,
	};
}

struct kept_place writer_old_place(const struct bundle_writer *w, size_t blob)
{
	const struct description_blob *b = &w->description.blobs[blob];

	return (struct kept_place){ .file = w->old.file, .file_at = leftover_find(&w->old, &b->digest, b->size_bytes) };
}

/* A name that stands for something else than it did. */
static void say_moved(const struct bundle_writer *w)
{
	const struct description *now = &w->description, *then = &w->old.description;
	size_t i;

	for (i = 0; i < now->images_len; i++) {
		const struct description_image *is = &now->images[i], *was = description_image(then, is->name);

		if (was != NULL && !digest_equal(&was->digest, &is->digest))
			progress_note(w->progress, "%s has moved since the interrupted run: %s → %s", is->name,
				      was->digest.text, is->digest.text);
	}
}

static void say_kept(const struct bundle_writer *w, uint64_t own_bytes, uint64_t old_bytes, uint64_t all_bytes)
{
	char size[TEXT_SIZE_MAX], all[TEXT_SIZE_MAX];

	text_size(all_bytes, all);
	if (w->part.resumed)
		progress_note(w->progress, "%s: goes on after an interrupted run: %s of %s of layers are there already",
			      w->part.path, text_size(own_bytes, size), all);
	if (w->old.part.path == NULL)
		return;
	progress_note(w->progress,
		      "%s: left by an interrupted run that wrote something else: %s of %s of layers are taken from it",
		      w->old.part.path, text_size(old_bytes, size), all);
	say_moved(w);
}

void writer_say_kept(struct bundle_writer *w)
{
	uint64_t own_bytes = 0, old_bytes = 0, all_bytes = 0;
	size_t i;

	for (i = 0; i < w->shape.blobs_len; i++) {
		struct kept_place own = writer_own_place(w, i), old = writer_old_place(w, i);
		uint64_t size_bytes = w->description.blobs[i].size_bytes, here, there;

		if (w->description.blobs[i].stored != STORED_RAW)
			continue;
		here = kept_seems(&own, size_bytes);
		there = kept_seems(&old, size_bytes);
		own_bytes += here;
		old_bytes += there > here ? there - here : 0;
		all_bytes += size_bytes;
	}
	w->part.keep = own_bytes > 0;
	if (w->progress != NULL)
		say_kept(w, own_bytes, old_bytes, all_bytes);
}
