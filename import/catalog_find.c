/* The part of catalog.h that finds images: by name, by digest, and as a Docker daemon reads what users write. */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"
#include "import/catalog_private.h"

#define ID_MIN 4
#define ID_MAX 64
#define HEX "0123456789abcdef"
#define SHA256 "sha256:"

static int compare_key(const void *name, const void *image)
{
	return strcmp(name, ((const struct catalog_image *)image)->name);
}

static int compare_names(const void *a, const void *b)
{
	const struct catalog_image *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int compare_digests(const void *a, const void *b)
{
	const struct catalog_image *const *x = a, *const *y = b;
	int order = strcmp((*x)->digest.text, (*y)->digest.text);

	return order != 0 ? order : strcmp((*x)->name, (*y)->name);
}

/* ---- by name ---- */

static enum err_code find_in(struct catalog_place *p, const char *name, const struct catalog_image **ret_image,
			     struct err *err)
{
	const struct catalog_part *part = NULL;
	enum err_code code = place_part_of(p, name, &part, err);

	if (code == ERR_OK && part != NULL)
		*ret_image = bsearch(name, part->images, part->len, sizeof(*part->images), compare_key);
	return code;
}

static enum err_code not_found(const char *what, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "%.512s: no such image here", what);
}

enum err_code catalog_find(struct catalog_view *v, const char *name, const struct catalog_image **ret_image,
			   struct err *err)
{
	const struct catalog_image *found = NULL;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && found == NULL && i < v->places_len; i++)
		code = find_in(v->places[i], name, &found, err);
	if (code != ERR_OK)
		return code;
	if (found == NULL)
		return not_found(name, err);
	code = place_check(found->place, err);
	if (code == ERR_OK)
		*ret_image = found;
	return code;
}

/* ---- lists ---- */

static enum err_code count_images(struct catalog_view *v, size_t *ret_len, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t len = 0, i, j;

	for (i = 0; code == ERR_OK && i < v->places_len; i++) {
		for (j = 0; code == ERR_OK && j < v->places[i]->parts_len; j++) {
			const struct catalog_part *part = NULL;

			code = place_part(v->places[i], j, &part, err);
			len += code == ERR_OK ? part->len : 0;
		}
	}
	*ret_len = len;
	return code;
}

static void put_images(const struct catalog_view *v, const struct catalog_image **out)
{
	size_t i, j, k;

	for (i = 0; i < v->places_len; i++) {
		for (j = 0; j < v->places[i]->parts_len; j++) {
			const struct catalog_part *part = &v->places[i]->parts[j];

			for (k = 0; k < part->len; k++)
				*out++ = &part->images[k];
		}
	}
}

static size_t place_number(const struct catalog_view *v, const struct catalog_image *image)
{
	size_t i = 0;

	while (v->places[i] != image->place)
		i++;
	return i;
}

/* Of each name the image of the first place that has it. */
static size_t drop_doubles(const struct catalog_view *v, const struct catalog_image **images, size_t len)
{
	size_t kept = 0, i;

	for (i = 0; i < len; i++) {
		if (kept == 0 || strcmp(images[kept - 1]->name, images[i]->name) != 0)
			images[kept++] = images[i];
		else if (place_number(v, images[i]) < place_number(v, images[kept - 1]))
			images[kept - 1] = images[i];
	}
	return kept;
}

static enum err_code make_lists(struct catalog_view *v, struct err *err)
{
	CLEANUP(free_ptr) const struct catalog_image **by_name = NULL;
	CLEANUP(free_ptr) const struct catalog_image **by_digest = NULL;
	size_t len = 0;
	enum err_code code = count_images(v, &len, err);

	if (code != ERR_OK)
		return code;
	by_name = calloc(len + 1, sizeof(struct catalog_image *));
	by_digest = calloc(len + 1, sizeof(struct catalog_image *));
	if (by_name == NULL || by_digest == NULL)
		return err_nomem(err);
	put_images(v, by_name);
	qsort(by_name, len, sizeof(struct catalog_image *), compare_names);
	len = drop_doubles(v, by_name, len);
	memcpy(by_digest, by_name, len * sizeof(struct catalog_image *));
	qsort(by_digest, len, sizeof(struct catalog_image *), compare_digests);
	v->by_name = take_ptr(&by_name);
	v->by_digest = take_ptr(&by_digest);
	v->images_len = len;
	return ERR_OK;
}

static enum err_code need_lists(struct catalog_view *v, struct err *err)
{
	enum err_code code = ERR_OK;

	pthread_mutex_lock(&v->lock);
	if (v->by_name == NULL)
		code = make_lists(v, err);
	pthread_mutex_unlock(&v->lock);
	return code;
}

enum err_code catalog_images(struct catalog_view *v, const struct catalog_image *const **ret_images, size_t *ret_len,
			     struct err *err)
{
	enum err_code code = need_lists(v, err);

	if (code != ERR_OK)
		return code;
	*ret_images = v->by_name;
	*ret_len = v->images_len;
	return ERR_OK;
}

/* Before, in or after a repository; by name all names of a repository and what follows it with ':' or '@' stand
 * together, but others may stand between those two: "a-b:1" is between "a" and "a:1". */
static bool is_of(const struct catalog_image *image, const char *repository, size_t len)
{
	return image->repository_len == len && strncmp(image->name, repository, len) == 0;
}

