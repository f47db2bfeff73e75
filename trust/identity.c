#include "trust/identity.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

#define FLAGS (REG_EXTENDED | REG_NOSUB)

struct trust_text_rule {
	char *text; /* owned: as given */
	bool is_pattern;
	regex_t regex;
};

static void rule_free(struct trust_text_rule *rule)
{
	if (rule == NULL)
		return;
	if (rule->is_pattern)
		regfree(&rule->regex);
	free(rule->text);
	free(rule);
}

static void rule_free_ptr(struct trust_text_rule **rule)
{
	rule_free(*rule);
}

/* What another language means by it, and POSIX does not. */
static enum err_code check_dialect(const char *pattern, struct err *err)
{
	const char *p;

	if (strstr(pattern, "(?") != NULL)
		return err_set(err, ERR_FORMAT,
			       "\"%.200s\": (?…) is not known in POSIX extended regular expressions: write it without",
			       pattern);
	for (p = pattern; *p != '\0'; p++) {
		if (*p == '\\' && isalnum((unsigned char)p[1]))
			return err_set(err, ERR_FORMAT,
				       "\"%.200s\": \\%c is not known in POSIX extended regular expressions: write a "
				       "class, as [0-9] or [[:alnum:]_]",
				       pattern, p[1]);
		if (*p == '\\' && p[1] != '\0')
			p++;
	}
	return ERR_OK;
}

/* The end of a class, as [:alpha:], that begins after a "["; else where it was. */
static const char *class_end(const char *p)
{
	const char mark[] = { p[1], ']', '\0' }, *end = NULL;

	if (p[1] == ':' || p[1] == '.' || p[1] == '=')
		end = strstr(p + 2, mark);
	return end != NULL ? end + 1 : p;
}

/* The end of what is in brackets; where there is none, the end of the text. */
static const char *bracket_end(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	for (p += *p == ']'; *p != '\0' && *p != ']'; p++) {
		if (*p == '[')
			p = class_end(p);
	}
	return p;
}

/* Of {n}, {m,} or {m,n} the larger number, at most just too large; and its end. */
static size_t read_times(const char **p)
{
	size_t n = 0, max = 1;

	for (; (*p)[1] == ',' || isdigit((unsigned char)(*p)[1]); (*p)++) {
		n = (*p)[1] == ',' ? 0 : n * 10 + (size_t)((*p)[1] - '0');
		if (n > LIMIT_REGEX_COPIES + 1)
			n = LIMIT_REGEX_COPIES + 2;
		max = n > max ? n : max;
	}
	*p += (*p)[1] == '}';
	return max;
}

/* regcomp writes {m,n} out, and takes memory by the square of what comes of it. */
static enum err_code check_copies(const char *pattern, struct err *err)
{
	size_t lens[LIMIT_TEXT_BYTES + 1] = { 0 }; /* of the groups that are open */
	size_t depth = 0, last = 0, copies = 0, more;
	const char *p;

	for (p = pattern; *p != '\0' && copies <= LIMIT_REGEX_COPIES; p += *p != '\0') {
		if (*p == '{') {
			more = last * (read_times(&p) - 1);
			copies += more;
			lens[depth] += more;
			last += more;
		} else if (*p == '(') {
			lens[++depth] = 0;
		} else if (*p == ')' && depth > 0) {
			last = lens[depth] + 1;
			lens[--depth] += last;
		} else if (strchr("*+?", *p) == NULL) {
			last = 1;
			lens[depth]++;
			p = *p == '[' ? bracket_end(p) : p + (*p == '\\');
		}
	}
	if (copies <= LIMIT_REGEX_COPIES)
		return ERR_OK;
	return err_set(err, ERR_LIMIT,
		       "\"%.200s\": with what is in braces written out it is more than %d characters longer: repeat "
		       "less, or with * and +",
		       pattern, LIMIT_REGEX_COPIES);
}

static int check_pattern(const char *pattern)
{
	regex_t regex;
	int failed = regcomp(&regex, pattern, FLAGS);

	if (failed == 0)
		regfree(&regex);
	return failed;
}

/* As a pattern for the whole text.  A ")" too many is a letter to glibc, but here it would end what is opened in front,
 * and free the text behind it. */
static enum err_code compile(struct trust_text_rule *rule, struct err *err)
{
	CLEANUP(free_ptr) char *opened = NULL;
	CLEANUP(free_ptr) char *whole = NULL;
	char why[128];
	int failed;
	enum err_code code = check_dialect(rule->text, err);

