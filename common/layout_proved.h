/* layout_proved.h - which blobs of a layout in a folder were proved, so that none is read again whose file nobody has
 * touched since.
 *
 * A record in the layout has a line for each: the digest, and size, device, inode, time of the last write and time of
 * the last change of its file. A blob counts as proved where the line that its file gives now is among them, to the
 * byte: nothing else is read out of the record. The time of the last change is the clock's and nobody can set it, so
 * what was written to, cut, replaced, renamed, linked, or given other rights or times is read again, and so is all of
 * a layout that was copied. What a disk loses by itself does not show, nor what others wrote in the seconds before a
 * power failure, whose time may be lost (with the mount option lazytime: in the hours before), nor what they wrote
 * between the proof and the sync after it through a mapping from before; without the record all is read.
 *
 * Lifecycle  layout_proved_open, where what is proved is to be remembered; ask; layout_proved_save under the lock, once
 *            all that was written is on the disk; layout_close ends it.
 * Racy       Files are stamped by a clock that ticks some hundred times a second, so a second change may have the time
 *            of the first. What is read is noted only where its last change was more than two seconds before:
 *            whatever is done to it from then on has another time. What is put lies under a name of ours until its
 *            time of the last write is set to one between two ticks, which no write gives.
 * Bounds     LIMIT_PROVED_BLOBS lines, LIMIT_PROVED_BYTES; what would be too much is read each time.
 * Trust      Whoever can write the record can write the blobs, and whoever reads a layout hashes what is read. A
 *            record that is no regular file, that belongs to somebody else than us and the layout's owner, or that
 *            others may write, is not believed; nor is any on a file system that is not known to keep such times and
 *            inodes: one in a network, FAT, an overlay; or tmpfs, where a mapping can write without a new time.
 * Errors     None: what cannot be read or written only costs time.
 * Threads    layout_proved_has and layout_proved_look may be called by several.
 */
#ifndef COMMON_LAYOUT_PROVED_H
#define COMMON_LAYOUT_PROVED_H

#include "common/layout.h"

#define LAYOUT_PROVED_NAME ".bundle-proved"

/* Read the record, and note from here on what is proved or put. */
void layout_proved_open(struct layout *l);
/* True where a blob is there, of this size, and its content was proved. */
bool layout_proved_has(const struct layout *l, const struct digest *digest, uint64_t size_bytes);
/* layout_has, noted. */
bool layout_proved_look(const struct layout *l, const struct digest *digest, uint64_t size_bytes);
/* Write down what was noted, where there is anything new. */
void layout_proved_save(struct layout *l);
/* Forget what is not there any more. */
void layout_proved_prune(struct layout *l);
#endif