/* The first image that is not before "REPOSITORYc". */
static size_t first_of(const struct catalog_view *v, const char *repository, size_t len, char c)
{
	size_t low = 0, high = v->images_len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const char *name = v->by_name[mid]->name;
		int order = strncmp(name, repository, len);

		if (order < 0 || (order == 0 && (unsigned char)name[len] < (unsigned char)c))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static size_t run_of(const struct catalog_view *v, size_t from, const char *repository, size_t len)
{
	size_t n = 0;

	while (from + n < v->images_len && is_of(v->by_name[from + n], repository, len))
		n++;
	return n;
}

enum err_code catalog_repository(struct catalog_view *v, const char *repository,
				 const struct catalog_image *const **ret_images, size_t *ret_len, struct err *err)
{
	size_t len = strlen(repository), from, found, i;
	enum err_code code = need_lists(v, err);

	if (code != ERR_OK)
		return code;
	from = first_of(v, repository, len, ':'); /* ':' is before '@', and nothing that goes on a name between them */
	found = run_of(v, from, repository, len);
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "%.512s: no such repository here", repository);
	for (i = 0; code == ERR_OK && i < found; i++) {
		if (i == 0 || v->by_name[from + i]->place != v->by_name[from + i - 1]->place)
			code = place_check(v->by_name[from + i]->place, err);
	}
	if (code != ERR_OK)
		return code;
	*ret_images = v->by_name + from;
	*ret_len = found;
	return ERR_OK;
}

/* ---- by digest ---- */

/* The first image, in the order of digests, that does not stand before a digest or the beginning of one. */
static size_t first_digest(const struct catalog_view *v, const char *text)
{
	size_t low = 0, high = v->images_len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(v->by_digest[mid]->digest.text, text) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static enum err_code give(const struct catalog_image *image, const struct catalog_image **ret_image, struct err *err)
{
	enum err_code code = place_check(image->place, err);

	if (code == ERR_OK)
		*ret_image = image;
	return code;
}

/* Of this repository, where one is named: docker.io/library/a@D is not b, though b is D. */
static enum err_code find_digest(struct catalog_view *v, const struct digest *digest, const char *repository,
				 const struct catalog_image **ret_image, struct err *err)
{
	enum err_code code = need_lists(v, err);
	size_t i;

	if (code != ERR_OK)
		return code;
	for (i = first_digest(v, digest->text); i < v->images_len; i++) {
		const struct catalog_image *image = v->by_digest[i];

		if (!digest_equal(&image->digest, digest))
			break;
		if (repository == NULL || is_of(image, repository, strlen(repository)))
			return give(image, ret_image, err);
	}
	return not_found(digest->text, err);
}

enum err_code catalog_find_digest(struct catalog_view *v, const struct digest *digest,
				  const struct catalog_image **ret_image, struct err *err)
{
	return find_digest(v, digest, NULL, ret_image, err);
}

/* The digits of what may be an id, whole or cut; NULL for what is none. */
static const char *id_digits(const char *text)
{
	const char *digits = strncmp(text, SHA256, strlen(SHA256)) == 0 ? text + strlen(SHA256) : text;
	size_t len = strspn(digits, HEX);

	return digits[len] == '\0' && len >= ID_MIN && len <= ID_MAX ? digits : NULL;
}

static enum err_code find_id(struct catalog_view *v, const char *digits, const struct catalog_image **ret_image,
			     struct err *err)
{
	char key[sizeof(SHA256) + ID_MAX];
	const struct catalog_image *first;
	enum err_code code = need_lists(v, err);
	size_t at, i;

	if (code != ERR_OK)
		return code;
	strcpy(key, SHA256);
	strncat(key, digits, ID_MAX);
	at = first_digest(v, key);
	if (at == v->images_len || strncmp(v->by_digest[at]->digest.text, key, strlen(key)) != 0)
		return not_found(digits, err);
	first = v->by_digest[at];
	for (i = at + 1; i < v->images_len && strncmp(v->by_digest[i]->digest.text, key, strlen(key)) == 0; i++) {
		if (!digest_equal(&v->by_digest[i]->digest, &first->digest))
			return err_set(err, ERR_CONFLICT, "%s: several images begin with it", digits);
	}
	return give(first, ret_image, err);
}

/* ---- as users write it ---- */

static enum err_code find_reference(struct catalog_view *v, const struct reference *ref,
				    const struct catalog_image **ret_image, struct err *err)
{
	CLEANUP(free_ptr) char *text = NULL;
	bool digested = ref->digest.text[0] != '\0';
	enum err_code code = digested ? reference_repository(ref, &text, err) : reference_name(ref, &text, err);

	if (code != ERR_OK)
		return code;
	return digested ? find_digest(v, &ref->digest, text, ret_image, err) : catalog_find(v, text, ret_image, err);
}

/* Source: moby 29, daemon/containerd/image.go, resolveImage.  64 hex digits are a digest and never a name. */
enum err_code catalog_resolve(struct catalog_view *v, const char *text, const struct catalog_image **ret_image,
			      struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	const char *digits = id_digits(text);
	struct digest digest;
	enum err_code code;

	if (digest_parse(text, &digest, NULL) == ERR_OK)
		return catalog_find_digest(v, &digest, ret_image, err);
	if (digits != NULL && strlen(digits) == ID_MAX)
		return find_id(v, digits, ret_image, err);
	code = reference_parse(text, &ref, err);
	if (code == ERR_OK)
		code = find_reference(v, &ref, ret_image, err);
	if (digits != NULL && (code == ERR_NOT_FOUND || code == ERR_FORMAT))
		return find_id(v, digits, ret_image, err);
	return code;
}
