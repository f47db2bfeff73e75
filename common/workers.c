#include "common/workers.h"

#include <pthread.h>
#include <unistd.h>

unsigned workers_for_processors(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online < 1 ? 1 : online > WORKERS_MAX ? WORKERS_MAX : (unsigned)online;
}

void workers_run(unsigned threads, void *(*work)(void *arg), void *arg)
{
	pthread_t others[WORKERS_MAX];
	unsigned len = 0;

	while (len + 1 < threads && len + 1 < WORKERS_MAX && pthread_create(&others[len], NULL, work, arg) == 0)
		len++;
	work(arg);
	while (len > 0)
		pthread_join(others[--len], NULL);
}
