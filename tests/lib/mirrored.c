#include "tests/lib/mirrored.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/folder.h"

static void on_elsewhere(void *ctx, const char *name, const char *place, const char *other, const char *why)
{
	struct mirrored *m = ctx;

	ck_assert_ptr_nonnull(strstr(name, "/a/b"));
	ck_assert_str_ne(place, other);
	m->told.failed += why != NULL;
	m->told.lacks += why == NULL;
	strncpy(m->told.why, why != NULL ? why : "", sizeof(m->told.why) - 1);
}

static void put_hosts(struct mirrored *m, const char *capabilities)
{
	CLEANUP(free_ptr) char *toml = NULL;

	ck_assert_int_eq(str_format(&toml, NULL, "server = 'http://%s'\n[host.'http://%s']\ncapabilities = [%s]\n",
				    http_server_host(m->home), http_server_host(m->mirror),
				    capabilities != NULL ? capabilities : MIRRORED_CAPABILITIES),
			 ERR_OK);
	m->folder = folder_new();
	folder_make_in(m->folder, "registry.example");
	folder_put(m->folder, "registry.example/hosts.toml", toml, strlen(toml));
	m->rules.options.hosts_dir = m->folder;
}

void mirrored_start(struct mirrored *m, const struct http_route *mirror, const struct http_route *home,
		    const char *capabilities)
{
	struct http_options options = { .max_active = 4,
					.stall_seconds = http_server_patience(home, MIRRORED_ROUTES),
					.retry_ms = 1 };

	*m = (struct mirrored){ .mirror = http_server_start(mirror, MIRRORED_ROUTES),
				.home = http_server_start(home, MIRRORED_ROUTES) };
	put_hosts(m, capabilities);
	ck_assert_int_eq(http_new(&options, &m->engine, NULL), ERR_OK);
	ck_assert_int_eq(wallet_new(NULL, &m->wallet, NULL), ERR_OK);
	m->options = (struct registry_options){
		.rules = &m->rules, .outages = &m->outages, .on_elsewhere = on_elsewhere, .ctx = m
	};
	ck_assert_int_eq(tokens_new(m->engine, m->wallet, &m->options.tokens, NULL), ERR_OK);
	ck_assert_int_eq(reference_parse("registry.example/a/b:1", &m->ref, NULL), ERR_OK);
	m->source = mirrored_again(m);
}

struct source *mirrored_again(struct mirrored *m)
{
	struct source *source = NULL;
	struct err err = { 0 };

	ck_assert_msg(registry_new(m->engine, &m->ref, &m->options, &source, &err) == ERR_OK, "%s", err.msg);
	return source;
}

void mirrored_stop(struct mirrored *m)
{
	http_free(m->engine);
	m->source->free(m->source);
	tokens_free(m->options.tokens);
	wallet_free(m->wallet);
	reference_release(&m->ref);
	intern_release(&m->outages.bases);
	intern_release(&m->outages.silent);
	folder_remove(m->folder);
	http_server_stop(m->mirror);
	http_server_stop(m->home);
}

static enum err_code on_manifest(void *ctx, const struct source_manifest *m, struct err *err)
{
	struct mirrored_got *g = ctx;

	g->calls++;
	return m->bytes == NULL ? buf_puts(&g->bytes, "absent", err) : buf_add(&g->bytes, m->bytes, m->len, err);
}

static enum err_code on_blob(void *ctx, bool there, struct err *err)
{
	struct mirrored_got *g = ctx;

	g->calls++;
	return there ? ERR_OK : buf_puts(&g->bytes, "absent", err);
}

static enum err_code on_presence(void *ctx, bool there, struct err *err)
{
	struct mirrored_got *g = ctx;

	g->calls++;
	return buf_puts(&g->bytes, there ? "there" : "absent", err);
}

static enum err_code on_referrers(void *ctx, const struct source_referrer *referrers, size_t len, struct err *err)
{
	struct mirrored_got *g = ctx;
	size_t i;

	g->calls++;
	for (i = 0; i < len; i++)
		ck_assert_int_eq(buf_add(&g->bytes, &referrers[i].descriptor.digest.text[7], 1, err), ERR_OK);
	return ERR_OK;
}

static enum err_code on_tags(void *ctx, const char *const *tags, size_t len, struct err *err)
{
	struct mirrored_got *g = ctx;
	size_t i;

	g->calls++;
	for (i = 0; i < len; i++)
		ck_assert_int_eq(buf_puts(&g->bytes, tags[i], err), ERR_OK);
	return ERR_OK;
}

static enum err_code got_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	return buf_add(&OUTER_OF(out, struct mirrored_got, out)->bytes, bytes, len, err);
}

static enum err_code got_finish(struct outstream *out, struct err *err)
{
	(void)out;
	(void)err;
	return ERR_OK;
}

void mirrored_got_init(struct mirrored_got *g)
{
	*g = (struct mirrored_got){ .out = { .write = got_write, .finish = got_finish } };
	buf_init(&g->bytes, 1000);
}

enum err_code mirrored_ask(struct mirrored *m, char what, uint64_t size_bytes, struct mirrored_got *g, struct err *err)
{
	struct descriptor d = { .size_bytes = size_bytes, .media_type = "m" };
	struct source *s = m->source;

	ck_assert_int_eq(digest_parse(MIRRORED_DIGEST, &d.digest, NULL), ERR_OK);
	switch (what) {
	case 'd':
		m->ref.digest = d.digest;
		return s->resolve(s, &m->ref, on_manifest, g, err);
	case 't':
		return s->resolve(s, &m->ref, on_manifest, g, err);
	case 'm':
		return s->manifest(s, &d, on_manifest, g, err);
	case 'h':
		return s->has(s, &d, on_presence, g, err);
	case 'r':
		return s->referrers(s, &d.digest, on_referrers, g, err);
	case 'l':
		return s->tags(s, on_tags, g, err);
	default:
		return s->blob(s, &d, 0, size_bytes, &g->out, on_blob, g, err);
	}
}

enum err_code mirrored_hear(struct mirrored *m, char what, struct mirrored_got *g, struct err *err)
{
	enum err_code code = mirrored_ask(m, what, 3, g, err);

	return code == ERR_OK ? http_run(m->engine, err) : code;
}
