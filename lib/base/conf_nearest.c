/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to suggest for a misspelt name. */
#include "base/conf.h"

#include <string.h>

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Damerau-Levenshtein distance (insert, delete, change, swap of neighbours), up to 63 bytes. */
static unsigned edit_distance(const char *a, const char *b)
{
    enum { LIMIT = 64 };
    size_t na = strlen(a), nb = strlen(b);
    unsigned row[3][LIMIT];

    if (na >= LIMIT || nb >= LIMIT)
        return LIMIT;
    for (size_t j = 0; j <= nb; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            now[j] = smallest(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = smallest(now[j], before[j - 2] + 1, now[j]);
        }
    }
    return row[na % 3][nb];
}

const char *el_conf_nearest(const char *word, const char *const *names)
{
    const char *best = NULL;
    unsigned best_distance = strlen(word) < 5 ? 2 : 3; /* farther than this is another word */

    for (; *names; names++) {
        unsigned distance = edit_distance(word, *names);
        if (distance < best_distance) {
            best_distance = distance;
            best = *names;
        }
    }
    return best;
}
