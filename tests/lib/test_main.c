#include "tests/lib/test_main.h"

#include <stdlib.h>

int test_run(Suite *s)
{
	SRunner *r = srunner_create(s);
	int bad;

	srunner_run_all(r, CK_NORMAL);
	bad = srunner_ntests_failed(r);
	srunner_free(r);
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
