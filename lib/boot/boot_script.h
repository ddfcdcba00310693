/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text in an iPXE script.
 *
 * iPXE knows no quoting. A line is split at spaces; "${" begins a setting anywhere in a line, and
 * what it expands to is expanded again; the words "||", "&&" and ";" join commands, and a word that
 * begins with "#" is a comment. So text from a file or the network is either refused, if changing
 * it would change what it does (kernel arguments), or made harmless, if a person only reads it.
 */
#ifndef EL_BOOT_BOOT_SCRIPT_H
#define EL_BOOT_BOOT_SCRIPT_H

#include "base/wire.h"

/* What in TEXT iPXE would take for its own, as it can be shown to a person; NULL if nothing. */
const char *el_boot_script_refuses(const char *text);

/* Writes TEXT for people to read: printable ASCII that iPXE shows as it is. */
void el_boot_script_text(struct el_wire *w, const char *text);

#endif
