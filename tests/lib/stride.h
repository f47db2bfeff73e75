/* stride.h - how many of the places of a fault or of a change a test goes through.
 *
 * Use        for (k = 0; ...; k += STRIDE): the release build takes every place.  Under a sanitizer, which makes all
 *            of it many times slower, every seventh must do.  A prime, so that no pattern of the places hides one of
 *            its parts.  Not for sweeps in which something may leak: only a sanitizer sees that.
 */
#ifndef TESTS_LIB_STRIDE_H
#define TESTS_LIB_STRIDE_H

#ifdef __SANITIZE_ADDRESS__
#define STRIDE 7
#else
#define STRIDE 1
#endif
#endif
