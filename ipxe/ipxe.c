/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up an embedded loader. The bytes themselves come from files.S. */
#include "ipxe/ipxe.h"

#include <string.h>

const struct el_ipxe_file *el_ipxe_find(const char *name)
{
    for (size_t i = 0; i < el_ipxe_files_count; i++)
        if (strcmp(el_ipxe_files[i].name, name) == 0)
            return &el_ipxe_files[i];
    return NULL;
}
