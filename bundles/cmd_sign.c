/* bundle sign: the command. */
#include <stdio.h>
#include <string.h>

#include "bundles/commands.h"
#include "bundles/reader.h"
#include "bundles/seal.h"
#include "bundles/seal_passphrase.h"
#include "bundles/sealing.h"
#include "common/apart.h"
#include "common/base64.h"
#include "common/file.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/report.h"
#include "common/text.h"

#define BLANKS " \t\r\n"

struct options {
	const char *key, *attach, *detached, *passphrase_fd;
	bool json;
};

static const struct opt opts[] = {
	{ "key", 'k', "KEY", "the private key that signs, in PEM; with --attach the public key that checks", 0,
	  OPT_SETS(struct options, key) },
	{ "attach", '\0', "SIG", "take a signature made elsewhere over what bundle cat FILE description prints", 0,
	  OPT_SETS(struct options, attach) },
	{ "detached", '\0', "OUT", "write the seal to OUT, - for standard output, and leave FILE as it is", 0,
	  OPT_SETS(struct options, detached) },
	{ "passphrase-fd", '\0', "N", "read the passphrase of KEY from file descriptor N, not from the terminal", 0,
	  OPT_SETS(struct options, passphrase_fd) },
	{ "json", '\0', NULL, "print what was done as one JSON document", 0, OPT_SETS(struct options, json) },
};

struct signing {
	struct bundle *bundle;
	struct buf description; /* what is signed */
	struct buf text;        /* of the seal */
	struct seal seal;
	size_t slot;
};

static void signing_release(struct signing *s)
{
	buf_release(&s->description);
	buf_release(&s->text);
	bundle_close(s->bundle);
}

static enum err_code sign_by_key(const struct options *options, struct signing *s, struct err *err)
{
	CLEANUP(seal_key_free_ptr) struct seal_key *key = NULL;
	int fd = -1;
	enum err_code code = passphrase_fd(options->passphrase_fd, &fd, err);

	if (code == ERR_OK)
		code = seal_key_read_private(options->key, fd, &key, err);
	if (code == ERR_OK)
		code = seal_sign(key, s->description.data, s->description.len, &s->seal, err);
	return code == ERR_OK ? seal_write(&s->seal, &s->text, err) : code;
}

/* Cut blanks off at both ends, so that a text can begin a slot. */
static void trim(struct buf *b)
{
	size_t blanks = strspn(buf_text(b), BLANKS);

	while (b->len > blanks && strchr(BLANKS, b->data[b->len - 1]) != NULL)
		b->len--;
	b->len -= blanks;
	if (b->data == NULL)
		return;
	memmove(b->data, b->data + blanks, b->len);
	b->data[b->len] = '\0';
}

/* Without any blanks: base64 comes in lines, too. */
static void squeeze(struct buf *b)
{
	size_t len = 0, i;

	for (i = 0; i < b->len; i++) {
		if (b->data[i] == '\0' || strchr(BLANKS, b->data[i]) == NULL)
			b->data[len++] = b->data[i];
	}
	b->len = len;
	if (b->data != NULL)
		b->data[len] = '\0';
}

/* The same document without blanks, which may fit where this one does not. */
static enum err_code compact(struct buf *text, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct buf_stage stage;
	struct js_out o;
	enum err_code code = js_read(text->data, text->len, "the seal", &json, err);

	if (code != ERR_OK)
		return code;
	buf_clear(text);
	buf_stage_init(&stage, text);
	js_out_init(&o, &stage.out, false);
	js_put_value(&o, json);
	return js_end_document(&o, err);
}

/* A sigstore bundle is carried as it is, with whatever else it proves; but cosign checks none without a digest. */
static enum err_code attach_seal(struct signing *s, const char *name, const struct seal_key *key, struct err *err)
{
	const struct buf *d = &s->description;
	enum err_code code = seal_read(s->text.data, s->text.len, name, &s->seal, err);

	if (code != ERR_OK)
		return code;
	if (!s->seal.has_digest && key == NULL)
		return err_set(err, ERR_USAGE,
			       "%s does not say what it is over (cosign leaves that out for Ed25519): give its public "
			       "key with --key",
			       name);
	code = key != NULL ? seal_check(&s->seal, key, d->data, d->len, err)
			   : seal_is_over(&s->seal, d->data, d->len, err);
	if (code != ERR_OK)
		return err_add(err, "%s", name);
	if (s->seal.has_digest)
		return s->text.len > SLOT_TEXT_MAX ? compact(&s->text, err) : ERR_OK;
	code = seal_of(key, d->data, d->len, s->seal.signature, s->seal.signature_len, &s->seal, err);
	buf_clear(&s->text);
	return code == ERR_OK ? seal_write(&s->seal, &s->text, err) : code;
}

/* What openssl, an HSM or a KMS gives: the signature itself, or base64 of it. */
static enum err_code attach_bare(struct signing *s, const char *name, const struct seal_key *key, struct err *err)
{
	CLEANUP(buf_release) struct buf decoded = { .max = SEAL_TEXT_MAX };
	const struct buf *d = &s->description;
	enum err_code code;

	if (key == NULL)
		return err_set(err, ERR_USAGE,
			       "%s is no sigstore bundle (cosign sign-blob --bundle writes one); a bare signature, or "
			       "base64 of one, needs its public key beside it: --key PUB",
			       name);
	code = seal_of(key, d->data, d->len, buf_text(&s->text), s->text.len, &s->seal, err);
	if (code != ERR_OK && code != ERR_NOMEM) {
		squeeze(&s->text);
		if (base64_decode(buf_text(&s->text), &decoded, NULL) == ERR_OK)
			code = seal_of(key, d->data, d->len, buf_text(&decoded), decoded.len, &s->seal, err);
	}
	if (code != ERR_OK)
		return err_add(err, "%s", name);
	buf_clear(&s->text);
	return seal_write(&s->seal, &s->text, err);
}

