/* tar.h - the one form in which a bundle writes a tar member, so that verify can write it again and compare.
 *
 * Units    Bytes; everything is a multiple of TAR_BLOCK except content.
 * Bounds   A header is TAR_BLOCK bytes, or TAR_HEADER_MAX where name or size
 *          need a pax record; names have at most TAR_NAME_MAX bytes.
 * Source   POSIX.1-2017, pax: ustar and pax interchange formats.  A regular
 *          file, mode 0644, owner 0:0 without names, time 0.  The name stands
 *          whole in the ustar name field where it fits, and never in prefix.
 *          Else an extended header ("PaxHeader", type x) with the records
 *          "path" and "size", in this order and only as needed, comes first;
 *          then the name is cut and the size is 0 in the ustar fields.
 */
#ifndef BUNDLES_TAR_H
#define BUNDLES_TAR_H

#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK 512
#define TAR_HEADER_MAX (3 * (size_t)TAR_BLOCK)
#define TAR_END_BYTES (2 * (size_t)TAR_BLOCK)
#define TAR_NAME_MAX 200

/* How many bytes tar_header writes. */
size_t tar_header_bytes(const char *name, uint64_t size_bytes);
/* Write the header of a member; returns its length. */
size_t tar_header(const char *name, uint64_t size_bytes, unsigned char out[TAR_HEADER_MAX]);
/* How many zero bytes follow the content. */
size_t tar_padding_bytes(uint64_t size_bytes);
#endif