	if (code == ERR_OK)
		code = check_copies(rule->text, err);
	if (code == ERR_OK)
		code = str_format(&opened, err, "^(%s", rule->text);
	if (code == ERR_OK)
		code = str_format(&whole, err, "%s)$", opened);
	if (code != ERR_OK)
		return code;
	failed = check_pattern(rule->text); /* by itself: ")(" is no pattern */
	if (failed == 0 && check_pattern(opened) == 0)
		return err_set(err, ERR_FORMAT, "\"%.200s\" is no regular expression: Unmatched )", rule->text);
	if (failed == 0)
		failed = regcomp(&rule->regex, whole, FLAGS);
	if (failed != 0) {
		regerror(failed, NULL, why, sizeof(why));
		return err_set(err, ERR_FORMAT, "\"%.200s\" is no regular expression: %s", rule->text, why);
	}
	rule->is_pattern = true;
	return ERR_OK;
}

static enum err_code rule_new(const char *text, const char *pattern, struct trust_text_rule **ret_rule, struct err *err)
{
	CLEANUP(rule_free_ptr) struct trust_text_rule *rule = NULL;
	const char *given = text != NULL ? text : pattern;
	enum err_code code;

	if (given == NULL)
		return ERR_OK;
	if (*given == '\0')
		return err_set(err, ERR_FORMAT, "an empty identity or issuer matches nobody");
	if (strlen(given) > LIMIT_TEXT_BYTES)
		return err_set(err, ERR_LIMIT, "an identity or issuer of more than %d bytes", LIMIT_TEXT_BYTES);
	rule = calloc(1, sizeof(*rule));
	if (rule == NULL)
		return err_nomem(err);
	code = str_copy(given, &rule->text, err);
	if (code == ERR_OK && text == NULL)
		code = compile(rule, err);
	if (code == ERR_OK)
		*ret_rule = take_ptr(&rule);
	return code;
}

enum err_code trust_identity_init(const char *identity, const char *identity_regexp, const char *issuer,
				  const char *issuer_regexp, struct trust_identity *ret_rule, struct err *err)
{
	CLEANUP(trust_identity_release) struct trust_identity rule = { 0 };
	enum err_code code = rule_new(identity, identity_regexp, &rule.identity, err);

	if (code == ERR_OK)
		code = rule_new(issuer, issuer_regexp, &rule.issuer, err);
	if (code == ERR_OK) {
		*ret_rule = rule;
		rule = (struct trust_identity){ 0 };
	}
	return code;
}

/* A pattern that stands for the beginning alone is what users of cosign may have written. */
static const char *kind_of(const struct trust_text_rule *rule)
{
	return rule != NULL && rule->is_pattern ? ", a pattern for the whole text" : "";
}

static bool matches(const struct trust_text_rule *rule, const char *text)
{
	if (rule == NULL)
		return true;
	if (strlen(text) > LIMIT_TEXT_BYTES || strchr(text, '\n') != NULL)
		return false;
	if (!rule->is_pattern)
		return strcmp(rule->text, text) == 0;
	return regexec(&rule->regex, text, 0, NULL, 0) == 0;
}

enum err_code trust_identity_match(const struct trust_identity *rule, char *const *names, size_t names_len,
				   const char *issuer, struct err *err)
{
	size_t i;

	for (i = 0; i < names_len && !matches(rule->identity, names[i]); i++)
		;
	if (i == names_len)
		return err_set(err, ERR_UNPROVED, "signed by %.300s, and wanted is %.300s%s",
			       names_len > 0 ? names[0] : "nobody",
			       rule->identity != NULL ? rule->identity->text : "somebody", kind_of(rule->identity));
	if (!matches(rule->issuer, issuer))
		return err_set(err, ERR_UNPROVED, "%.300s vouches for the signer, and wanted is %.300s%s", issuer,
			       rule->issuer->text, kind_of(rule->issuer));
	return ERR_OK;
}

enum err_code trust_identity_text(const struct trust_identity *rule, char **ret_text, struct err *err)
{
	return str_format(ret_text, err, "%s by %s", rule->identity != NULL ? rule->identity->text : "anybody",
			  rule->issuer != NULL ? rule->issuer->text : "any issuer");
}

void trust_identity_release(struct trust_identity *rule)
{
	rule_free(rule->identity);
	rule_free(rule->issuer);
	*rule = (struct trust_identity){ 0 };
}
