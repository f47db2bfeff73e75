#include "import/serve_engine_inspect.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"
#include "common/text.h"
#include "import/serve_engine_config.h"

/* Go's zero time. */
#define NEVER "0001-01-01T00:00:00Z"
/* What `docker info` calls the storage driver too. */
#define DRIVER "overlayfs"

static bool is_number(const char *text, size_t len)
{
	return strspn(text, "0123456789") >= len;
}

/* "2026-11-23T16:36:52" */
static bool is_clock(const char *text)
{
	return strlen(text) > 19 && is_number(text, 4) && text[4] == '-' && is_number(text + 5, 2) && text[7] == '-' &&
	       is_number(text + 8, 2) && text[10] == 'T' && is_number(text + 11, 2) && text[13] == ':' &&
	       is_number(text + 14, 2) && text[16] == ':' && is_number(text + 17, 2);
}

static int number(const char *text, size_t len)
{
	int n = 0;

	while (len-- > 0)
		n = n * 10 + (*text++ - '0');
	return n;
}

/* "Z", "+01:00", in seconds; false for what is neither. */
static bool read_zone(const char *text, int64_t *ret_seconds)
{
	*ret_seconds = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 || !is_number(text + 1, 2) || text[3] != ':' ||
	    !is_number(text + 4, 2))
		return false;
	*ret_seconds = ((int64_t)number(text + 1, 2) * 60 + number(text + 4, 2)) * 60;
	if (text[0] == '-')
		*ret_seconds = -*ret_seconds;
	return true;
}

/* Where the zone begins, behind a fraction if there is one. */
static const char *zone_of(const char *text)
{
	const char *at = text + 19;

	return *at == '.' ? at + 1 + strspn(at + 1, "0123456789") : at;
}

bool engine_time(const char *text, int64_t *ret_seconds)
{
	struct tm tm = { 0 };
	int64_t zone;

	if (!is_clock(text) || !read_zone(zone_of(text), &zone))
		return false;
	tm.tm_year = number(text, 4) - 1900;
	tm.tm_mon = number(text + 5, 2) - 1;
	tm.tm_mday = number(text + 8, 2);
	tm.tm_hour = number(text + 11, 2);
	tm.tm_min = number(text + 14, 2);
	tm.tm_sec = number(text + 17, 2);
	*ret_seconds = (int64_t)timegm(&tm) - zone;
	return true;
}

/* As Go writes it: a fraction without zeros at its end. */
static void put_created(const struct json_t *config, struct js_out *o)
{
	const char *created = js_string(config, "created"), *end;
	char text[LIMIT_TEXT_BYTES];
	int64_t seconds;

	if (created == NULL || strlen(created) > 64 || !engine_time(created, &seconds))
		return;
	for (end = zone_of(created); created[19] == '.' && end[-1] == '0'; end--)
		;
	if (end[-1] == '.')
		end--;
	snprintf(text, sizeof(text), "%.*s%s", (int)(end - created), created, zone_of(created));
	js_member(o, "Created", text);
}

static const char *last_comment(const struct json_t *config)
{
	const struct json_t *history = js_array(config, "history");

	return js_len(history) > 0 ? js_string(js_at(history, js_len(history) - 1), "comment") : NULL;
}

/* The part of a full name in front of its tag or digest. */
static int repository_len(const char *name)
{
	const char *at = strchr(name, '@'), *colon;

	if (at != NULL)
		return (int)(at - name);
	colon = strrchr(name, ':');
	return colon != NULL && strchr(colon, '/') == NULL ? (int)(colon - name) : (int)strlen(name);
}

static void put_digested(const char *name, const struct digest *digest, struct js_out *o)
{
	CLEANUP(free_ptr) char *text = NULL;

	name = reference_familiar(name);
	if (strchr(name, '@') != NULL)
		js_put_string(o, name);
	else if (str_format(&text, &o->err, "%.*s@%s", repository_len(name), name, digest->text) == ERR_OK)
		js_put_string(o, text);
}

static void put_tags(const struct engine_shown *s, struct js_out *o)
{
	size_t i;

	js_key(o, "RepoTags");
	js_begin(o, '[');
	for (i = 0; i < s->names_len; i++)
		js_put_string(o, reference_familiar(s->names[i]));
	js_end(o, ']');
}

/* Another name of the same repository adds no digest. */
static bool is_new(const struct engine_shown *s, size_t at)
{
	int len = repository_len(s->names[at]);
	size_t i;

	for (i = 0; i < at; i++) {
		if (repository_len(s->names[i]) == len && strncmp(s->names[i], s->names[at], (size_t)len) == 0)
			return false;
	}
	return true;
}

static void put_digests(const struct engine_shown *s, struct js_out *o)
{
	size_t i;

	js_key(o, "RepoDigests");
	js_begin(o, '[');
	for (i = 0; i < s->names_len; i++) {
		if (is_new(s, i))
			put_digested(s->names[i], &s->image->root.digest, o);
	}
	js_end(o, ']');
}

