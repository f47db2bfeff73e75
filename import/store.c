#include "import/store.h"

#include "common/mem.h"
#include "import/target_layout.h"

enum err_code target_store_new(const char *path, struct target **ret_target, struct err *err)
{
	CLEANUP(free_ptr) char *name = NULL;
	enum err_code code = str_format(&name, err, "store %s", path);

	return code == ERR_OK ? target_layout_new(path, name, LAYOUT_OURS, ret_target, err) : code;
}
