#include "common/progress.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/text.h"

#define RATE_MS 500    /* a measure of speed takes at least so long */
#define COLUMNS_MIN 20 /* a label takes at least so many; narrower terminals show the total alone */
#define COLUMNS_DEFAULT 80
#define ROWS_DEFAULT 24
#define LINE_MAX_BYTES 160

/* ECMA-48: up by %zu lines; erase to the end of the line; erase to the end of the screen. */
#define TERM_UP "\r\033[%zuA"
#define TERM_ERASE_LINE "\033[K"
#define TERM_ERASE_BELOW "\033[J"

static uint64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static enum progress_mode find_mode(FILE *to)
{
	const char *term = getenv("TERM");
	bool smart = term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;

	return smart && isatty(fileno(to)) ? PROGRESS_TERMINAL : PROGRESS_PLAIN;
}

void progress_init(struct progress *p, enum progress_mode mode, FILE *to, progress_clock *clock)
{
	*p = (struct progress){
		.mode = mode == PROGRESS_AUTO ? find_mode(to) : mode,
		.to = to,
		.clock = clock != NULL ? clock : monotonic_ms,
	};
	p->drawn_ms = p->rate_ms = p->clock();
}

static unsigned percent(uint64_t done, uint64_t total)
{
	return done >= total ? 100 : (unsigned)((double)done * 100 / (double)total);
}

/* "412.0 MB / 1.2 GB  34 %", without what is unknown. */
static void put_amount(char *out, size_t size, uint64_t done, uint64_t total)
{
	char done_text[TEXT_SIZE_MAX], total_text[TEXT_SIZE_MAX];

	text_size(done, done_text);
	if (total == 0)
		snprintf(out, size, "%s", done_text);
	else
		snprintf(out, size, "%s / %s  %u %%", done_text, text_size(total, total_text), percent(done, total));
}

