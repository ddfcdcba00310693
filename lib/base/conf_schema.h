/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of conf.h share: an applet's options, those that it has from others, the common
 * ones. */
#ifndef EL_BASE_CONF_SCHEMA_H
#define EL_BASE_CONF_SCHEMA_H

#include "base/conf.h"

size_t el_conf_option_count(const struct el_conf_schema *schema);
const struct el_conf_option *el_conf_option_at(const struct el_conf_schema *schema, size_t index);

/* Stores TEXT, which was said at ORIGIN, in MEMBER, or by OPTION's own parse() in VALUES. 0, or an
 * error with what would be right. */
int el_conf_store(const struct el_conf_option *option, void *member, void *values, const char *text,
                  const char *origin, struct el_err *err);

#endif
