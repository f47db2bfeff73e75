/* faults.h - memory or the disk fails at a given call of ours: the position of the fault is a parameter of a test.
 *
 * Lifecycle  faults_arm; run what is tested; faults_disarm says whether the fault was met.  Count up until it was not.
 * Bounds     Only calls from this program's own code count, and only those of the thread that armed: what libraries
 *            and helper threads do goes on as ever.  After faults_arm_all those of all threads count.
 * Use        Include it in one source of a test program: it defines malloc, pwrite and the like for all of it, on top
 *            of those of the C library or of a sanitizer.
 */
#ifndef TESTS_LIB_FAULTS_H
#define TESTS_LIB_FAULTS_H

#undef _FORTIFY_SOURCE /* its names for these functions are others */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum faults {
	FAULTS_NONE,
	FAULTS_MEMORY, /* no memory */
	FAULTS_DISK,   /* writes, syncs, renames: no space */
	FAULTS_STUCK,  /* a write that moves nothing */
	FAULTS_KILL,   /* the process is killed before one of these, or in the middle of a write */
};

extern const char __executable_start[], etext[];

static _Thread_local enum faults faults_kind;
static _Thread_local size_t faults_left;
static _Thread_local bool faults_met;

static _Atomic enum faults faults_all_kind;
static atomic_size_t faults_all_left;
static atomic_bool faults_all_met;
/* Called in place of every sync: a test that makes up what a power loss takes need not wait for the disk.  NULL: synced
 * as ever. */
static void (*faults_synced)(int fd);

/* The same for all threads of the process. */
__attribute__((unused)) static void faults_arm_all(enum faults kind, size_t position)
{
	atomic_store(&faults_all_left, position);
	atomic_store(&faults_all_met, false);
	atomic_store(&faults_all_kind, kind);
}

__attribute__((unused)) static bool faults_disarm_all(void)
{
	atomic_store(&faults_all_kind, FAULTS_NONE);
	return atomic_load(&faults_all_met);
}

__attribute__((unused)) static void faults_arm(enum faults kind, size_t position)
{
	faults_left = position;
	faults_met = false;
	faults_kind = kind;
}

__attribute__((unused)) static bool faults_disarm(void)
{
	faults_kind = FAULTS_NONE;
	return faults_met;
}

static bool faults_hit(enum faults kind, const void *caller)
{
	if ((const char *)caller < __executable_start || (const char *)caller >= etext)
		return false;
	if (atomic_load(&faults_all_kind) == kind && atomic_fetch_sub(&faults_all_left, 1) == 0) {
		atomic_store(&faults_all_met, true);
		return true;
	}
	if (faults_kind != kind)
		return false;
	if (faults_left-- > 0)
		return false;
	faults_met = true;
	faults_left = SIZE_MAX; /* the others succeed */
	return true;
}

/* What is below: a sanitizer's, else those of glibc. */
extern void *__interceptor_malloc(size_t size) __attribute__((weak));
extern void *__interceptor_calloc(size_t count, size_t size) __attribute__((weak));
extern void *__interceptor_realloc(void *old, size_t size) __attribute__((weak));
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

#define FAULTS_BELOW(name) (__interceptor_##name != NULL ? __interceptor_##name : __libc_##name)

void *malloc(size_t size)
{
	return faults_hit(FAULTS_MEMORY, __builtin_return_address(0)) ? NULL : FAULTS_BELOW(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
	return faults_hit(FAULTS_MEMORY, __builtin_return_address(0)) ? NULL : FAULTS_BELOW(calloc)(count, size);
}

static void *faults_realloc(void *old, size_t size)
{
	return FAULTS_BELOW(realloc)(old, size);
}

void *realloc(void *old, size_t size)
{
	return faults_hit(FAULTS_MEMORY, __builtin_return_address(0)) ? NULL : faults_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	if (faults_hit(FAULTS_MEMORY, __builtin_return_address(0)) || (size > 0 && count > SIZE_MAX / size))
		return NULL;
	return faults_realloc(old, count * size);
}

char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = faults_hit(FAULTS_MEMORY, __builtin_return_address(0)) ? NULL : faults_realloc(NULL, size);

	return copy != NULL ? memcpy(copy, text, size) : NULL;
}

__attribute__((format(printf, 2, 0))) static int faults_format(char **ret_text, const char *fmt, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	*ret_text = len >= 0 ? faults_realloc(NULL, (size_t)len + 1) : NULL;
	return *ret_text != NULL ? vsnprintf(*ret_text, (size_t)len + 1, fmt, args) : -1;
}

