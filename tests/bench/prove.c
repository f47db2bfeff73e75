/* Proves a signed file again and again, on as many threads as there are cores, and prints how many a second of
 * processor time, times the cores, which other load on the machine does not change.  Counted is user time, as openssl
 * speed counts it: what the kernel does meanwhile, the clock's interrupts, is in neither rate.
 *
 *   prove BUNDLE ROOT FILE IDENTITY ISSUER SECONDS
 *
 * Each thread reads the bundle's text and proves it, as bundle verify-blob does; the trusted root is read once. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "trust/sigstore.h"

#define THREADS_MAX 64

struct bench {
	struct buf text, file;
	struct trust_root *root;
	struct trust_identity identity;
	double seconds;
};

struct worker {
	const struct bench *bench;
	pthread_t thread;
	size_t proved;
	struct err err;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of all threads. */
static double user_time(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)r.ru_utime.tv_sec + (double)r.ru_utime.tv_usec / 1e6;
}

static enum err_code prove_once(const struct bench *b, struct err *err)
{
	const struct trust_material material = { .root = b->root };
	const struct trust_wanted wanted = { .identities = &b->identity, .identities_len = 1 };
	CLEANUP(trust_artifact_release)
	struct trust_artifact artifact = trust_artifact_of_bytes(b->file.data, b->file.len, "file");
	CLEANUP(sigstore_bundle_release) struct sigstore_bundle bundle = { 0 };
	CLEANUP(trust_proof_release) struct trust_proof proof = { 0 };
	enum err_code code = sigstore_bundle_read(b->text.data, b->text.len, "bundle", &bundle, err);

	return code == ERR_OK ? trust_verify(&bundle, &material, &wanted, &artifact, &proof, err) : code;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	double end = now() + w->bench->seconds;

	while (w->err.code == ERR_OK && now() < end) {
		if (prove_once(w->bench, &w->err) == ERR_OK)
			w->proved++;
	}
	return NULL;
}

static size_t count_cores(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;
}

/* How many proofs the threads made. */
static enum err_code run(const struct bench *b, size_t *ret_proved, struct err *err)
{
	struct worker workers[THREADS_MAX];
	size_t len = count_cores(), i;

	for (i = 0; i < len; i++) {
		workers[i] = (struct worker){ .bench = b };
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			exit(EXIT_FAILURE);
	}
	for (i = 0; i < len; i++) {
		pthread_join(workers[i].thread, NULL);
		*ret_proved += workers[i].proved;
		if (workers[i].err.code != ERR_OK)
			*err = workers[i].err;
	}
	return err->code;
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };
	struct err err = { 0 };
	size_t proved = 0;
	double start;

	if (argc != 7) {
		fprintf(stderr, "prove: BUNDLE ROOT FILE IDENTITY ISSUER SECONDS\n");
		return EXIT_FAILURE;
	}
	buf_init(&b.text, LIMIT_SIGSTORE_BYTES);
	buf_init(&b.file, LIMIT_ARTIFACT_BYTES);
	b.seconds = strtod(argv[6], NULL);
	if (file_read(argv[1], &b.text, &err) == ERR_OK && trust_root_read(argv[2], &b.root, &err) == ERR_OK &&
	    file_read(argv[3], &b.file, &err) == ERR_OK)
		trust_identity_init(argv[4], NULL, argv[5], NULL, &b.identity, &err);
	start = user_time();
	if (err.code != ERR_OK || run(&b, &proved, &err) != ERR_OK) {
		fprintf(stderr, "prove: %s\n", err.msg);
		return EXIT_FAILURE;
	}
	printf("%.0f\n", (double)(proved * count_cores()) / (user_time() - start));
	trust_identity_release(&b.identity);
	trust_root_free(b.root);
	buf_release(&b.text);
	buf_release(&b.file);
	return EXIT_SUCCESS;
}
