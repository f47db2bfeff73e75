#include "common/progress.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define MB UINT64_C(1000000)
#define K "\033[K\n"
#define J "\033[J"

static uint64_t now_ms;

static uint64_t fake_clock(void)
{
	return now_ms;
}

/* A progress that writes into memory. */
struct fixture {
	struct progress p;
	FILE *to;
	char *text;
	size_t len, read;
};

static void setup(struct fixture *f, enum progress_mode mode)
{
	now_ms = 5000;
	f->read = 0;
	f->to = open_memstream(&f->text, &f->len);
	ck_assert_ptr_nonnull(f->to);
	progress_init(&f->p, mode, f->to, fake_clock);
}

/* What was written since the last time. */
static const char *written(struct fixture *f)
{
	const char *text;

	fflush(f->to);
	text = f->text + f->read;
	f->read = f->len;
	return text;
}

static void teardown(struct fixture *f)
{
	fclose(f->to);
	free(f->text);
}

START_TEST(terminal)
{
	struct fixture f;
	size_t a, b;

	setup(&f, PROGRESS_TERMINAL);
	progress_total(&f.p, 100 * MB);
	a = progress_item(&f.p, "docker.io/library/alpine:3.20", 4 * MB);
	ck_assert_str_eq(written(&f), ""); /* not yet */
	now_ms += PROGRESS_DRAW_MS;
	progress_advance(&f.p, a, MB);
	ck_assert_str_eq(written(&f),
			 "  docker.io/library/alpine:3.20                           1.0 MB / 4.0 MB  25 %" K
			 "  1.0 MB / 100.0 MB  1 %" K J);
	now_ms += PROGRESS_DRAW_MS - 1;
	progress_advance(&f.p, a, MB);
	ck_assert_str_eq(written(&f), ""); /* one millisecond early */
	b = progress_item(&f.p, "b", 0);
	now_ms += 301; /* 500 ms since the start: time to tell the speed */
	progress_advance(&f.p, b, 8 * MB);
	ck_assert_str_eq(written(&f),
			 "\r\033[2A"
			 "  docker.io/library/alpine:3.20                           2.0 MB / 4.0 MB  50 %" K
			 "  b                                                                      8.0 MB" K
			 "  10.0 MB / 100.0 MB  10 %  20.0 MB/s  5 s left" K J);
	progress_end(&f.p, a);
	now_ms += PROGRESS_DRAW_MS;
	progress_tick(&f.p); /* nothing came in, yet it is drawn */
	ck_assert_str_eq(written(&f),
			 "\r\033[3A"
			 "  b                                                                      8.0 MB" K
			 "  10.0 MB / 100.0 MB  10 %  20.0 MB/s  5 s left" K J);
	progress_note(&f.p, "warning: %s", "tag\x1b[2J moved");
	ck_assert_str_eq(written(&f), "\r\033[2A" J "warning: tag?[2J moved\n");
	progress_done(&f.p);
	ck_assert_str_eq(written(&f), ""); /* the note had cleared it */
	progress_tick(&f.p);
	progress_done(&f.p);
	ck_assert_str_eq(written(&f), "");
	teardown(&f);
}
END_TEST

START_TEST(done_clears)
{
	struct fixture f;

	setup(&f, PROGRESS_TERMINAL);
	now_ms += PROGRESS_DRAW_MS;
	progress_tick(&f.p);
	ck_assert_str_eq(written(&f), "  0 B" K J);
	progress_done(&f.p);
	ck_assert_str_eq(written(&f), "\r\033[1A" J);
	teardown(&f);
}
END_TEST

START_TEST(plain)
{
	struct fixture f;
	size_t a, b;

	setup(&f, PROGRESS_PLAIN);
	progress_total(&f.p, 100 * MB);
	a = progress_item(&f.p, "alpine", 30 * MB);
	b = progress_item(&f.p, "some\nlayers", 0);
	ck_assert_str_eq(written(&f), "alpine: 30.0 MB to go\nsome?layers: begun\n");
	progress_advance(&f.p, a, 30 * MB);
	now_ms += PROGRESS_PLAIN_MS - 1;
	progress_tick(&f.p);
	ck_assert_str_eq(written(&f), "");
	now_ms++;
	progress_advance(&f.p, b, 10 * MB);
	ck_assert_str_eq(written(&f), "40.0 MB / 100.0 MB  40 %  4.0 MB/s  15 s left\n");
	progress_end(&f.p, a);
	progress_end(&f.p, b);
	progress_note(&f.p, "a note");
	ck_assert_str_eq(written(&f), "alpine: 30.0 MB done\nsome?layers: 10.0 MB done\na note\n");
	progress_done(&f.p);
	progress_done(&f.p);
	ck_assert_str_eq(written(&f), "40.0 MB / 100.0 MB  40 %  4.0 MB/s  15 s left\n");
	teardown(&f);
}
END_TEST

