/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot service's end of the channel to control (orders.h): orders come in and go to its
 * machines, lives and steps go out.
 *
 * Nobody waits for control: if the channel is full, or nobody reads it, lives are said again when
 * there is room, as they are then; steps are their timeline's to say again.
 */
#ifndef EL_SERVICE_ORDERS_SERVICE_H
#define EL_SERVICE_ORDERS_SERVICE_H

#include "service/machines.h"

#include <uv.h>

struct el_orders_service;

/* On LOOP, for MACHINES, which lives longer; FD is its own from now on. Throws away what waits
 * there, and says hello. */
int el_orders_service_new(uv_loop_t *loop, int fd, struct el_machines *machines,
                          struct el_orders_service **service, struct el_err *err);
/* Before the loop is closed. NULL is allowed. */
void el_orders_service_free(struct el_orders_service *service);

/* Each is nothing without a SERVICE (NULL). A machine's life has changed; nothing is known of MAC
 * any more. */
void el_orders_service_life(struct el_orders_service *service, const struct el_life *life);
void el_orders_service_gone(struct el_orders_service *service, const struct el_mac *mac);

/* 0, or EL_EAGAIN: there is no room now. */
int el_orders_service_step(struct el_orders_service *service, const struct el_order_step *step);

/* What is lost is said again by who reports it. */
void el_orders_service_server(struct el_orders_service *service,
                              const struct el_order_server *server);

/* Calls BEGUN when control has begun to say everything: it may know nothing of what it was told. */
void el_orders_service_on_begin(struct el_orders_service *service, void (*begun)(void *arg),
                                void *arg);

/* A person at MAC has chosen REGION. */
void el_orders_service_region(struct el_orders_service *service, const struct el_mac *mac,
                              const char *region);

#endif
