/* test_main.h - what every unit test's main does: run one suite, and say by the exit status whether it held. */
#ifndef TESTS_LIB_TEST_MAIN_H
#define TESTS_LIB_TEST_MAIN_H

#include <check.h>

/* Run the suite and free it; EXIT_SUCCESS where every test passed. */
int test_run(Suite *s);
#endif
