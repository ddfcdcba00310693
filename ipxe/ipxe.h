/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The iPXE loaders inside el2w: Debian's binaries, unmodified. Which firmware gets which one is
 * told in README.md here; what picks it is lib/boot.
 */
#ifndef EL_IPXE_IPXE_H
#define EL_IPXE_IPXE_H

#include <stddef.h>
#include <stdint.h>

/* Read-only, for the life of the program. */
struct el_ipxe_file {
    const char *name; /* as TFTP and HTTP clients ask for it: "snponly.efi" */
    const uint8_t *bytes;
    size_t len;
};

extern const struct el_ipxe_file el_ipxe_files[];
extern const size_t el_ipxe_files_count;

/* The loader of that exact name, or NULL. */
const struct el_ipxe_file *el_ipxe_find(const char *name);

#endif
