/* The values, keys and tables of a TOML document. */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/toml_private.h"

static enum err_code want_line_end(struct toml_reader *r, struct err *err)
{
	toml_skip_blanks(r);
	if (*r->p != '\0' && *r->p != '#' && *r->p != '\r' && *r->p != '\n')
		return toml_bad(r, err, "something behind what the line says");
	return ERR_OK;
}

/* One more value. */
static enum err_code add(struct toml_reader *r, struct toml *parent, char *key, enum toml_type type,
			 struct toml **ret_value, struct err *err)
{
	if (++r->values > LIMIT_TOML_VALUES) {
		free(key);
		return err_set(err, ERR_LIMIT, "%s: line %u: more than %d values", r->what, r->line, LIMIT_TOML_VALUES);
	}
	return toml_add(parent, key, type, ret_value, err);
}

/* ---- Values ---- */

static enum err_code read_value(struct toml_reader *r, struct toml *parent, char *key, struct err *err);
static enum err_code read_pair(struct toml_reader *r, struct toml *table, struct err *err);

/* Digits of this base, single underscores between them, and nothing else. */
static bool read_digits(const char *word, size_t len, unsigned base, bool negative, int64_t *ret_value)
{
	static const char digits[] = "0123456789abcdef";
	int64_t value = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		char c = (char)(word[i] >= 'A' && word[i] <= 'F' ? word[i] + 32 : word[i]);
		const char *digit = c != '\0' ? memchr(digits, c, base) : NULL;

		if (c == '_' && i > 0 && i + 1 < len && word[i - 1] != '_')
			continue;
		if (digit == NULL || __builtin_mul_overflow(value, (int64_t)base, &value) ||
		    __builtin_add_overflow(value, (negative ? -1 : 1) * (int64_t)(digit - digits), &value))
			return false;
	}
	*ret_value = value;
	return len > 0;
}

static bool read_integer(const char *word, size_t len, int64_t *ret_value)
{
	bool sign = word[0] == '-' || word[0] == '+';

	if (len > 2 && word[0] == '0' && strchr("xob", word[1]) != NULL)
		return read_digits(word + 2, len - 2, word[1] == 'x' ? 16 : word[1] == 'o' ? 8 : 2, false, ret_value);
	if (len > 1U + sign && word[sign] == '0')
		return false;
	return read_digits(word + sign, len - sign, 10, word[0] == '-', ret_value);
}

/* true, false or a number. */
static enum err_code read_word(struct toml_reader *r, struct toml *parent, char *key, struct err *err)
{
	size_t len = strspn(r->p, TOML_BARE_KEY "+.:");
	bool yes = len == 4 && memcmp(r->p, "true", 4) == 0, no = len == 5 && memcmp(r->p, "false", 5) == 0;
	int64_t number = 0;
	struct toml *value = NULL;
	enum err_code code;

	if (!yes && !no && !read_integer(r->p, len, &number)) {
		free(key);
		if (len == 0 || strspn(r->p, "0123456789+-") == 0)
			return toml_bad(r, err, "a value is missing here, or is a text without its quotes");
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: line %u: %.*s: only integers are read here, no other numbers, dates or times",
			       r->what, r->line, (int)(len < 40 ? len : 40), r->p);
	}
	code = add(r, parent, key, yes || no ? TOML_BOOL : TOML_INTEGER, &value, err);
	if (code != ERR_OK)
		return code;
	value->flag = yes;
	value->number = number;
	r->p += len;
	return ERR_OK;
}

static enum err_code read_items(struct toml_reader *r, struct toml *array, struct err *err)
{
	enum err_code code = ERR_OK;

	for (;;) {
		toml_skip_lines(r);
		if (toml_eat(r, "]"))
			return ERR_OK;
		code = read_value(r, array, NULL, err);
		if (code != ERR_OK)
			return code;
		toml_skip_lines(r);
		if (!toml_eat(r, ",") && *r->p != ']')
			return toml_bad(r, err, "an array without its comma or end");
	}
}

/* On one line, and without a comma before the end. */
static enum err_code read_members(struct toml_reader *r, struct toml *table, struct err *err)
{
	enum err_code code = ERR_OK;

