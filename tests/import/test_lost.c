#include "import/lost.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "r.test/app:1"
#define SCAN "application/vnd.example.scan"

/* A plan without its bundle, of which all referrers are lost, and what people were told of that. */
struct fixture {
	struct image_builder images;
	struct plan plan;
	struct progress progress;
	FILE *to;
	char *told;
	size_t told_len;
};

static void lose_all(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->order_len; i++) {
		if (p->graph.nodes[p->order[i]].role == ROLE_REFERRER)
			plan_lose(p, p->order[i], &p->lost_referrers);
	}
}

static void begin(struct fixture *f)
{
	struct plan *p = &f->plan;

	*f = (struct fixture){ 0 };
	f->to = open_memstream(&f->told, &f->told_len);
	ck_assert_ptr_nonnull(f->to);
	progress_init(&f->progress, PROGRESS_QUIET, f->to, NULL);
	image_builder_init(&f->images);
	image_sample(&f->images, NAME, &(struct image_sample){ 0 });
	image_graph(&f->images, &f->images.source, &p->graph);
	ck_assert_int_eq(graph_order(&p->graph, &p->order, &p->order_len, NULL), ERR_OK);
	p->lost = calloc(p->graph.nodes_len + 1, sizeof(*p->lost));
	ck_assert_ptr_nonnull(p->lost);
	p->progress = &f->progress;
	lose_all(p);
}

static void end(struct fixture *f)
{
	fclose(f->to);
	free(f->told);
	plan_release(&f->plan);
	image_builder_release(&f->images);
}

static struct node *typed(const struct fixture *f, const char *type)
{
	size_t i;

	for (i = 0; i < f->plan.graph.nodes_len; i++) {
		struct node *n = &f->plan.graph.nodes[i];

		if (n->role == ROLE_REFERRER && n->artifact_type != NULL && strcmp(n->artifact_type, type) == 0)
			return n;
	}
	ck_abort_msg("no %s", type);
	return NULL;
}

static const char *told(struct fixture *f)
{
	ck_assert_int_eq(lost_warn(&f->plan, NULL), ERR_OK);
	fflush(f->to);
	return f->told;
}

static size_t lines(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

/* Each in a line of its own, which says what it is and of what; twice lost is lost once. */
START_TEST(tells_of_each)
{
	struct fixture f;
	char wanted[512];

	begin(&f);
	lose_all(&f.plan);
	ck_assert_uint_eq(f.plan.lost_referrers, 3);
	ck_assert_uint_eq(lines(told(&f)), 4);
	ck_assert_msg(strstr(f.told, "warning: 3 referrers ") == f.told, "%s", f.told);
	snprintf(wanted, sizeof(wanted), "\nwarning:   " SCAN " %s of sha256:", typed(&f, SCAN)->digest.text);
	ck_assert_msg(strstr(f.told, wanted) != NULL, "%s", f.told);
	end(&f);
}
END_TEST

/* Nothing that comes from outside moves a terminal's cursor. */
START_TEST(cleans_words)
{
	struct fixture f;

	begin(&f);
	typed(&f, SCAN)->artifact_type = "a\033[2Jb";
	ck_assert_ptr_null(strchr(told(&f), '\033'));
	end(&f);
}
END_TEST

START_TEST(tells_of_nothing)
{
	struct fixture f;

	begin(&f);
	f.plan.lost_referrers = 0;
	memset(f.plan.lost, 0, f.plan.graph.nodes_len * sizeof(*f.plan.lost));
	ck_assert_uint_eq(lines(told(&f)), 0);
	end(&f);
}
END_TEST

START_TEST(reports_each)
{
	CLEANUP(buf_release) struct buf text;
	CLEANUP(js_free_ptr) struct json_t *list = NULL;
	struct buf_stage out;
	struct js_out o;
	struct fixture f;
	bool found = false;
	size_t i;

	begin(&f);
	buf_init(&text, MIB);
	buf_stage_init(&out, &text);
	js_out_init(&o, &out.out, false);
	ck_assert_int_eq(lost_put(&o, &f.plan, NULL), ERR_OK);
	ck_assert_int_eq(js_end_document(&o, NULL), ERR_OK);
	ck_assert_int_eq(js_read(buf_text(&text), text.len, "list", &list, NULL), ERR_OK);
	ck_assert_uint_eq(js_len(list), 3);
	for (i = 0; i < js_len(list); i++) {
		const struct json_t *one = js_at(list, i);
		const char *type = js_string(one, "artifactType");

		ck_assert_ptr_nonnull(js_string(one, "subject"));
		if (type == NULL || strcmp(type, SCAN) != 0)
			continue;
		ck_assert_str_eq(js_string(one, "kind"), "subject");
		ck_assert_str_eq(js_string(one, "digest"), typed(&f, SCAN)->digest.text);
		found = true;
	}
	ck_assert(found);
	end(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lost");
	TCase *t = tcase_create("lost");

	tcase_add_test(t, tells_of_each);
	tcase_add_test(t, cleans_words);
	tcase_add_test(t, tells_of_nothing);
	tcase_add_test(t, reports_each);
	suite_add_tcase(s, t);
	return test_run(s);
}
