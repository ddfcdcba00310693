/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What any machine may ask the metadata service for: a path, and in a second line a session's
 * token. Nobody has a right one, and no answer has the profile's secret in it. */
#include "service/metadata_pages.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET \
    "$6$saltsaltsaltsalt$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct el_machines *machines;
static struct el_profile_pages pages;
static struct el_http_route routes[EL_METADATA_ROUTES + 1];

static int64_t wall_s(void *arg)
{
    (void)arg;
    return 1000;
}

static int lease(void *arg, const struct el_ip *ip, struct el_mac *mac)
{
    (void)arg;
    (void)ip;
    *mac = (struct el_mac){{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
    return 0;
}

static void order(const char *text)
{
    struct el_order heard;

    if (el_order_read(text, strlen(text), true, &heard, NULL) < 0 ||
        el_machines_order(machines, &heard, NULL) < 0)
        abort();
    el_order_clear(&heard);
}

static void begin(void)
{
    static const struct el_machines_config config = {
        .has_control = true, .wall_s = wall_s, .lease = lease};
    struct el_profile_pages_config shown = {
        .address = {{4, {192, 168, 77, 1}}, 24}, .hub = "192.168.77.1", .wall_s = wall_s};

    if (sodium_init() < 0 || el_machines_new(&config, &machines, NULL) < 0)
        abort();
    shown.machines = machines;
    if (el_profile_pages_begin(&pages, &shown, NULL) < 0)
        abort();
    el_metadata_pages_routes(&pages, routes);
    order("{\"order\":\"profile\",\"name\":\"web\",\"image\":\"i\",\"document\":{\"name\":\"web\","
          "\"image\":\"i\",\"template\":\"cloud-init\",\"secrets\":[{\"name\":\"root-password\","
          "\"value\":\"" SECRET "\"}]}}");
    order("{\"order\":\"machine\",\"mac\":\"52:54:00:12:34:56\",\"name\":\"n1\","
          "\"profile\":\"web\"}");
    order("{\"order\":\"complete\"}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct el_endpoint client = {.ip = {4, {192, 168, 77, 20}}};
    struct el_http_answer answer = {.status = 404};
    char *text = calloc(1, size + 1), *session;

    if (!machines)
        begin();
    memcpy(text, data, size);
    session = strchr(text, '\n');
    if (session)
        *session++ = '\0';
    const struct el_http_field field = {"x-aws-ec2-metadata-token", session};
    const struct el_http_route *route = el_http_route_find(routes, text);
    struct el_http_request request = {.method = size % 7 ? EL_HTTP_GET : EL_HTTP_PUT,
                                      .client = &client,
                                      .path = text,
                                      .fields = &field,
                                      .field_count = session ? 1 : 0};
    if (route) {
        request.rest = text + strlen(route->prefix);
        route->handler(route->arg, &request, &answer);
        if (session && answer.status == 200 && strcmp(route->prefix, "/nocloud/") != 0 &&
            request.method == EL_HTTP_GET)
            abort();
        if (answer.bytes && memmem(answer.bytes, answer.len, SECRET, strlen(SECRET)))
            abort();
    }
    el_http_answer_clear(&answer);
    free(text);
    return 0;
}
