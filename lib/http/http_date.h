/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP dates (RFC 9110 §5.6.7) as seconds since 1970, without the C library's clock or locale. */
#ifndef EL_HTTP_HTTP_DATE_H
#define EL_HTTP_HTTP_DATE_H

#include <stdint.h>

enum { EL_HTTP_DATE_TEXT = 30 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" and NUL */

/* The preferred form, IMF-fixdate. Years 0 to 9999; outside them the nearest of these. */
char *el_http_date_text(int64_t seconds, char text[EL_HTTP_DATE_TEXT]);

/* Any of the three forms that a recipient must take: IMF-fixdate, RFC 850, asctime. NOW decides the
 * century of RFC 850's two digits (more than 50 years ahead means the past). 0 or EL_EINVAL. */
int el_http_date_parse(const char *text, int64_t now, int64_t *seconds);

#endif