/* JSON is UTF-8.  A bare signature may begin with a brace as well, one of 256 does, and is no text for all that. */
static bool is_json(const struct buf *b)
{
	const char *at = buf_text(b) + strspn(buf_text(b), BLANKS), *end = buf_text(b) + b->len;
	size_t len = 1;

	if (*at != '{')
		return false;
	for (; at < end && len > 0; at += len)
		len = text_utf8_len(at);
	return len > 0;
}

static enum err_code attach(const struct options *options, struct signing *s, struct err *err)
{
	CLEANUP(seal_key_free_ptr) struct seal_key *key = NULL;
	enum err_code code = ERR_OK;

	if (options->key != NULL)
		code = seal_key_read_public(options->key, &key, err);
	if (code == ERR_OK)
		code = file_read(options->attach, &s->text, err);
	if (code != ERR_OK)
		return code;
	if (!is_json(&s->text))
		return attach_bare(s, options->attach, key, err);
	trim(&s->text);
	return attach_seal(s, options->attach, key, err);
}

static enum err_code put(const struct options *options, struct signing *s, struct err *err)
{
	if (options->detached == NULL)
		return sealing_put(s->bundle, s->text.data, s->text.len, s->seal.hint, &s->slot, err);
	if (strcmp(options->detached, "-") == 0)
		return outstream_write(report_stdout(), s->text.data, s->text.len, err);
	return file_replace(options->detached, s->text.data, s->text.len, err);
}

static enum err_code report(const struct options *options, const struct signing *s, struct err *err)
{
	const char *hint = s->seal.hint[0] != '\0' ? s->seal.hint : NULL;
	char path[TEXT_SHOWN_MAX];
	struct js_out o;

	if (!options->json) {
		printf("%s: sealed by %s%s", text_shown(bundle_path(s->bundle), path),
		       hint != NULL ? "key " : "a certificate", hint != NULL ? hint : "");
		if (options->detached != NULL)
			printf(", in %s", text_shown(options->detached, path));
		else
			printf(", in slot %zu", s->slot);
		printf("  %s\n", bundle_digest(s->bundle)->text);
		return ERR_OK;
	}
	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "file", bundle_path(s->bundle));
	js_member(&o, "digest", bundle_digest(s->bundle)->text);
	js_member(&o, "hint", hint);
	js_member(&o, "detached", options->detached);
	if (options->detached == NULL)
		js_member_uint(&o, "slot", s->slot);
	js_end(&o, '}');
	return js_end_document(&o, err);
}

static enum err_code check_options(const struct options *options, const char *file, struct err *err)
{
	const struct apart inputs[] = {
		{ "the bundle", file, NULL },
		{ "the key", options->key, NULL },
		{ "the signature", options->attach, NULL },
	};

	if (options->key == NULL && options->attach == NULL)
		return err_set(err, ERR_USAGE, "--key KEY is needed: who signs?");
	if (options->attach != NULL && options->passphrase_fd != NULL)
		return err_set(err, ERR_USAGE, "with --attach the key is a public one, and has no passphrase");
	if (options->json && options->detached != NULL && strcmp(options->detached, "-") == 0)
		return err_set(err, ERR_USAGE, "--json and --detached - both want standard output");
	return options->detached != NULL ? apart_check(options->detached, inputs, COUNT_OF(inputs), err) : ERR_OK;
}

static enum err_code sign(const struct options *options, const char *file, struct signing *s, struct err *err)
{
	enum err_code code = check_options(options, file, err);

	buf_init(&s->description, LIMIT_DESCRIPTION_BYTES);
	buf_init(&s->text, SEAL_TEXT_MAX);
	if (code == ERR_OK)
		code = bundle_open(file, &s->bundle, err);
	if (code == ERR_OK)
		code = bundle_description_read(s->bundle, &s->description, err);
	if (code == ERR_OK)
		code = options->attach != NULL ? attach(options, s, err) : sign_by_key(options, s, err);
	if (code == ERR_OK)
		code = put(options, s, err);
	if (code == ERR_OK && (options->detached == NULL || strcmp(options->detached, "-") != 0))
		code = report(options, s, err);
	return code;
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	CLEANUP(signing_release) struct signing s = { 0 };
	struct err err = { 0 };
	enum err_code code = sign(options, operands->items[0], &s, &err);

	return report_end(c, options->json, code, &err);
}

const struct command sign_command = {
	.name = "sign",
	.synopsis = "--key KEY|--attach SIG [option]... FILE",
	.summary = "seal a bundle: vouch for it with a key",
	.text = "Sign bundle.json, whose digest proves everything in the bundle, and write the signature into one of "
		"the four slots in the file: nothing else in it changes. A seal by the same key is replaced.\n"
		"Keys are Ed25519, ECDSA on P-256 or P-384, or RSA. What is signed is not read first: bundle verify "
		"does that.",
	.operand = "FILE",
	.args_min = 1,
	.args_max = 1,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3),
	.footer = "A seal is a sigstore bundle: cosign verify-blob --key PUB --bundle SEAL --insecure-ignore-tlog "
		  "checks one over what bundle cat FILE description prints.",
	.run = run,
};
