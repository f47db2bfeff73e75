#include "common/guess.h"

#include <string.h>

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[GUESS_WORD_MAX + 1], i, j;

	for (j = 0; j <= b_len; j++)
		row[j] = j;
	for (i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			size_t shift = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = change < shift ? change : shift;
		}
	}
	return row[b_len];
}

void guess_try(struct guess *g, const char *word)
{
	size_t word_len = strlen(word), d;

	if (g->typed_len > GUESS_WORD_MAX || word_len > GUESS_WORD_MAX)
		return;
	d = distance(g->typed, g->typed_len, word, word_len);
	if (g->typed_len > 1 && strncmp(g->typed, word, g->typed_len) == 0)
		d = 1; /* a word that was cut short */
	if (d > 2 || d * 2 > word_len || (g->best != NULL && d >= g->best_distance))
		return;
	g->best = word;
	g->best_distance = d;
}