START_TEST(quiet)
{
	struct fixture f;
	size_t a;

	setup(&f, PROGRESS_QUIET);
	a = progress_item(&f.p, "alpine", 10);
	now_ms += 60000;
	progress_advance(&f.p, a, 10);
	progress_end(&f.p, a);
	ck_assert_str_eq(written(&f), "");
	progress_note(&f.p, "a warning");
	ck_assert_str_eq(written(&f), "a warning\n");
	progress_done(&f.p);
	ck_assert_str_eq(written(&f), "");
	teardown(&f);
}
END_TEST

static const struct {
	const char *name;
	uint64_t done_bytes, total_bytes, took_ms;
	const char *want;
} totals[] = {
	{ "nothing", 0, 0, 1000, "0 B\n" },
	{ "total unknown", 10 * MB, 0, 1000, "10.0 MB  10.0 MB/s\n" },
	{ "all of it", 10 * MB, 10 * MB, 1000, "10.0 MB / 10.0 MB  100 %  10.0 MB/s\n" },
	{ "more than all", 11 * MB, 10 * MB, 1000, "11.0 MB / 10.0 MB  100 %  11.0 MB/s\n" },
	{ "nearly all is not 100", 999999, MB, 1000, "1.0 MB / 1.0 MB  99 %  1.0 MB/s  0 s left\n" },
	{ "seconds", MB, 60 * MB, 1000, "1.0 MB / 60.0 MB  1 %  1.0 MB/s  59 s left\n" },
	{ "minutes", MB, 61 * MB, 1000, "1.0 MB / 61.0 MB  1 %  1.0 MB/s  1 min 0 s left\n" },
	{ "hours", MB, 3601 * (uint64_t)MB, 1000, "1.0 MB / 3.6 GB  0 %  1.0 MB/s  1 h 0 min left\n" },
	{ "days", 1000, (uint64_t)MB *MB, 1000, "1.0 kB / 1.0 TB  0 %  1.0 kB/s  more than 100 h left\n" },
	{ "largest numbers", 1000, UINT64_MAX, 1000, "1.0 kB / 18.4 EB  0 %  1.0 kB/s  more than 100 h left\n" },
	{ "stalled", 0, MB, 1000, "0 B / 1.0 MB  0 %\n" },
};

START_TEST(total_line)
{
	struct fixture f;

	setup(&f, PROGRESS_PLAIN);
	f.p.drawn_ms -= PROGRESS_PLAIN_MS - totals[_i].took_ms;
	progress_total(&f.p, totals[_i].total_bytes);
	now_ms += totals[_i].took_ms;
	progress_advance(&f.p, PROGRESS_NONE, totals[_i].done_bytes);
	ck_assert_str_eq(written(&f), totals[_i].want);
	teardown(&f);
}
END_TEST

/* More items than slots: none is lost, none is drawn twice. */
START_TEST(many)
{
	struct fixture f;
	size_t ids[PROGRESS_ITEMS + 2], i;
	char label[32];
	const char *text;

	setup(&f, PROGRESS_TERMINAL);
	for (i = 0; i < COUNT_OF(ids); i++) {
		snprintf(label, sizeof(label), "item %zu", i);
		ids[i] = progress_item(&f.p, label, 100);
		progress_advance(&f.p, ids[i], 1);
	}
	ck_assert_uint_eq(ids[PROGRESS_ITEMS], PROGRESS_NONE);
	now_ms += PROGRESS_DRAW_MS;
	progress_tick(&f.p);
	text = written(&f);
	ck_assert_ptr_nonnull(strstr(text, "  item 7 "));
	ck_assert_ptr_null(strstr(text, "  item 8 "));
	ck_assert_ptr_nonnull(strstr(text, "  … and 58 more" K "  66 B" K J));
	for (i = 0; i < COUNT_OF(ids); i++)
		progress_end(&f.p, ids[i]);
	now_ms += PROGRESS_DRAW_MS;
	progress_tick(&f.p);
	ck_assert_str_eq(written(&f), "\r\033[10A  66 B" K J);
	ck_assert_uint_eq(progress_item(&f.p, "again", 0), 0);
	teardown(&f);
}
END_TEST

static size_t width_of(const char *line, size_t len)
{
	size_t width = 0, i;

	for (i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)line[i];

		width += (byte & 0xc0) == 0x80 ? 0 : byte >= 0xe3 ? 2 : 1;
	}
	return width;
}

/* A real terminal of this size; returns its slave's end as a stream. */
static FILE *open_terminal(unsigned short columns, unsigned short rows, int *ret_master)
{
	struct winsize size = { .ws_col = columns, .ws_row = rows };
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(slave, 0);
	ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &size), 0);
	*ret_master = master;
	return fdopen(slave, "w");
}