	toml_skip_blanks(r);
	if (toml_eat(r, "}"))
		return ERR_OK;
	for (;;) {
		code = read_pair(r, table, err);
		if (code != ERR_OK)
			return code;
		toml_skip_blanks(r);
		if (toml_eat(r, "}"))
			return ERR_OK;
		if (!toml_eat(r, ","))
			return toml_bad(r, err, "a table in braces without its comma or end");
		toml_skip_blanks(r);
	}
}

/* Everything in braces is closed once they are: no header and no dotted key adds to it. */
static void close_tables(struct toml *table)
{
	struct toml *child;

	table->origin = TOML_INLINE;
	for (child = table->first; child != NULL; child = child->next) {
		if (child->type == TOML_TABLE)
			close_tables(child);
	}
}

static enum err_code read_nested(struct toml_reader *r, struct toml *parent, char *key, struct err *err)
{
	bool array = *r->p == '[';
	struct toml *value = NULL;
	enum err_code code = add(r, parent, key, array ? TOML_ARRAY : TOML_TABLE, &value, err);

	if (code != ERR_OK)
		return code;
	if (++r->depth > LIMIT_TOML_DEPTH)
		return err_set(err, ERR_LIMIT, "%s: line %u: nested deeper than %d levels", r->what, r->line,
			       LIMIT_TOML_DEPTH);
	r->p++;
	code = array ? read_items(r, value, err) : read_members(r, value, err);
	r->depth--;
	close_tables(value);
	return code;
}

/* A value of parent, under a key that becomes its own. */
static enum err_code read_value(struct toml_reader *r, struct toml *parent, char *key, struct err *err)
{
	struct toml *value = NULL;
	enum err_code code;

	if (*r->p == '[' || *r->p == '{')
		return read_nested(r, parent, key, err);
	if (*r->p != '"' && *r->p != '\'')
		return read_word(r, parent, key, err);
	code = add(r, parent, key, TOML_STRING, &value, err);
	return code == ERR_OK ? toml_read_string(r, true, &value->text, err) : code;
}

/* ---- Keys and tables ---- */

static enum err_code read_key(struct toml_reader *r, char **ret_key, struct err *err)
{
	size_t len = strspn(r->p, TOML_BARE_KEY);
	enum err_code code;

	if (*r->p == '"' || *r->p == '\'')
		return toml_read_string(r, false, ret_key, err);
	if (len == 0)
		return toml_bad(r, err, "a key is missing here");
	if (len > LIMIT_TEXT_BYTES)
		return err_set(err, ERR_LIMIT, "%s: line %u: a key of more than %d bytes", r->what, r->line,
			       LIMIT_TEXT_BYTES);
	code = str_format(ret_key, err, "%.*s", (int)len, r->p);
	r->p += code == ERR_OK ? len : 0;
	return code;
}

/* The table that a key on the way names: it is made where it is missing.  Of an array of tables it is the last. */
static enum err_code step(struct toml_reader *r, struct toml **table, char *key, enum toml_origin origin,
			  struct err *err)
{
	struct toml *next = toml_find(*table, key);
	enum err_code code = ERR_OK;

	if (next == NULL) {
		code = add(r, *table, key, TOML_TABLE, &next, err);
		if (code != ERR_OK)
			return code;
		next->origin = origin;
		*table = next;
		return ERR_OK;
	}
	free(key);
	if (next->type == TOML_ARRAY && next->origin != TOML_INLINE && origin == TOML_IMPLIED)
		next = next->last;
	if (next->type != TOML_TABLE || next->origin == TOML_INLINE ||
	    (origin == TOML_DOTTED && next->origin != TOML_DOTTED))
		return toml_bad(r, err, "a key leads into something that has been given already");
	*table = next;
	return ERR_OK;
}

/* a.b.c: walks to the table of the last key, and gives that key. */
static enum err_code read_path(struct toml_reader *r, struct toml **table, enum toml_origin origin, char **ret_last,
			       struct err *err)
{
	unsigned levels = 0;
	char *key = NULL;
	enum err_code code = read_key(r, &key, err);