static const struct engine_manifest *best(const struct engine_shown *s)
{
	return s->image->best != SIZE_MAX ? &s->image->items[s->image->best] : NULL;
}

static void put_root(const struct engine_shown *s, struct js_out *o)
{
	js_key(o, "Descriptor");
	if (s->one_platform)
		engine_put_descriptor(o, &best(s)->descriptor, best(s)->listed ? NULL : s->name);
	else
		engine_put_descriptor(o, &s->image->root, s->name);
}

static void put_text(struct js_out *o, const char *key, const char *text, bool always)
{
	if (text != NULL && text[0] != '\0')
		js_member(o, key, text);
	else if (always)
		js_member(o, key, "");
}

/* Members that left the API, or are left out since when they are empty. */
static void put_legacy(const struct engine_shown *s, struct js_out *o)
{
	if (s->api >= 52)
		return;
	js_member(o, "Parent", "");
	js_member(o, "DockerVersion", "");
	js_key(o, "GraphDriver");
	js_begin(o, '{');
	js_key(o, "Data");
	js_put_string(o, NULL);
	js_member(o, "Name", DRIVER);
	js_end(o, '}');
	if (s->api >= 45)
		return;
	js_member(o, "Container", "");
	js_key(o, "ContainerConfig");
	js_put_string(o, NULL);
}

static void put_about(const struct engine_shown *s, struct js_out *o)
{
	const struct json_t *config = s->image->config;

	put_text(o, "Comment", last_comment(config), s->api < 52);
	put_created(config, o);
	put_text(o, "Author", js_string(config, "author"), s->api < 52);
	engine_put_config(config, s->api, o);
	put_text(o, "Architecture", js_string(config, "architecture"), true);
	put_text(o, "Variant", js_string(config, "variant"), false);
	put_text(o, "Os", js_string(config, "os"), true);
	put_text(o, "OsVersion", js_string(config, "os.version"), false);
	js_member_uint(o, "Size", best(s) != NULL ? best(s)->content_bytes : s->image->total_bytes);
	put_legacy(s, o);
	engine_put_rootfs(config, o);
	js_key(o, "Metadata");
	js_begin(o, '{');
	js_member(o, "LastTagTime", NEVER);
	js_end(o, '}');
}

enum err_code engine_inspect_put(const struct engine_shown *s, struct js_out *o, struct err *err)
{
	const struct digest *id = s->one_platform ? &best(s)->descriptor.digest : &s->image->root.digest;
	enum err_code code = ERR_OK;

	js_begin(o, '{');
	js_member(o, "Id", id->text);
	put_tags(s, o);
	put_digests(s, o);
	put_about(s, o);
	if (s->api >= 48)
		put_root(s, o);
	if (s->manifests)
		code = engine_image_put_manifests(s->image, s->source, s->statements, s->name, o, err);
	js_end(o, '}');
	return code;
}

static void put_labels(const struct engine_shown *s, struct js_out *o)
{
	const struct json_t *labels = js_object(js_object(s->image->config, "config"), "Labels");

	js_key(o, "Labels");
	if (labels != NULL) {
		js_put_value(o, labels);
		return;
	}
	if (best(s) == NULL) {
		js_put_string(o, NULL);
		return;
	}
	js_begin(o, '{');
	js_end(o, '}');
}

static void put_last_digest(const struct engine_shown *s, struct js_out *o)
{
	js_key(o, "RepoDigests");
	js_begin(o, '[');
	if (best(s) != NULL)
		put_digested(s->name, &s->image->root.digest, o);
	else
		js_put_string(o, s->image->root.digest.text);
	js_end(o, ']');
}

static void put_int(struct js_out *o, const char *key, int64_t value)
{
	char text[24];

	js_key(o, key);
	js_put_raw(o, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)value));
}

enum err_code engine_summary_put(const struct engine_shown *s, struct js_out *o, struct err *err)
{
	const char *created = js_string(s->image->config, "created");
	int64_t seconds = 0;
	enum err_code code = ERR_OK;

	js_begin(o, '{');
	put_int(o, "Containers", s->api >= 51 && best(s) != NULL ? 0 : -1);
	put_int(o, "Created", created != NULL && engine_time(created, &seconds) ? seconds : 0);
	js_member(o, "Id", s->image->root.digest.text);
	put_labels(s, o);
	js_member(o, "ParentId", "");
	if (s->api >= 48)
		put_root(s, o);
	if (s->manifests)
		code = engine_image_put_manifests(s->image, s->source, s->statements, s->name, o, err);
	put_last_digest(s, o);
	put_tags(s, o);
	put_int(o, "SharedSize", -1);
	js_member_uint(o, "Size", s->image->total_bytes);
	js_end(o, '}');
	return code;
}