int vasprintf(char **ret_text, const char *fmt, va_list args)
{
	return faults_hit(FAULTS_MEMORY, __builtin_return_address(0)) ? -1 : faults_format(ret_text, fmt, args);
}

/* What vasprintf is called where the compiler fortifies. */
int __vasprintf_chk(char **ret_text, int flag, const char *fmt, va_list args) __attribute__((format(printf, 3, 0)));
int __vasprintf_chk(char **ret_text, int flag, const char *fmt, va_list args)
{
	(void)flag;
	return faults_hit(FAULTS_MEMORY, __builtin_return_address(0)) ? -1 : faults_format(ret_text, fmt, args);
}

static int faults_no_space(void)
{
	errno = ENOSPC;
	return -1;
}

static void faults_die(void)
{
	kill(getpid(), SIGKILL);
	pause();
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	if (faults_hit(FAULTS_KILL, __builtin_return_address(0))) {
		syscall(SYS_pwrite64, fd, bytes, len / 2, offset);
		faults_die();
	}
	if (faults_hit(FAULTS_STUCK, __builtin_return_address(0)))
		return 0;
	if (faults_hit(FAULTS_DISK, __builtin_return_address(0)))
		return faults_no_space();
	return syscall(SYS_pwrite64, fd, bytes, len, offset);
}

static ssize_t faults_pwritev(int fd, const struct iovec *parts, int len, off_t offset)
{
	return syscall(SYS_pwritev, fd, parts, len, (long)offset, (long)((uint64_t)offset >> 32));
}

ssize_t pwritev(int fd, const struct iovec *parts, int len, off_t offset)
{
	if (faults_hit(FAULTS_KILL, __builtin_return_address(0))) {
		faults_pwritev(fd, parts, len / 2, offset);
		faults_die();
	}
	if (faults_hit(FAULTS_DISK, __builtin_return_address(0)))
		return faults_no_space();
	return faults_pwritev(fd, parts, len, offset);
}

int ftruncate(int fd, off_t len)
{
	if (faults_hit(FAULTS_KILL, __builtin_return_address(0)))
		faults_die();
	if (faults_hit(FAULTS_DISK, __builtin_return_address(0)))
		return faults_no_space();
	return (int)syscall(SYS_ftruncate, fd, len);
}

/* It fails nowhere: what cannot be removed stays, and that is no failure. */
int unlink(const char *path)
{
	if (faults_hit(FAULTS_KILL, __builtin_return_address(0)))
		faults_die();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int fsync(int fd)
{
	if (faults_hit(FAULTS_KILL, __builtin_return_address(0)))
		faults_die();
	if (faults_hit(FAULTS_DISK, __builtin_return_address(0)))
		return faults_no_space();
	if (faults_synced == NULL)
		return (int)syscall(SYS_fsync, fd);
	faults_synced(fd);
	return 0;
}

int fdatasync(int fd)
{
	if (faults_hit(FAULTS_KILL, __builtin_return_address(0)))
		faults_die();
	if (faults_hit(FAULTS_DISK, __builtin_return_address(0)))
		return faults_no_space();
	return faults_synced != NULL ? 0 : (int)syscall(SYS_fdatasync, fd);
}

int syncfs(int fd)
{
	if (faults_hit(FAULTS_KILL, __builtin_return_address(0)))
		faults_die();
	if (faults_hit(FAULTS_DISK, __builtin_return_address(0)))
		return faults_no_space();
	return faults_synced != NULL ? 0 : (int)syscall(SYS_syncfs, fd);
}

int rename(const char *from, const char *to)
{
	if (faults_hit(FAULTS_KILL, __builtin_return_address(0)))
		faults_die();
	if (faults_hit(FAULTS_DISK, __builtin_return_address(0)))
		return faults_no_space();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	if (faults_hit(FAULTS_KILL, __builtin_return_address(0)))
		faults_die();
	if (faults_hit(FAULTS_DISK, __builtin_return_address(0)))
		return faults_no_space();
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

int mkdir(const char *path, mode_t mode)
{
	if (faults_hit(FAULTS_KILL, __builtin_return_address(0)))
		faults_die();
	return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
	if (faults_hit(FAULTS_KILL, __builtin_return_address(0)))
		faults_die();
	return (int)syscall(SYS_mkdirat, fd, path, mode);
}

int unlinkat(int fd, const char *path, int flags)
{
	if (faults_hit(FAULTS_KILL, __builtin_return_address(0)))
		faults_die();
	return (int)syscall(SYS_unlinkat, fd, path, flags);
}
#endif
