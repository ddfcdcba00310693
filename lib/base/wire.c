/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the cursor that are too long to be inline. */
#include "base/wire.h"

#include <stdarg.h>
#include <stdio.h>

void el_wire_printf(struct el_wire *w, const char *format, ...)
{
    va_list args;
    size_t left = el_wire_left(w);

    if (w->failed)
        return;
    va_start(args, format);
    /* vsnprintf wants room for a NUL that we do not keep: format aside when it is tight. */
    char tail[256];
    int n = vsnprintf(tail, sizeof tail, format, args);
    va_end(args);
    if (n < 0 || (size_t)n > left) {
        el_wire_fail(w);
        return;
    }
    if ((size_t)n < sizeof tail) {
        el_wire_put(w, tail, (size_t)n);
        return;
    }
    if ((size_t)n == left) {
        el_wire_fail(w);
        return;
    }
    va_start(args, format);
    vsnprintf((char *)w->at, left, format, args);
    va_end(args);
    w->at += n;
}
