#include "common/tls.h"

#include <stdlib.h>

#include "common/limits.h"
#include "common/mem.h"

void tls_init(struct tls *t)
{
	*t = (struct tls){ 0 };
	buf_init(&t->ca, LIMIT_ANSWER_BYTES);
}

void tls_release(struct tls *t)
{
	buf_release(&t->ca);
	free(take_ptr(&t->cert));
	free(take_ptr(&t->key));
}
