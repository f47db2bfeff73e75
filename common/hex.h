/* hex.h - bytes as hexadecimal: lowercase where it is written, of either case where it is read. */
#ifndef COMMON_HEX_H
#define COMMON_HEX_H

#include <stddef.h>

/* Write 2 * len digits and a NUL to out. */
void hex_encode(char *out, const unsigned char *bytes, size_t len);
/* What a digit stands for; -1 where it is none. */
int hex_value(char digit);
#endif
