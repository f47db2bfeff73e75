#include "import/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/mem.h"

static const struct {
	int number;
	const char *name;
} signals[] = { { SIGINT, "SIGINT" }, { SIGTERM, "SIGTERM" } };

/* Which came, 0 for none.  A handler is told nothing but the number, so this can be nobody's but the process's. */
static volatile sig_atomic_t came;

/* Can be read from then on, and is never read: so a signal that comes just before somebody waits ends that too, on
 * whatever thread it is. */
static int alarm_fd = -1;

static void on_signal(int number)
{
	static const uint64_t one = 1;
	int was = errno;

	came = number;
	if (write(alarm_fd, &one, sizeof(one)) < 0)
		errno = was;
}

enum err_code interrupt_take(struct err *err)
{
	struct sigaction ours = { .sa_handler = on_signal, .sa_flags = SA_RESTART | (int)SA_RESETHAND }, was;
	size_t i;

	if (alarm_fd < 0)
		alarm_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (alarm_fd < 0)
		return err_errno(err, "eventfd");
	sigemptyset(&ours.sa_mask);
	for (i = 0; i < COUNT_OF(signals); i++) {
		if (sigaction(signals[i].number, NULL, &was) == 0 && was.sa_handler != SIG_IGN)
			sigaction(signals[i].number, &ours, NULL);
	}
	return ERR_OK;
}

static const char *name_of(int number)
{
	size_t i = 0;

	while (signals[i].number != number)
		i++;
	return signals[i].name;
}

enum err_code interrupt_check(struct err *err)
{
	int number = came;

	return number == 0 ? ERR_OK : err_set(err, ERR_INTERRUPTED, "interrupted by %s", name_of(number));
}

enum err_code interrupt_wait(int fd, struct err *err)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = alarm_fd, .events = POLLIN } };

	while (poll(fds, COUNT_OF(fds), -1) < 0) {
		if (errno != EINTR)
			return err_errno(err, "poll");
	}
	return interrupt_check(err);
}

enum err_code interrupt_blame(enum err_code code, struct err *err)
{
	int number = came;

	if (code == ERR_OK || code == ERR_INTERRUPTED || number == 0)
		return code;
	return err_set(err, ERR_INTERRUPTED, "interrupted by %s: %s", name_of(number), err->msg);
}

void interrupt_end(void)
{
	int number = came;

	if (number == 0)
		return;
	signal(number, SIG_DFL);
	raise(number);
}