static const struct {
	const char *name, *label;
	unsigned short columns, rows;
	size_t lines;     /* items and total */
	const char *want; /* NULL: only the bounds are checked */
} screens[] = {
	{ "wide", "docker.io/library/alpine:3.20", 80, 24, 10, "  docker.io/library/alpine:3.20   " },
	{ "cut in front", "registry.example.com/team/app:1.2", 50, 24, 10,
	  "  …xample.com/team/app:1.2  1.5 MB / 4.0 MB" },
	{ "label alone", "registry.example.com/team/app:1.2", 35, 24, 10, "  …gistry.example.com/team/app:1.2\033" },
	{ "two columns a letter", "映像映像映像映像映像映像映像映像映像映像:1", 40, 24, 10, NULL },
	{ "accents", "ääääääääääääääääääääääääääääääääääääääääääääää", 40, 24, 10, NULL },
	{ "narrow", "docker.io/library/alpine:3.20", 21, 24, 10, "  …brary/alpine:3.20\033" },
	{ "too narrow for items", "alpine", 19, 24, 1, "  18.0 MB / 40.0 M\033" },
	{ "one column", "alpine", 1, 24, 1, NULL },
	{ "low", "alpine", 80, 8, 7, NULL },
	{ "lower", "alpine", 80, 3, 2, NULL },
	{ "one row", "alpine", 80, 1, 2, NULL },
};

START_TEST(screen)
{
	static struct progress p;
	const char *name = screens[_i].name, *at, *end;
	size_t lines = 0, i;
	char text[16384];
	int master;
	FILE *to = open_terminal(screens[_i].columns, screens[_i].rows, &master);
	size_t len = 0;

	setenv("TERM", "xterm", 1);
	progress_init(&p, PROGRESS_AUTO, to, fake_clock);
	ck_assert_int_eq(p.mode, PROGRESS_TERMINAL);
	progress_total(&p, 40 * MB);
	for (i = 0; i < 12; i++)
		progress_advance(&p, progress_item(&p, screens[_i].label, 4 * MB), MB + MB / 2);
	now_ms += 1000;
	progress_tick(&p);
	for (text[0] = '\0'; strstr(text, J) == NULL; text[len] = '\0') {
		ssize_t n = read(master, text + len, sizeof(text) - 1 - len);

		ck_assert_int_gt(n, 0);
		len += (size_t)n;
	}
	ck_assert_msg(screens[_i].want == NULL || strstr(text, screens[_i].want) != NULL, "%s: %s", name, text);
	for (at = text; (end = strstr(at, "\033[K")) != NULL; at = end + 5, lines++)
		ck_assert_msg(width_of(at, (size_t)(end - at)) < screens[_i].columns || screens[_i].columns < 4,
			      "%s: line %zu is too wide: %s", name, lines, at);
	ck_assert_msg(lines == screens[_i].lines, "%s: %zu lines", name, lines);
	fclose(to);
	close(master);
}
END_TEST

START_TEST(modes)
{
	static struct progress p;
	int master;
	FILE *to = open_terminal(80, 24, &master);

	setenv("TERM", "dumb", 1);
	progress_init(&p, PROGRESS_AUTO, to, NULL);
	ck_assert_int_eq(p.mode, PROGRESS_PLAIN);
	unsetenv("TERM");
	progress_init(&p, PROGRESS_AUTO, to, NULL);
	ck_assert_int_eq(p.mode, PROGRESS_PLAIN);
	fclose(to);
	close(master);
	setenv("TERM", "xterm", 1);
	to = tmpfile();
	ck_assert_ptr_nonnull(to);
	progress_init(&p, PROGRESS_AUTO, to, NULL);
	ck_assert_int_eq(p.mode, PROGRESS_PLAIN);
	progress_tick(&p); /* the monotonic clock works */
	fclose(to);
}
END_TEST

START_TEST(long_label)
{
	struct fixture f;
	char label[PROGRESS_LABEL_MAX + 20];

	setup(&f, PROGRESS_PLAIN);
	memset(label, 'x', sizeof(label));
	strcpy(label + sizeof(label) - 5, ":end");
	progress_item(&f.p, label, 0);
	label[0] = '\0';
	progress_item(&f.p, label, 0);
	ck_assert_ptr_nonnull(strstr(written(&f), "x:end: begun\n?: begun\n"));
	ck_assert_uint_eq(strlen(f.p.items[0].label), PROGRESS_LABEL_MAX - 1);
	teardown(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("progress");
	TCase *t = tcase_create("progress");

	tcase_add_test(t, terminal);
	tcase_add_test(t, done_clears);
	tcase_add_test(t, plain);
	tcase_add_test(t, quiet);
	tcase_add_loop_test(t, total_line, 0, (int)COUNT_OF(totals));
	tcase_add_test(t, many);
	tcase_add_loop_test(t, screen, 0, (int)COUNT_OF(screens));
	tcase_add_test(t, modes);
	tcase_add_test(t, long_label);
	suite_add_tcase(s, t);
	return test_run(s);
}
