/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Randomness for keys, identifiers and jitter: libsodium's generator, which a test may replace by
 * a seeded one so that a simulation runs the same way twice.
 */
#ifndef EL_BASE_CSPRNG_H
#define EL_BASE_CSPRNG_H

#include <stddef.h>
#include <stdint.h>

/* Fills [bytes, bytes+len). Never fails. */
void el_random(void *bytes, size_t len);

/* A number in [0, bound), without bias. bound 0 gives 0. */
uint32_t el_random_below(uint32_t bound);

/* From now on every call in this process is a deterministic function of SEED. For tests only. */
void el_random_seed_for_test(uint64_t seed);

#endif
