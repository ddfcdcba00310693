/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0), made from the
 * table of its operations. Who may ask is in each operation's "x-el2w-scopes".
 */
#ifndef EL_CONTROL_OPENAPI_H
#define EL_CONTROL_OPENAPI_H

#include "control/api.h"

/* The caller's; NULL: out of memory. */
json_t *el_openapi_document(const struct el_api *api);

#endif
