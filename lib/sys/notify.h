/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "I am ready": from an applet to our supervisor (an inherited descriptor called "notify"), or from
 * us to systemd (NOTIFY_SOCKET, sd_notify(3)). Under neither, nothing is done.
 */
#ifndef EL_SYS_NOTIFY_H
#define EL_SYS_NOTIFY_H

/* 0, also when nobody wants to know; negative if somebody does and could not be told. */
int el_sys_notify_ready(void);

/* Tells systemd that an orderly stop has begun. */
int el_sys_notify_stopping(void);

#endif
