/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders in, reports out. */
#include "service/orders_service.h"

#include "base/log.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ORDERS_AT_ONCE = 64 };

/* The poll is a handle of libuv's, so it is freed apart from the rest. */
struct el_orders_service {
    uv_poll_t *poll;
    int fd;
    struct el_machines *machines;
    bool greet;  /* hello has to be said */
    bool behind; /* lives from `next` on have to be said */
    size_t next;
    void (*begun)(void *arg); /* NULL: nobody asks */
    void *begun_arg;
    char bytes[EL_ORDER_BYTES];
};

static void on_ready(uv_poll_t *poll, int status, int events);

static void watch(struct el_orders_service *service)
{
    int events = UV_READABLE | (service->behind || service->greet ? UV_WRITABLE : 0);

    uv_poll_start(service->poll, events, on_ready);
}

/* 0, or EL_EAGAIN; what can never be said counts as said. */
static int say(struct el_orders_service *service, const struct el_order *order)
{
    size_t len = 0;
    char *text = el_order_write(order, &len);
    int rc = text ? el_orders_send(service->fd, text, len) : EL_ENOMEM;

    free(text);
    if (rc < 0 && rc != EL_EAGAIN)
        EL_LOG(EL_LOG_WARN, "boot", "report", EL_STR("error", el_strerror(rc)));
    return rc == EL_EAGAIN ? rc : 0;
}

static int say_life(struct el_orders_service *service, const struct el_life *life)
{
    struct el_order order = {.kind = EL_ORDER_LIFE, .life = *life};

    int rc = say(service, &order);
    sodium_memzero(&order, sizeof order);
    return rc;
}

static void catch_up(struct el_orders_service *service)
{
    const struct el_lives *lives = el_machines_lives(service->machines);

    if (service->greet && say(service, &(struct el_order){.kind = EL_ORDER_HELLO}) == 0)
        service->greet = false;
    while (service->behind && !service->greet) {
        const struct el_life *life = el_lives_at(lives, service->next);
        if (!life)
            service->behind = false;
        else if (say_life(service, life) < 0)
            break;
        else
            service->next++;
    }
    watch(service);
}

static void say_all(struct el_orders_service *service)
{
    service->behind = true;
    service->next = 0;
}

static void follow(struct el_orders_service *service, int len)
{
    struct el_order order;
    struct el_err err = {""};
    int rc = el_order_read(service->bytes, (size_t)len, true, &order, &err);

    if (rc == 0 && order.kind == EL_ORDER_AGAIN)
        service->greet = true;
    else if (rc == 0)
        rc = el_machines_order(service->machines, &order, &err);
    if (rc == 0 && order.kind == EL_ORDER_BEGIN) {
        say_all(service);
        if (service->begun)
            service->begun(service->begun_arg);
    }
    if (rc < 0)
        EL_LOG(EL_LOG_ERROR, "boot", "order", EL_STR("error", err.text));
    if (rc == 0 && order.kind == EL_ORDER_FORGET)
        el_orders_service_gone(service, &order.machine.mac);
    el_order_clear(&order);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct el_orders_service *service = poll->data;
    int len = status < 0 ? EL_EIO : 0;

    (void)events;
    for (unsigned i = 0; i < ORDERS_AT_ONCE && len != EL_EAGAIN && len != EL_ECLOSED; i++) {
        len = el_orders_receive(service->fd, service->bytes);
        if (len > 0)
            follow(service, len);
    }
    sodium_memzero(service->bytes, sizeof service->bytes); /* profiles have secrets */
    if (len == EL_ECLOSED)
        uv_poll_stop(poll);
    else
        catch_up(service);
}

int el_orders_service_new(uv_loop_t *loop, int fd, struct el_machines *machines,
                          struct el_orders_service **result, struct el_err *err)
{
    struct el_orders_service *service = calloc(1, sizeof *service);
    uv_poll_t *poll = calloc(1, sizeof *poll);
    int len = 0;

    *result = NULL;
    if (!service || !poll || uv_poll_init(loop, poll, fd) < 0) {
        free(service);
        free(poll);
        close(fd);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    *service =
        (struct el_orders_service){.poll = poll, .fd = fd, .machines = machines, .greet = true};
    poll->data = service;
    while (len != EL_EAGAIN && len != EL_ECLOSED) /* for whoever was here before us */
        len = el_orders_receive(fd, service->bytes);
    catch_up(service);
    *result = service;
    return 0;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void el_orders_service_free(struct el_orders_service *service)
{
    if (!service)
        return;
    uv_close((uv_handle_t *)service->poll, free_handle);
    close(service->fd);
    sodium_memzero(service->bytes, sizeof service->bytes);
    free(service);
}

/* -- reports -- */

void el_orders_service_life(struct el_orders_service *service, const struct el_life *life)
{
    if (!service || service->behind)
        return; /* or it is said with the others */
    if (service->greet || say_life(service, life) < 0)
        say_all(service);
    watch(service);
}

void el_orders_service_gone(struct el_orders_service *service, const struct el_mac *mac)
{
    struct el_order order = {.kind = EL_ORDER_GONE, .machine.mac = *mac};

    if (service)
        (void)say(service, &order);
}

void el_orders_service_region(struct el_orders_service *service, const struct el_mac *mac,
                              const char *region)
{
    struct el_order order = {.kind = EL_ORDER_REGION, .machine.mac = *mac};

    snprintf(order.machine.region, sizeof order.machine.region, "%s", region);
    if (service)
        (void)say(service, &order);
}

int el_orders_service_step(struct el_orders_service *service, const struct el_order_step *step)
{
    struct el_order order = {.kind = EL_ORDER_STEP, .step = *step};

    if (!service)
        return 0;
    return service->greet ? EL_EAGAIN : say(service, &order);
}

void el_orders_service_server(struct el_orders_service *service,
                              const struct el_order_server *server)
{
    struct el_order order = {.kind = EL_ORDER_SERVER, .server = *server};

    if (service && !service->greet)
        (void)say(service, &order);
}

void el_orders_service_on_begin(struct el_orders_service *service, void (*begun)(void *arg),
                                void *arg)
{
    service->begun = begun;
    service->begun_arg = arg;
}
