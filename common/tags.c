#include "common/tags.h"

#include <stdlib.h>

#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/paging.h"

#define PAGE_TAGS 1000 /* some registries refuse more */
#define PAGE_QUERY "list?n=1000"

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
	p->number = like->number + 1;
	if (before != NULL) {
		p->tags = *before;
		*before = (struct tag_list){ 0 };
	}
	p->request = (struct request){
		.url = url,
		.accept = "application/json",
		.elsewhere = p->asker.failed != NULL, /* who can do without does not wait long for it */
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

/* {"name":…,"tags":[…]}; *ret_listed is how many entries there were, tags or not. */
static enum err_code read_page(struct page *p, size_t *ret_listed, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code = js_read(buf_text(&p->body), p->body.len, p->request.url, &json, err);
	const struct json_t *tags = js_array(json, "tags");
	size_t i;

	if (code == ERR_OK && tags == NULL && js_has(json, "tags"))
		code = err_set(err, ERR_FORMAT, "%s: the list of tags is no list", p->request.url);
	for (i = 0; code == ERR_OK && i < js_len(tags); i++) {
		const char *text = js_text(js_at(tags, i));

		if (text != NULL && reference_is_tag(text))
			code = add_tag(&p->tags, text, err);
	}
	if (code == ERR_LIMIT)
		err_add(err, "%s: tags", p->request.url);
	*ret_listed = js_len(tags);
	return code;
}

/* A registry that was asked for so many and gave just so many may have more without saying so. */
static enum err_code next_page(const struct page *p, size_t listed, size_t fresh, char **ret_url, struct err *err)
{
	CLEANUP(free_ptr) char *which = NULL;
	char *url = NULL;
	enum err_code code = paging_next(p->place, &p->request, &url, err);

	if (code == ERR_OK && url == NULL && listed == PAGE_TAGS && fresh > 0) {
		code = str_format(&which, err, PAGE_QUERY "&last=%s", p->tags.items[p->tags.len - 1]);
		if (code == ERR_OK)
			code = repository_url(p->place, "tags", which, &url, err);
	}
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

enum err_code tags_start(struct repository *p, const struct tags_asker *asker, struct err *err)
{
	struct page first = { .place = repository_home(p), .asker = *asker };
	char *url = NULL;
	enum err_code code;

	if (first.place == NULL)
		return repository_no_place(p, PLACE_TAG, err);
	code = repository_url(first.place, "tags", PAGE_QUERY, &url, err);
	return code == ERR_OK ? ask(&first, NULL, url, err) : code;
}
