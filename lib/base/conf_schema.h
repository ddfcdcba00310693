/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What conf.c and conf_manual.c share: an applet's options, those that it has from others, the
 * common ones. */
#ifndef EL_BASE_CONF_SCHEMA_H
#define EL_BASE_CONF_SCHEMA_H

#include "base/conf.h"

size_t el_conf_option_count(const struct el_conf_schema *schema);
const struct el_conf_option *el_conf_option_at(const struct el_conf_schema *schema, size_t index);

#endif
