/* What people write: references, platforms, digests and rules for names.  The first byte says which. */
#include "common/digest.h"
#include "common/mapping.h"
#include "common/mem.h"
#include "common/platform.h"
#include "common/reference.h"
#include "tests/fuzz/fuzz.h"

/* What is read once is written in a form that is read as the same. */
static void fuzz_reference(const char *text)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(reference_release) struct reference again = { 0 };
	CLEANUP(free_ptr) char *written = NULL;
	CLEANUP(free_ptr) char *rewritten = NULL;
	CLEANUP(free_ptr) char *name = NULL;
	struct err err = { 0 };
	enum err_code code = reference_parse(text, &ref, &err);

	fuzz_told(code, &err);
	FUZZ_HOLDS(code == ERR_OK || !reference_is_name(text));
	if (code != ERR_OK)
		return;
	FUZZ_HOLDS(reference_name(&ref, &name, &err) == ERR_OK && reference_is_name(name));
	FUZZ_HOLDS(reference_is_name(text) == (strcmp(name, text) == 0));
	FUZZ_HOLDS(strlen(ref.domain) <= REFERENCE_NAME_MAX && strlen(ref.path) <= REFERENCE_NAME_MAX);
	FUZZ_HOLDS(ref.tag != NULL || ref.digest.text[0] != '\0');
	FUZZ_HOLDS(strstr(ref.path, "..") == NULL && ref.path[0] != '/');
	FUZZ_HOLDS(reference_text(&ref, &written, &err) == ERR_OK);
	FUZZ_HOLDS(reference_parse(written, &again, &err) == ERR_OK);
	FUZZ_HOLDS(reference_text(&again, &rewritten, &err) == ERR_OK);
	FUZZ_HOLDS(strcmp(written, rewritten) == 0);
}

static void fuzz_platform(const char *text)
{
	struct platform p, again;
	char written[PLATFORM_TEXT_MAX];
	struct err err = { 0 };
	enum err_code code = platform_parse(text, &p, &err);

	fuzz_told(code, &err);
	if (code != ERR_OK)
		return;
	FUZZ_HOLDS(platform_parse(platform_format(&p, written), &again, &err) == ERR_OK);
	FUZZ_HOLDS(platform_equal(&p, &again) && platform_match(&p, &again));
}

static void fuzz_digest(const char *text)
{
	struct digest d;
	struct err err = { 0 };
	enum err_code code = digest_parse(text, &d, &err);

	fuzz_told(code, &err);
	FUZZ_HOLDS(code != ERR_OK || strcmp(d.text, text) == 0);
}

/* Rules on lines of their own, then an empty line, then names; what a rule gives is a full name again. */
static void fuzz_mapping(char *text)
{
	CLEANUP(mapping_release) struct mapping m = { 0 };
	char *names = strstr(text, "\n\n"), *rest = text, *line;

	if (names == NULL)
		return;
	*names = '\0';
	while ((line = strsep(&rest, "\n")) != NULL) {
		struct err err = { 0 };

		fuzz_told(mapping_add(&m, line, &err), &err);
	}
	for (rest = names + 2; (line = strsep(&rest, "\n")) != NULL;) {
		CLEANUP(reference_release) struct reference ref = { 0 };
		CLEANUP(reference_release) struct reference mapped = { 0 };
		CLEANUP(free_ptr) char *name = NULL;
		CLEANUP(free_ptr) char *given = NULL;
		struct err err = { 0 };

		if (reference_parse(line, &ref, NULL) != ERR_OK || reference_name(&ref, &name, NULL) != ERR_OK)
			continue;
		fuzz_told(mapping_apply(&m, name, &given, &err), &err);
		FUZZ_HOLDS(given == NULL || reference_parse(given, &mapped, NULL) == ERR_OK);
	}
	mapping_unused(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = fuzz_string(data + 1, size - 1);
	switch (data[0]) {
	case 'r':
		fuzz_reference(text);
		break;
	case 'p':
		fuzz_platform(text);
		break;
	case 'd':
		fuzz_digest(text);
		break;
	case 'm':
		fuzz_mapping(text);
		break;
	default:
		break;
	}
	free(text);
	return 0;
}
