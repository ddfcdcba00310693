/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Templates of a person's own: a directory of directories, each as template.h has it. One that is
 * broken is left out, with a warning that says why; one that is called as a shipped one is used
 * instead of it.
 */
#ifndef EL_PROFILE_TEMPLATES_IO_H
#define EL_PROFILE_TEMPLATES_IO_H

#include "profile/template.h"

/* Reads what is beneath DIRECTORY, a descriptor that stays the caller's, into TEMPLATES. Nothing
 * is followed that is a link. How many there were, or a negative error: the directory itself cannot
 * be read, or memory has run out. */
int el_profile_templates_read(struct el_profile_templates *templates, int directory,
                              struct el_err *err);

#endif
