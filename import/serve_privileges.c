#include "import/serve_privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

enum err_code privileges_find(const char *user, struct privileges *ret_privileges, struct err *err)
{
	const struct passwd *p;

	if (geteuid() != 0)
		return err_set(err, ERR_USAGE, "--user %.100s: only root can become somebody else", user);
	p = getpwnam(user);
	if (p == NULL)
		return err_set(err, ERR_USAGE, "--user %.100s: there is no such user", user);
	*ret_privileges = (struct privileges){ .user = user, .uid = p->pw_uid, .gid = p->pw_gid };
	return ERR_OK;
}

enum err_code privileges_drop(const struct privileges *p, struct err *err)
{
	if (initgroups(p->user, p->gid) != 0 || setresgid(p->gid, p->gid, p->gid) != 0 ||
	    setresuid(p->uid, p->uid, p->uid) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_errno(err, "--user");
	return ERR_OK;
}
