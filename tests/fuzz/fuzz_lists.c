/* Files that people and other programs bring: references, what a site has or lacks, and logins.  The first byte says
 * which. */
#include <sys/mman.h>
#include <unistd.h>

#include "common/auth_file.h"
#include "common/holdings.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "export/references.h"
#include "tests/fuzz/fuzz.h"

static void fuzz_references(const uint8_t *data, size_t size)
{
	CLEANUP(references_release) struct references r = { 0 };
	struct err err = { 0 };
	int fd = memfd_create("list", MFD_CLOEXEC);
	char path[32];
	enum err_code code;
	size_t i;

	FUZZ_HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	code = references_read(&r, path, &err);
	close(fd);
	fuzz_told(code, &err);
	FUZZ_HOLDS(code != ERR_OK || r.len > 0);
	for (i = 0; i < r.len; i++)
		FUZZ_HOLDS(r.items[i].text[0] != '\0' && r.items[i].line > 0);
}

static void fuzz_holdings(const uint8_t *data, size_t size, enum holdings_kind kind)
{
	CLEANUP(holdings_release) struct holdings h = { 0 };
	struct err err = { 0 };
	size_t i;

	fuzz_told(holdings_read(data, size, "inventory", kind, &h, &err), &err);
	for (i = 0; i < h.layers.len; i++)
		FUZZ_HOLDS(holdings_find(&h.layers, &h.layers.items[i].digest) == &h.layers.items[i]);
}

static void fuzz_logins(const uint8_t *data, size_t size)
{
	static const char *const hosts[] = { "docker.io", "a.example.com:5000" };
	CLEANUP(js_free_ptr) struct json_t *config = NULL;
	size_t i;

	if (js_read_secret(data, size, "config.json", &config, NULL) != ERR_OK)
		return;
	for (i = 0; i < COUNT_OF(hosts); i++) {
		CLEANUP(credentials_release) struct credentials c = { 0 };
		struct err err = { 0 };

		fuzz_told(auth_file_find(config, hosts[i], "a/b", &c, &err), &err);
		auth_file_helper(config, hosts[i], 0);
		auth_file_helper(config, hosts[i], 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	switch (size > 0 ? data[0] : '\0') {
	case 'r':
		fuzz_references(data + 1, size - 1);
		break;
	case 'h':
		fuzz_holdings(data + 1, size - 1, HOLDINGS_INVENTORY);
		break;
	case 'w':
		fuzz_holdings(data + 1, size - 1, HOLDINGS_WANT);
		break;
	case 'a':
		fuzz_logins(data + 1, size - 1);
		break;
	default:
		break;
	}
	return 0;
}
