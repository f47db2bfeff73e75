/* bundle trust: the command. */
#include <stdio.h>
#include <string.h>

#include "bundles/commands.h"
#include "bundles/site_change.h"
#include "bundles/site_list.h"
#include "common/js.h"
#include "common/mem.h"
#include "common/report.h"
#include "trust/fingerprint.h"
#include "trust/site.h"

struct options {
	const char *name;
	struct opt_list scopes;
	bool policy, revoked, replace, json;
};

static const struct opt opts[] = {
	{ "name", 'n', "NAME", "of add and revoke: what to call it; else it is called as its file", 0,
	  OPT_SETS(struct options, name) },
	{ "scope", 's', "PATTERN", "of add: names for which the key speaks, as in registry.acme.example/*", 0,
	  OPT_SETS(struct options, scopes) },
	{ "policy", '\0', NULL, "of add and remove: the policy that every image must pass", 0,
	  OPT_SETS(struct options, policy) },
	{ "replace", '\0', NULL, "of add: put it in place of what has the name, or give the key another scope", 0,
	  OPT_SETS(struct options, replace) },
	{ "revoked", '\0', NULL, "of remove: take a revocation back", 0, OPT_SETS(struct options, revoked) },
	{ "json", '\0', NULL, "print the result as one JSON document", 0, OPT_SETS(struct options, json) },
};

struct job {
	const struct options *options;
	const char *what; /* the operand behind the verb; NULL where there is none */
};

/* The fingerprint of a key, else the digest; "" where it was not looked at. */
static enum err_code value_of(const struct site_done *done, char out[DIGEST_TEXT_SIZE], struct err *err)
{
	char text[FINGERPRINT_TEXT_MAX] = "";
	enum err_code code = ERR_OK;

	if (done->is_key && done->digest.text[0] != '\0')
		code = fingerprint_text(&done->digest, text, err);
	snprintf(out, DIGEST_TEXT_SIZE, "%s", done->is_key ? text : done->digest.text);
	return code;
}

static enum err_code report(const struct job *j, const char *verb, const struct site_done *done, struct err *err)
{
	char value[DIGEST_TEXT_SIZE];
	struct js_out o;
	enum err_code code = value_of(done, value, err);

	if (code != ERR_OK)
		return code;
	if (!j->options->json) {
		printf("%s: %s%s%s%s", done->path, done->was_so ? "was there already" : verb,
		       value[0] != '\0' ? (done->is_key ? ": key " : ": ") : "", value,
		       done->scope != NULL ? ", for " : "");
		printf("%s\n", done->scope != NULL ? done->scope : "");
		return ERR_OK;
	}
	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "file", done->path);
	js_member(&o, "done", done->was_so ? "nothing" : verb);
	js_member(&o, done->is_key ? "fingerprint" : "digest", value[0] != '\0' ? value : NULL);
	js_member(&o, "scope", done->scope);
	js_end(&o, '}');
	return js_end_document(&o, err);
}

static enum err_code list(struct job *j, struct err *err)
{
	return site_show(j->options->json, err);
}

static enum err_code add_policy(struct job *j, struct err *err)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	enum err_code code = site_add_policy(j->what, j->options->replace, &done, err);

	if (code == ERR_OK && done.notes != NULL)
		fprintf(stderr, "%s trust: what the policy says is well formed, but:\n%s", OPT_PROGRAM, done.notes);
	return code == ERR_OK ? report(j, "added", &done, err) : code;
}

static enum err_code add(struct job *j, struct err *err)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	const struct site_wish wish = {
		.name = j->options->name,
		.scopes = &j->options->scopes,
		.replace = j->options->replace,
	};
	enum err_code code;

	if (j->options->policy)
		return add_policy(j, err);
	code = site_add_key(j->what, &wish, &done, err);

	if (code == ERR_OK && done.is_left == 1 && !done.was_so)
		fprintf(stderr, "%s trust: this is the first key: from now on a bundle must be sealed by it here\n",
			OPT_PROGRAM);
	return code == ERR_OK ? report(j, "added", &done, err) : code;
}

static enum err_code take_policy_away(struct job *j, struct err *err)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	enum err_code code = site_remove_policy(&done, err);

	if (code == ERR_OK)
		fprintf(stderr, "warning: no policy is left: only what --policy names judges images now\n");
	return code == ERR_OK ? report(j, "removed", &done, err) : code;
}

