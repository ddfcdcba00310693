/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lwIP needs to know of the compiler and the system; the functions are lib/net/lwip_stack.c's.
 */
#ifndef EL_LWIP_CC_H
#define EL_LWIP_CC_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Memory for packets, of a budget: NULL when it is used up. */
void *el_lwip_malloc(size_t len);
void *el_lwip_calloc(size_t count, size_t len);
void el_lwip_free(void *memory);

uint32_t el_lwip_random(void);

/* The Internet sum, not complemented, in the order in which it lies in memory. */
uint16_t el_lwip_checksum(const void *bytes, int len);

/* Something in lwIP is not as it should be: logged, as nothing that a peer sends may end us. */
void el_lwip_assertion(const char *text, const char *file, int line);

#define LWIP_PLATFORM_ASSERT(text) el_lwip_assertion(text, __FILE__, __LINE__)
#define LWIP_PLATFORM_DIAG(text)   ((void)0)
#define LWIP_NO_UNISTD_H           1

#endif
