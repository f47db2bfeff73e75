#include "common/tags.h"

#include <stdlib.h>

#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/paging.h"

#define PAGE_TAGS 1000 /* some registries refuse more */
#define PAGE_QUERY "?n=1000"

/* The tags so far, each once, in the order in which they came. */
struct tag_list {
	struct intern strings;
	const char **items;
	size_t len, cap;
};

/* One page under way; the tags of the pages before it travel along. */
struct page {
	struct request request;
	struct place *place;
	struct buf body;
	struct tag_list tags;
	unsigned number;
	bool catalog; /* repositories are listed, not tags */
	struct tags_asker asker;
};

static void page_release(struct request *r)
{
	struct page *p = OUTER_OF(r, struct page, request);

	buf_release(&p->body);
	intern_release(&p->tags.strings);
	free(p->tags.items);
	free(p);
}

static enum err_code on_body(struct request *r, const void *bytes, size_t len, struct err *err)
{
	struct page *p = OUTER_OF(r, struct page, request);

	if (buf_add(&p->body, bytes, len, err) != ERR_OK)
		return err_add(err, "%s", r->url);
	return ERR_OK;
}

static enum err_code on_again(struct request *r, struct err *err)
{
	(void)err;
	buf_clear(&OUTER_OF(r, struct page, request)->body);
	return ERR_OK;
}

static enum err_code on_done(struct request *r, struct err *failure, struct err *err);

/* Takes over the URL, and the tags of the page before. */
static enum err_code ask(const struct page *like, struct tag_list *before, char *url, struct err *err)
{
	struct page *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		free(url);
		return err_nomem(err);
	}
	buf_init(&p->body, LIMIT_MANIFEST_BYTES);
	p->place = like->place;
	p->asker = like->asker;
	p->catalog = like->catalog;
	p->number = like->number + 1;
	if (before != NULL) {
		p->tags = *before;
		*before = (struct tag_list){ 0 };
	}
	p->request = (struct request){
		.url = url,
		.accept = "application/json",
		.elsewhere =
			p->asker.failed != NULL && !p->asker.needed, /* who can do without does not wait long for it */
		.on_body = on_body,
		.on_again = on_again,
		.on_done = on_done,
		.release = page_release,
	};
	return access_start(p->place->access, &p->request, err);
}

static enum err_code add_tag(struct tag_list *t, const char *text, struct err *err)
{
	size_t had = t->strings.len;
	const char *tag = NULL;
	enum err_code code = intern_text(&t->strings, text, &tag, err);

	if (code == ERR_OK && t->strings.len > had)
		code = vec_grow(&t->items, &t->cap, t->len + 1, sizeof(*t->items), LIMIT_TAGS, err);
	if (code == ERR_OK && t->strings.len > had)
		t->items[t->len++] = tag;
	return code;
}

static bool is_repository(const char *text)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *name = NULL;

	return str_format(&name, NULL, "registry.example/%s", text) == ERR_OK &&
	       reference_parse_repository(name, &ref, NULL) == ERR_OK;
}

/* {"name":…,"tags":[…]} or {"repositories":[…]}; *ret_listed is how many entries there were, of use or not. */
static enum err_code read_page(struct page *p, size_t *ret_listed, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code = js_read(buf_text(&p->body), p->body.len, p->request.url, &json, err);
	const char *member = p->catalog ? "repositories" : "tags";
	const struct json_t *tags = js_array(json, member);
	size_t i;

	if (code == ERR_OK && tags == NULL && js_has(json, member))
		code = err_set(err, ERR_FORMAT, "%s: the list of %s is no list", p->request.url, member);
	for (i = 0; code == ERR_OK && i < js_len(tags); i++) {
		const char *text = js_text(js_at(tags, i));

		if (text != NULL && (p->catalog ? is_repository(text) : reference_is_tag(text)))
			code = add_tag(&p->tags, text, err);
	}
	if (code == ERR_LIMIT)
		err_add(err, "%s: %s", p->request.url, member);
	*ret_listed = js_len(tags);
	return code;
}

static enum err_code page_url(const struct page *p, const char *last, char **ret_url, struct err *err)
{
	CLEANUP(buf_release) struct buf which;
	enum err_code code;

	buf_init(&which, LIMIT_URL_BYTES);
	code = buf_printf(&which, err, "%s" PAGE_QUERY "%s", p->catalog ? "_catalog" : "list",
			  last != NULL ? "&last=" : "");
	if (code == ERR_OK && last != NULL)
		code = http_escape(last, &which, err);
	if (code != ERR_OK)
		return code;
	return p->catalog ? str_format(ret_url, err, "%s/%s", p->place->endpoint->root, buf_text(&which))
			  : repository_url(p->place, "tags", buf_text(&which), ret_url, err);
}

/* A registry that was asked for so many and gave just so many may have more without saying so. */
static enum err_code next_page(const struct page *p, size_t listed, size_t fresh, char **ret_url, struct err *err)
{
	char *url = NULL;
	enum err_code code = paging_next(p->place, &p->request, &url, err);

	if (code == ERR_OK && url == NULL && listed == PAGE_TAGS && fresh > 0)
		code = page_url(p, p->tags.items[p->tags.len - 1], &url, err);
	if (code == ERR_OK && url != NULL && p->number >= p->asker.pages_max) {
		free(url);
		return err_set(err, ERR_LIMIT, "%s: more than %u pages of tags", p->request.url, p->asker.pages_max);
	}
	if (code == ERR_OK)
		*ret_url = url;
	return code;
}

/* A page is here: the URL of the next one, NULL where it was the last. */
static enum err_code take_page(struct page *p, struct err *failure, char **ret_url, struct err *err)
{
	size_t had = p->tags.len, listed = 0;
	enum err_code code;

	if (failure != NULL) {
		*err = *failure;
		return err->code;
	}
	if (p->request.call.status != 200)
		return repository_refused(&p->request, buf_text(&p->body), err);
	code = read_page(p, &listed, err);
	return code == ERR_OK ? next_page(p, listed, p->tags.len - had, ret_url, err) : code;
}

static enum err_code on_done(struct request *r, struct err *failure, struct err *err)
{
	struct page *p = OUTER_OF(r, struct page, request);
	const struct tags_asker *asker = &p->asker;
	struct err why = { 0 };
	char *url = NULL;

	if (take_page(p, failure, &url, &why) == ERR_OK)
		return url != NULL ? ask(p, &p->tags, url, err)
				   : asker->done(asker->ctx, p->tags.items, p->tags.len, err);
	if (asker->failed != NULL)
		return asker->failed(asker->ctx, &why, err);
	return err_set(err, why.code, "%s", why.msg);
}

static enum err_code start(struct repository *p, bool catalog, const struct tags_asker *asker, struct err *err)
{
	struct page first = { .place = repository_home(p), .catalog = catalog, .asker = *asker };
	char *url = NULL;
	enum err_code code;

	if (first.place == NULL)
		return repository_no_place(p, PLACE_TAG, err);
	code = page_url(&first, NULL, &url, err);
	return code == ERR_OK ? ask(&first, NULL, url, err) : code;
}

enum err_code tags_start(struct repository *p, const struct tags_asker *asker, struct err *err)
{
	return start(p, false, asker, err);
}

enum err_code catalog_start(struct repository *p, const struct tags_asker *asker, struct err *err)
{
	return start(p, true, asker, err);
}
