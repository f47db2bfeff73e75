/* guess.h - the word that was probably meant where one is not known.
 *
 * Lifecycle  A zeroed guess with typed and typed_len set; guess_try for each word that would be right; best.
 * Bounds     Words of up to GUESS_WORD_MAX bytes; longer ones are near to none.
 * Ownership  Everything is borrowed.
 * Errors     None.
 * Source     Levenshtein's distance: how many letters must be put in, taken out or changed.
 */
#ifndef COMMON_GUESS_H
#define COMMON_GUESS_H

#include <stddef.h>

#define GUESS_WORD_MAX 32

/* The word nearest to what was typed, among those that were tried. */
struct guess {
	const char *typed;
	size_t typed_len;
	const char *best; /* NULL while none is near */
	size_t best_distance;
};

/* Try a word: it is near where at most two letters and half of them differ, or where what was typed begins it. */
void guess_try(struct guess *g, const char *word);
#endif
