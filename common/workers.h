/* workers.h - one piece of work by several threads, this one among them.
 *
 * Bounds   WORKERS_MAX threads: with a decoder of 4.5 MiB each they stay below 64 MiB.
 * Errors   None: where no other thread can be started, this one does it all.
 * Threads  work shares out what there is to do by itself, and returns when nothing is left.
 */
#ifndef COMMON_WORKERS_H
#define COMMON_WORKERS_H

#define WORKERS_MAX 12

/* One for each processor. */
unsigned workers_for_processors(void);
/* Call work(arg) on so many threads, and wait for all of them. */
void workers_run(unsigned threads, void *(*work)(void *arg), void *arg);
#endif
