#include "import/serve_privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

enum err_code privileges_drop(const char *user, struct err *err)
{
	const struct passwd *p;

	if (geteuid() != 0)
		return err_set(err, ERR_USAGE, "--user %.100s: only root can become somebody else", user);
	errno = 0;
	p = getpwnam(user);
	if (p == NULL)
		return err_set(err, ERR_USAGE, "--user %.100s: there is no such user", user);
	if (initgroups(user, p->pw_gid) != 0 || setresgid(p->pw_gid, p->pw_gid, p->pw_gid) != 0 ||
	    setresuid(p->pw_uid, p->pw_uid, p->pw_uid) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_errno(err, "--user");
	return ERR_OK;
}
