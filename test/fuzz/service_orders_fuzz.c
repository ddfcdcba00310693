/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Orders and reports, whatever they are. What is taken from either side can be written again, and
 * read, and is the same; and machines take every order in their stride.
 */
#include "base/log.h"
#include "service/machines.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
    if (!promise)
        abort();
}

static int64_t wall_s(void *arg)
{
    (void)arg;
    return 1000;
}

static void follow(const struct el_order *order)
{
    static const struct el_machines_config config = {.has_control = true, .wall_s = wall_s};
    struct el_machines *machines;
    struct el_machine machine;
    struct el_err err = {""};

    require(el_machines_new(&config, &machines, &err) == 0);
    require(el_machines_order(machines, order, &err) == 0);
    if (order->kind == EL_ORDER_MACHINE)
        require(el_machines_by_mac(machines, &order->machine.mac, &machine) == 0);
    el_machines_free(machines);
}

static void read(const uint8_t *data, size_t size, bool from_control)
{
    struct el_order order, again;
    struct el_err err = {""};
    size_t len, len_again;

    if (el_order_read(data, size, from_control, &order, &err) < 0) {
        require(err.text[0]);
        return;
    }
    char *text = el_order_write(&order, &len);
    require(text || size > EL_ORDER_BYTES / 8);
    if (text) {
        require(el_order_read(text, len, from_control, &again, &err) == 0);
        char *text_again = el_order_write(&again, &len_again);
        require(text_again && len_again == len && memcmp(text, text_again, len) == 0);
        free(text_again);
        el_order_clear(&again);
    }
    if (from_control && order.kind != EL_ORDER_AGAIN)
        follow(&order);
    free(text);
    el_order_clear(&order);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    if (size > EL_ORDER_BYTES)
        return 0;
    read(data, size, true);
    read(data, size, false);
    return 0;
}
