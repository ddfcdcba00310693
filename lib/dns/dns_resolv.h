/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What resolv.conf(5) says of servers. */
#ifndef EL_DNS_DNS_RESOLV_H
#define EL_DNS_DNS_RESOLV_H

#include "base/addr.h"

#include <stddef.h>

enum { EL_DNS_RESOLV_BYTES = 16384 }; /* more of the file is not looked at */

/* The servers that TEXT names, each once, in its order: how many, up to CAPACITY. With no port
 * said,
 * 53. Lines that are none of ours are passed over, and so is a link-local address whose interface
 * is not a number. */
unsigned el_dns_resolv_parse(const char *text, size_t len, struct el_endpoint *servers,
                             unsigned capacity);

#endif