	for (;;) {
		toml_skip_blanks(r);
		if (code != ERR_OK || !toml_eat(r, "."))
			break;
		if (++levels + r->depth > LIMIT_TOML_DEPTH) {
			free(key);
			return err_set(err, ERR_LIMIT, "%s: line %u: nested deeper than %d levels", r->what, r->line,
				       LIMIT_TOML_DEPTH);
		}
		code = step(r, table, key, origin, err);
		toml_skip_blanks(r);
		if (code == ERR_OK)
			code = read_key(r, &key, err);
	}
	if (code == ERR_OK)
		*ret_last = key;
	return code;
}

static enum err_code read_pair(struct toml_reader *r, struct toml *table, struct err *err)
{
	char *key = NULL;
	enum err_code code = read_path(r, &table, TOML_DOTTED, &key, err);

	if (code != ERR_OK)
		return code;
	if (!toml_eat(r, "=") || toml_find(table, key) != NULL) {
		code = toml_bad(r, err,
				toml_find(table, key) != NULL ? "a key that has been given already"
							      : "a key without = and a value");
		free(key);
		return code;
	}
	toml_skip_blanks(r);
	return read_value(r, table, key, err);
}

/* [[a.b]]: one more table in an array of them. */
static enum err_code open_item(struct toml_reader *r, struct toml *parent, char *key, struct toml **ret_table,
			       struct err *err)
{
	struct toml *array = toml_find(parent, key);
	enum err_code code = ERR_OK;

	if (array == NULL) {
		code = add(r, parent, key, TOML_ARRAY, &array, err);
		key = NULL;
	}
	free(key);
	if (code != ERR_OK)
		return code;
	if (array->type != TOML_ARRAY || array->origin == TOML_INLINE)
		return toml_bad(r, err, "an array of tables under a name that has been given already");
	code = add(r, array, NULL, TOML_TABLE, ret_table, err);
	if (code == ERR_OK)
		(*ret_table)->origin = TOML_HEADER;
	return code;
}

static enum err_code open_table(struct toml_reader *r, struct toml *parent, char *key, struct toml **ret_table,
				struct err *err)
{
	struct toml *table = toml_find(parent, key);
	enum err_code code = ERR_OK;

	if (table == NULL) {
		code = add(r, parent, key, TOML_TABLE, &table, err);
		key = NULL;
	} else if (table->type != TOML_TABLE || table->origin != TOML_IMPLIED) {
		code = toml_bad(r, err, "a table that has been given already");
	}
	free(key);
	if (code != ERR_OK)
		return code;
	table->origin = TOML_HEADER;
	*ret_table = table;
	return ERR_OK;
}

static enum err_code read_header(struct toml_reader *r, struct toml *root, struct toml **ret_table, struct err *err)
{
	struct toml *parent = root;
	bool array = toml_eat(r, "[[") || !toml_eat(r, "[");
	char *key = NULL;
	enum err_code code;

	toml_skip_blanks(r);
	code = read_path(r, &parent, TOML_IMPLIED, &key, err);
	if (code != ERR_OK)
		return code;
	if (!toml_eat(r, array ? "]]" : "]")) {
		free(key);
		return toml_bad(r, err, "a table's name without its closing bracket");
	}
	return array ? open_item(r, parent, key, ret_table, err) : open_table(r, parent, key, ret_table, err);
}

static enum err_code read_document(struct toml_reader *r, struct toml *root, struct err *err)
{
	struct toml *table = root;
	enum err_code code = ERR_OK;

	for (toml_skip_lines(r); code == ERR_OK && *r->p != '\0'; toml_skip_lines(r)) {
		code = *r->p == '[' ? read_header(r, root, &table, err) : read_pair(r, table, err);
		if (code == ERR_OK)
			code = want_line_end(r, err);
	}
	return code;
}

enum err_code toml_read(const char *text, size_t len, const char *what, struct toml **ret_table, struct err *err)
{
	CLEANUP(toml_free_ptr) struct toml *root = calloc(1, sizeof(*root));
	struct toml_reader r = { .p = text, .line = 1, .what = what };
	enum err_code code;

	if (root == NULL)
		return err_nomem(err);
	root->type = TOML_TABLE;
	code = toml_check_text(&r, text, len, err);
	if (code == ERR_OK)
		code = read_document(&r, root, err);
	if (code == ERR_OK)
		*ret_table = take_ptr(&root);
	return code;
}