static void put_time_left(char *out, size_t size, double seconds)
{
	uint64_t s = seconds < 360000 ? (uint64_t)(seconds + 0.5) : 360000;

	if (s >= 360000)
		snprintf(out, size, "more than 100 h left");
	else if (s >= 3600)
		snprintf(out, size, "%" PRIu64 " h %" PRIu64 " min left", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		snprintf(out, size, "%" PRIu64 " min %" PRIu64 " s left", s / 60, s % 60);
	else
		snprintf(out, size, "%" PRIu64 " s left", s);
}

/* Take the speed since the last measure into account, the recent past counting more than the distant. */
static void measure(struct progress *p, uint64_t now_ms)
{
	uint64_t took_ms = now_ms - p->rate_ms;
	double rate;

	if (took_ms < RATE_MS)
		return;
	rate = (double)(p->done_bytes - p->rate_done_bytes) * 1000 / (double)took_ms;
	p->rate = p->rate > 0 ? p->rate * 0.7 + rate * 0.3 : rate;
	p->rate_ms = now_ms;
	p->rate_done_bytes = p->done_bytes;
}

/* "412.0 MB / 1.2 GB  34 %  85.1 MB/s  9 s left" */
static void put_total(const struct progress *p, char *out, size_t size)
{
	char speed[TEXT_SIZE_MAX];
	size_t len;

	put_amount(out, size, p->done_bytes, p->total_bytes);
	if (p->rate < 1)
		return;
	len = strlen(out);
	snprintf(out + len, size - len, "  %s/s", text_size((uint64_t)p->rate, speed));
	if (p->total_bytes <= p->done_bytes)
		return;
	len = strlen(out);
	snprintf(out + len, size - len, "  ");
	put_time_left(out + len + 2, size - len - 2, (double)(p->total_bytes - p->done_bytes) / p->rate);
}

/* Columns of the character that starts at this byte: CJK and beyond take two, continuations none. */
static size_t columns_of(unsigned char byte)
{
	if ((byte & 0xc0) == 0x80)
		return 0;
	return byte >= 0xe3 ? 2 : 1;
}

static size_t columns(const char *text)
{
	size_t count = 0;

	while (*text != '\0')
		count += columns_of((unsigned char)*text++);
	return count;
}

/* The end of a label, which tells images apart, as far as it fits. */
static const char *tail(const char *label, size_t room)
{
	size_t over = columns(label), cut = 0;

	if (over <= room)
		return label;
	over -= room - 1; /* one column for the ellipsis */
	while (*label != '\0' && (cut < over || columns_of((unsigned char)*label) == 0))
		cut += columns_of((unsigned char)*label++);
	return label;
}

/* One line: a label filled up with blanks, and an amount on the right if there is room for both. */
static void add_line(struct buf *frame, size_t width, const char *label, const char *right)
{
	size_t right_columns = columns(right) + 2; /* two blanks between */
	bool both = width > right_columns + COLUMNS_MIN;
	size_t room = width - 2 - (both ? right_columns : 0);
	const char *shown = tail(label, room);
	bool cut = shown != label;
	size_t pad = room - columns(shown) - cut;

	buf_printf(frame, NULL, "  %s%s%*s%s" TERM_ERASE_LINE "\n", cut ? "…" : "", shown, both ? (int)pad + 2 : 0, "",
		   both ? right : "");
}

static void add_items(const struct progress *p, struct buf *frame, size_t width, size_t most, size_t *ret_lines)
{
	size_t shown = 0, more = p->hidden, i;

	for (i = 0; i < PROGRESS_ITEMS; i++) {
		const struct progress_item *item = &p->items[i];
		char amount[LINE_MAX_BYTES];

		if (item->label[0] == '\0')
			continue;
		if (shown >= most) {
			more++;
			continue;
		}
		put_amount(amount, sizeof(amount), item->done_bytes, item->total_bytes);
		add_line(frame, width, item->label, amount);
		shown++;
	}
	if (more > 0)
		buf_printf(frame, NULL, "  … and %zu more" TERM_ERASE_LINE "\n", more);
	*ret_lines = shown + (more > 0);
}

static void add_up(struct buf *frame, size_t lines)
{
	if (lines > 0)
		buf_printf(frame, NULL, TERM_UP, lines);
}

static void find_size(const struct progress *p, size_t *ret_columns, size_t *ret_rows)
{
	struct winsize size = { 0 };
	bool known = ioctl(fileno(p->to), TIOCGWINSZ, &size) == 0;

	*ret_columns = known && size.ws_col > 0 ? size.ws_col : COLUMNS_DEFAULT;
	*ret_rows = known && size.ws_row > 0 ? size.ws_row : ROWS_DEFAULT;
}

/* All in one write, so that nothing flickers; lower than the screen, so that the cursor finds back. */
static void draw(struct progress *p)
{
	char total[LINE_MAX_BYTES];
	struct buf frame;
	size_t width, rows, most, lines = 0;

	buf_init(&frame, 64 * KIB);
	find_size(p, &width, &rows);
	width -= width > 3; /* the last column may break the line */
	most = rows > 3 ? rows - 3 : 0;
	add_up(&frame, p->lines);
	if (width >= COLUMNS_MIN)
		add_items(p, &frame, width, most > PROGRESS_LINES ? PROGRESS_LINES : most, &lines);
	put_total(p, total, sizeof(total));
	buf_printf(&frame, NULL, "  %.*s" TERM_ERASE_LINE "\n" TERM_ERASE_BELOW, (int)width - 2, total);
	fwrite(buf_text(&frame), 1, frame.len, p->to);
	fflush(p->to);
	buf_release(&frame);
	p->lines = lines + 1;
}

static void clear(struct progress *p)
{
	if (p->lines > 0)
		fprintf(p->to, TERM_UP TERM_ERASE_BELOW, p->lines);
	p->lines = 0;
}

static void print_total(struct progress *p)
{
	char total[LINE_MAX_BYTES];

	put_total(p, total, sizeof(total));
	fprintf(p->to, "%s\n", total);
}

void progress_tick(struct progress *p)
{
	uint64_t now_ms = p->clock(), since_ms = now_ms - p->drawn_ms;

	if (p->finished || p->mode == PROGRESS_QUIET)
		return;
	if (since_ms < (p->mode == PROGRESS_TERMINAL ? PROGRESS_DRAW_MS : PROGRESS_PLAIN_MS))
		return;
	p->drawn_ms = now_ms;
	measure(p, now_ms);
	if (p->mode == PROGRESS_TERMINAL)
		draw(p);
	else
		print_total(p);
}

void progress_total(struct progress *p, uint64_t total_bytes)
{
	p->total_bytes = total_bytes;
	progress_tick(p);
}

static void set_label(struct progress_item *item, const char *label)
{
	size_t len = strlen(label);

	if (len >= PROGRESS_LABEL_MAX)
		label += len - (PROGRESS_LABEL_MAX - 1);
	snprintf(item->label, PROGRESS_LABEL_MAX, "%s", len > 0 ? label : "?");
	text_clean(item->label);
}

size_t progress_item(struct progress *p, const char *label, uint64_t total_bytes)
{
	char size[TEXT_SIZE_MAX];
	size_t id = 0;

	while (id < PROGRESS_ITEMS && p->items[id].label[0] != '\0')
		id++;
	if (id == PROGRESS_ITEMS) {
		p->hidden++;
		return PROGRESS_NONE;
	}
	p->items[id] = (struct progress_item){ .total_bytes = total_bytes };
	set_label(&p->items[id], label);
	if (p->mode == PROGRESS_PLAIN && total_bytes > 0)
		fprintf(p->to, "%s: %s to go\n", p->items[id].label, text_size(total_bytes, size));
	else if (p->mode == PROGRESS_PLAIN)
		fprintf(p->to, "%s: begun\n", p->items[id].label);
	progress_tick(p);
	return id;
}

void progress_advance(struct progress *p, size_t id, uint64_t bytes)
{
	p->done_bytes += bytes;
	if (id < PROGRESS_ITEMS)
		p->items[id].done_bytes += bytes;
	progress_tick(p);
}

void progress_end(struct progress *p, size_t id)
{
	char size[TEXT_SIZE_MAX];

	if (id >= PROGRESS_ITEMS) {
		p->hidden -= p->hidden > 0;
		return;
	}
	assert(p->items[id].label[0] != '\0'); /* caller bug: ended twice */
	if (p->mode == PROGRESS_PLAIN)
		fprintf(p->to, "%s: %s done\n", p->items[id].label, text_size(p->items[id].done_bytes, size));
	p->items[id].label[0] = '\0';
	progress_tick(p);
}

__attribute__((format(printf, 2, 0))) static void print_line(struct progress *p, const char *fmt, va_list args)
{
	char line[ERR_MSG_MAX];

	vsnprintf(line, sizeof(line), fmt, args);
	text_clean(line);
	clear(p);
	fprintf(p->to, "%s\n", line);
	fflush(p->to);
	progress_tick(p); /* what was cleared comes back when it is time, however many lines there are */
}

void progress_note(struct progress *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_line(p, fmt, args);
	va_end(args);
}

void progress_remark(struct progress *p, const char *fmt, ...)
{
	va_list args;

	if (p->mode == PROGRESS_QUIET)
		return;
	va_start(args, fmt);
	print_line(p, fmt, args);
	va_end(args);
}

void progress_done(struct progress *p)
{
	if (p->finished)
		return;
	clear(p);
	if (p->mode == PROGRESS_PLAIN && p->done_bytes > 0) {
		measure(p, p->clock());
		print_total(p);
	}
	fflush(p->to);
	p->finished = true;
}
