/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error codes and the sentence that goes with them. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *el_strerror(int code)
{
    static const char *const names[] = {
        "success",
        "invalid value",
        "protocol violation",
        "too short",
        "no such thing",
        "already there",
        "full",
        "not now",
        "authentication failed",
        "not supported",
        "permission denied",
        "input/output error",
        "out of memory",
        "closed",
    };
    size_t index = code <= 0 ? 0u - (unsigned)code : 0;

    return index < sizeof names / sizeof names[0] ? names[index] : "unknown error";
}

int el_errno_from_os(int errno_value)
{
    switch (errno_value) {
    case 0: return 0;
    case EACCES:
    case EPERM: return EL_EPERM;
    case EADDRINUSE:
    case EEXIST:
    case EBUSY: return EL_EEXIST;
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ESRCH: return EL_ENOENT;
    case EAGAIN:
    case EINTR: return EL_EAGAIN;
    case ENOMEM:
    case ENOBUFS: return EL_ENOMEM;
    case EINVAL: return EL_EINVAL;
    case EOPNOTSUPP:
    case ENOSYS:
    case ENOPROTOOPT:
    case EAFNOSUPPORT: return EL_ENOTSUP;
    case EPIPE:
    case ECONNRESET: return EL_ECLOSED;
    default: return EL_EIO;
    }
}

/* A name that someone gave us must not end the line that names it, nor talk to the terminal. */
static void make_one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

int el_err(struct el_err *err, int code, const char *format, ...)
{
    if (err) {
        va_list args;

        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        make_one_line(err->text);
    }
    return code;
}

int el_err_os(struct el_err *err, int errno_value, const char *format, ...)
{
    if (err) {
        va_list args;

        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(errno_value));
        make_one_line(err->text);
    }
    int code = el_errno_from_os(errno_value);
    return code < 0 ? code : EL_EIO; /* something failed, even where errno does not know it */
}
