#include "common/layout_images.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

#define BASE_MAX 128

static const char *const endings[] = { ".tar", ".tgz", ".txz", ".tzst", ".oci", ".gz", ".bz2", ".xz", ".zst", ".lz4" };

/* Without ".oci.tar.zst", and what else archives end in. */
static void cut_endings(char *name)
{
	size_t i = 0;

	while (i < COUNT_OF(endings)) {
		size_t len = strlen(name), part = strlen(endings[i]);

		if (len > part && strcmp(name + len - part, endings[i]) == 0) {
			name[len - part] = '\0';
			i = 0;
		} else {
			i++;
		}
	}
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A file's name as one component of a repository: whatever may not stand there becomes a dash. */
static void make_component(const char *name, char out[BASE_MAX + 1])
{
	size_t len = 0;

	for (; *name != '\0' && len < BASE_MAX; name++) {
		char c = (char)tolower((unsigned char)*name), next = (char)tolower((unsigned char)name[1]);
		bool joins = (c == '.' || c == '_') && len > 0 && is_plain(out[len - 1]) && is_plain(next);

		if (is_plain(c) || joins)
			out[len++] = c;
		else if (len > 0 && out[len - 1] != '-')
			out[len++] = '-';
	}
	while (len > 0 && !is_plain(out[len - 1]))
		len--;
	out[len] = '\0';
}

/* The last component of a path; of "." and ".." that of the folder itself. */
static enum err_code last_component(const char *path, char **ret_name, struct err *err)
{
	CLEANUP(free_ptr) char *work = NULL;
	enum err_code code = str_copy(path, &work, err);
	size_t len = code == ERR_OK ? strlen(work) : 0;
	const char *last;

	if (code != ERR_OK)
		return code;
	while (len > 1 && work[len - 1] == '/')
		work[--len] = '\0';
	last = strrchr(work, '/') != NULL ? strrchr(work, '/') + 1 : work;
	if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
		char *real = realpath(work, NULL);

		if (real == NULL)
			return err_errno(err, path);
		free(work);
		work = real;
		last = strrchr(work, '/') + 1;
	}
	return str_copy(last, ret_name, err);
}

enum err_code layout_base(const char *path, char **ret_base, struct err *err)
{
	CLEANUP(free_ptr) char *name = NULL;
	char component[BASE_MAX + 1];
	enum err_code code = last_component(path, &name, err);

	if (code != ERR_OK)
		return code;
	cut_endings(name);
	make_component(name, component);
	return str_format(ret_base, err, "localhost/%s", component[0] != '\0' ? component : "image");
}

/* A text as the full name of an entry; ERR_FORMAT where it cannot be one, nor can another's digest. */
static enum err_code full_name(const struct layout_entry *e, const char *text, char **ret_name, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	struct digest digest = digest_unpack(&e->digest);
	enum err_code code = reference_parse(text, &ref, err);

	if (code == ERR_OK && ref.digest.text[0] != '\0' && !digest_equal(&ref.digest, &digest))
		return err_set(err, ERR_FORMAT, "\"%.300s\" names another digest than %s", text, digest.text);
	return code == ERR_OK ? reference_name(&ref, ret_name, err) : code;
}

/* What an entry says of its name; ERR_FORMAT where that is nothing. */
static enum err_code own_name(const struct layout_entry *e, const char *base, char **ret_name, struct err *err)
{
	CLEANUP(free_ptr) char *tagged = NULL;
	enum err_code code = e->image_name != NULL ? full_name(e, e->image_name, ret_name, err) : ERR_FORMAT;

	if (code != ERR_FORMAT || e->ref_name == NULL)
		return code;
	if (strpbrk(e->ref_name, "/:@") != NULL)
		return full_name(e, e->ref_name, ret_name, err);
	code = str_format(&tagged, err, "%s:%s", base, e->ref_name);
	return code == ERR_OK ? full_name(e, tagged, ret_name, err) : code;
}

static enum err_code name_of(const struct layout_entry *e, const char *base, bool only, char **ret_name,
			     struct err *err)
{
	enum err_code code = own_name(e, base, ret_name, err);

	if (code != ERR_FORMAT)
		return code;
	return only ? str_format(ret_name, err, "%s:latest", base)
		    : str_format(ret_name, err, "%s@%s", base, digest_unpack(&e->digest).text);
}

enum err_code layout_images_make(const struct layout_survey *s, const char *path, struct layout_images *ret_images,
				 struct err *err)
{
	CLEANUP(layout_images_release) struct layout_images images = { 0 };
	CLEANUP(free_ptr) char *base = NULL;
	enum err_code code = layout_base(path, &base, err);
	size_t i;

	images.items = calloc(s->images_len + 1, sizeof(*images.items));
	if (code == ERR_OK && images.items == NULL)
		code = err_nomem(err);
	for (i = 0; code == ERR_OK && i < s->images_len; i++) {
		images.items[i].entry = s->images[i];
		code = name_of(s->images[i], base, s->images_len == 1, &images.items[i].name, err);
		images.len += code == ERR_OK;
	}
	if (code != ERR_OK)
		return code;
	*ret_images = images;
	images = (struct layout_images){ 0 };
	return ERR_OK;
}

void layout_images_release(struct layout_images *images)
{
	size_t i;

	for (i = 0; i < images->len; i++)
		free(images->items[i].name);
	free(images->items);
	*images = (struct layout_images){ 0 };
}
