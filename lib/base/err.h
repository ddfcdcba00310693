/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors.
 *
 * A function returns 0 (or a count) on success and a negative `enum el_errno` on failure. Where a
 * person will read about the failure, it also fills a `struct el_err`: one sentence that says what
 * happened, to what, and what to do next. Only main() turns an error into an exit code.
 */
#ifndef EL_BASE_ERR_H
#define EL_BASE_ERR_H

#include <stddef.h>

enum el_errno {
    EL_EINVAL = -1,   /* an argument or a value is outside its range */
    EL_EPROTO = -2,   /* bytes from the network break their protocol */
    EL_ESHORT = -3,   /* input ends too early, or output does not fit */
    EL_ENOENT = -4,   /* no such thing */
    EL_EEXIST = -5,   /* it is there already, or in use by another */
    EL_EFULL = -6,    /* a table has reached its stated capacity */
    EL_EAGAIN = -7,   /* not now; try again when told */
    EL_EAUTH = -8,    /* authentication failed */
    EL_ENOTSUP = -9,  /* this system, kernel or peer cannot do it */
    EL_EPERM = -10,   /* we lack the right to do it */
    EL_EIO = -11,     /* the operating system failed us; errno told why */
    EL_ENOMEM = -12,  /* out of memory */
    EL_ECLOSED = -13, /* the other end is gone */
};

/* One sentence for people, in one line; always NUL-terminated, empty when nothing went wrong. Owned
 * by the caller, usually on the stack of the applet's main function. */
struct el_err {
    char text[480];
};

/* The plain English name of a code ("no such thing"). Never NULL. */
const char *el_strerror(int code);

/* Fills ERR (which may be NULL; its old text must not be among the arguments) and returns CODE, so
 * that a failing function can end with `return el_err(err, EL_ENOENT, "lan %s: no such interface",
 * name);` */
int el_err(struct el_err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: appends ": " and the text of ERRNO_VALUE and maps it to the
 * nearest code (EACCES and EPERM to EL_EPERM, EADDRINUSE to EL_EEXIST, ... others, and 0, to
 * EL_EIO). */
int el_err_os(struct el_err *err, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The code that stands for ERRNO_VALUE; 0 for 0. */
int el_errno_from_os(int errno_value);

#endif
