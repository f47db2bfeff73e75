#include "import/unix_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/file.h"
#include "common/mem.h"

enum err_code unix_socket_check(const char *path, const char *who, const char *denied, const char *absent,
				struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(close_fd) int fd = -1;
	int reason;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ERR_NETWORK, "%s: a path of more than %zu bytes is no unix socket", path,
			       sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(err, "unix socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return ERR_OK;
	reason = errno;
	return err_set(err, ERR_NETWORK, "no %s answers at %s (%s): %s", who, path, strerror(reason),
		       reason == EACCES || reason == EPERM ? denied : absent);
}
