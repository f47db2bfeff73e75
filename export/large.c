#include "export/large.h"

static bool stands(const struct large *l, uint64_t at_bytes)
{
	struct spread *s = l->assembly->spread;

	return s->stands != NULL && s->stands(s, at_bytes);
}

static uint64_t step_after(const struct large *l, uint64_t at_bytes)
{
	uint64_t step_bytes = l->assembly->spread->step_bytes;

	return l->size_bytes - at_bytes < step_bytes ? l->size_bytes : at_bytes + step_bytes;
}

/* Where a piece of about this size ends: before the next step that stands, and without leaving crumbs. */
static uint64_t end_of(const struct large *l, uint64_t share_bytes)
{
	uint64_t step_bytes = l->assembly->spread->step_bytes, left_bytes = l->size_bytes - l->taken_bytes;
	uint64_t least_bytes = PIECE_STEPS_MIN * step_bytes, most_bytes = PIECE_STEPS_MAX * step_bytes;
	uint64_t bytes = share_bytes < least_bytes ? least_bytes : share_bytes;
	uint64_t end, at;

	bytes = bytes < most_bytes ? bytes : most_bytes;
	bytes -= bytes % step_bytes;
	end = left_bytes < bytes + least_bytes ? l->size_bytes : l->taken_bytes + bytes;
	at = step_after(l, l->taken_bytes);
	while (at < end && !stands(l, at))
		at = step_after(l, at);
	return at;
}

uint64_t large_standing(const struct large *l, uint64_t from_bytes, uint64_t end_bytes)
{
	uint64_t bytes = 0, at, after;

	for (at = from_bytes; l->assembly->spread->stands != NULL && at < end_bytes; at = after) {
		after = step_after(l, at);
		bytes += stands(l, at) ? after - at : 0;
	}
	return bytes;
}

bool large_take(struct large *l, enum source_ranges ranges, uint64_t share_bytes, uint64_t *ret_from_bytes,
		uint64_t *ret_end_bytes)
{
	struct spread *s = l->assembly->spread;
	uint64_t end, needed;

	if (ranges != SOURCE_RANGES_ANY && l->pieces > 0)
		return false; /* that piece may become all the rest */
	while (l->taken_bytes < l->size_bytes && stands(l, l->taken_bytes))
		l->taken_bytes = step_after(l, l->taken_bytes);
	if (l->taken_bytes == l->size_bytes)
		return false;
	end = ranges == SOURCE_RANGES_NONE ? l->size_bytes : end_of(l, share_bytes);
	needed = ranges == SOURCE_RANGES_ANY ? end : l->size_bytes;
	if (s->room != NULL && needed - l->taken_bytes > s->room(s, l->taken_bytes))
		return false;
	*ret_from_bytes = l->taken_bytes;
	*ret_end_bytes = l->taken_bytes = end;
	l->pieces++;
	return true;
}