static enum err_code take_away(struct job *j, struct err *err)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	bool revoked = j->options->revoked;
	enum err_code code;

	if (j->options->policy)
		return take_policy_away(j, err);
	code = revoked ? site_unrevoke(j->what, &done, err) : site_remove_key(j->what, &done, err);

	if (code == ERR_OK && !revoked && done.is_left == 0)
		fprintf(stderr, "warning: no key is left: bundles are taken here now, whoever sealed them or nobody\n");
	return code == ERR_OK ? report(j, "removed", &done, err) : code;
}

static enum err_code revoke(struct job *j, struct err *err)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	enum err_code code = site_revoke(j->what, j->options->name, &done, err);

	return code == ERR_OK ? report(j, "revoked", &done, err) : code;
}

static const struct {
	const char *name, *operand; /* NULL: it takes none */
	bool names, scopes, policy, revoked;
	enum err_code (*run)(struct job *j, struct err *err);
} verbs[] = {
	{ "list", NULL, false, false, false, false, list },
	{ "add", "KEY, a file with a public key", true, true, true, false, add },
	{ "remove", "NAME, of a key or a revocation", false, false, true, true, take_away },
	{ "revoke", "KEY or DIGEST", true, false, false, false, revoke },
};

static enum err_code check_options(const struct options *options, size_t verb, struct err *err)
{
	if (options->name != NULL && (!verbs[verb].names || options->policy))
		return err_set(err, ERR_USAGE, "--name is for add and revoke, and not of a policy");
	if (options->scopes.len > 0 && (!verbs[verb].scopes || options->policy))
		return err_set(err, ERR_USAGE, "--scope is for add, of a key");
	if (options->replace && !verbs[verb].scopes)
		return err_set(err, ERR_USAGE, "--replace is for add");
	if (options->policy && !verbs[verb].policy)
		return err_set(err, ERR_USAGE, "--policy is for add and remove");
	if (options->revoked && (!verbs[verb].revoked || options->policy))
		return err_set(err, ERR_USAGE,
			       "--revoked is for remove, of a revocation; to revoke something is a verb of its own");
	return ERR_OK;
}

static enum err_code check_verb(const struct options *options, const struct opt_list *operands, size_t *ret_verb,
				struct err *err)
{
	const char *verb = operands->items[0];
	bool needed;
	size_t i;
	enum err_code code;

	for (i = 0; i < COUNT_OF(verbs) && strcmp(verbs[i].name, verb) != 0; i++)
		;
	if (i == COUNT_OF(verbs))
		return err_set(err, ERR_USAGE, "\"%.100s\": list, add, remove or revoke?", verb);
	needed = verbs[i].operand != NULL && !(options->policy && verbs[i].run == take_away);
	if (needed && operands->len < 2)
		return err_set(err, ERR_USAGE, "%s: missing: %s", verb, verbs[i].operand);
	if (!needed && operands->len > 1)
		return err_set(err, ERR_USAGE, "%s takes nothing, and \"%.100s\" is something",
			       options->policy ? "remove --policy" : verb, operands->items[1]);
	code = check_options(options, i, err);
	if (code != ERR_OK)
		return code;
	*ret_verb = i;
	return ERR_OK;
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	struct job j = { .options = options, .what = operands->len > 1 ? operands->items[1] : NULL };
	struct err err = { 0 };
	size_t verb = 0;
	enum err_code code = check_verb(options, operands, &verb, &err);

	if (code == ERR_OK)
		code = verbs[verb].run(&j, &err);
	return report_end(c, options->json, code, &err);
}

const struct command trust_command = {
	.name = "trust",
	.synopsis = "list|add|remove|revoke [option]... [KEY|POLICY|NAME|DIGEST]",
	.summary = "say whose seals count at this site, and what never does",
	.text = "list shows the keys of this machine with the names for which each speaks, its policy, and what is "
		"revoked. add puts a public key there, or with --policy a policy; remove takes one away, with "
		"--revoked a revocation; revoke makes a key or a digest count never, whatever else says yes.\n"
		"A key without --scope speaks for all names. Once there is a key, bundles must be sealed.",
	.operand = "list, add, remove or revoke",
	.args_min = 1,
	.args_max = 2,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3),
	.footer = "All of it lies in " SITE_FOLDER " and can be written by hand too.",
	.run = run,
};
