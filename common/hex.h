/* hex.h - bytes as lowercase hexadecimal. */
#ifndef COMMON_HEX_H
#define COMMON_HEX_H

#include <stddef.h>

/* Write 2 * len digits and a NUL to out. */
void hex_encode(char *out, const unsigned char *bytes, size_t len);
#endif
