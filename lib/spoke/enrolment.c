/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The enrolment's file. */
#include "spoke/enrolment.h"

#include "base/conf.h"
#include "node/key.h"
#include "sys/files.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

/* What is read, as the options of an applet are. */
struct reading {
    struct el_conf_common common;
    struct el_enrolment enrolment;
};

/* -- parts -- */

int el_enrolment_set_name(struct el_enrolment *enrolment, const char *name, struct el_err *err)
{
    if (!el_node_is_name(name, strlen(name)))
        return el_err(err, EL_EINVAL, "this is no name for a spoke (letters, digits, - . _)");
    strcpy(enrolment->name, name);
    return 0;
}

int el_enrolment_set_address(struct el_enrolment *enrolment, const char *text, struct el_err *err)
{
    const struct el_prefix range = {el_ip4(0x64400000), 10}; /* RFC 6598 */
    struct el_ip ip;

    if (el_ip_parse(text, &ip) < 0 || !el_prefix_contains(&range, &ip) ||
        el_ip4_number(&ip) == EL_NODE_HUB_ADDRESS)
        return el_err(err, EL_EINVAL, "this is no tunnel address for a spoke (100.64.0.0/10)");
    enrolment->address = ip;
    return 0;
}

int el_enrolment_add_endpoint(struct el_enrolment *enrolment, const char *text, struct el_err *err)
{
    char host[256];
    uint16_t port;

    if (strlen(text) >= EL_NODE_ENDPOINT_TEXT || strchr(text, ',') ||
        el_node_split_endpoint(text, 51820, host, &port) < 0)
        return el_err(err, EL_EINVAL, "this is not HOST or HOST:PORT");
    if (enrolment->endpoint_count == EL_ENROLMENT_ENDPOINTS)
        return el_err(err, EL_EINVAL, "more than %d endpoints", EL_ENROLMENT_ENDPOINTS);
    strcpy(enrolment->endpoints[enrolment->endpoint_count++], text);
    return 0;
}

/* -- text to enrolment -- */

static int read_key(uint8_t key[EL_TUNNEL_KEY_BYTES], const char *text, struct el_err *err)
{
    return el_tunnel_key_parse(text, key) == 0 ? 0 : el_err(err, EL_EINVAL, "this is no key");
}

static int read_name(void *values, const char *text, struct el_err *err)
{
    return el_enrolment_set_name(&((struct reading *)values)->enrolment, text, err);
}

static int read_own_key(void *values, const char *text, struct el_err *err)
{
    return read_key(((struct reading *)values)->enrolment.key, text, err);
}

static int read_token(void *values, const char *text, struct el_err *err)
{
    return read_key(((struct reading *)values)->enrolment.token, text, err);
}

static int read_hub_key(void *values, const char *text, struct el_err *err)
{
    return read_key(((struct reading *)values)->enrolment.hub_key, text, err);
}

static int read_psk(void *values, const char *text, struct el_err *err)
{
    return read_key(((struct reading *)values)->enrolment.psk, text, err);
}

static int read_address(void *values, const char *text, struct el_err *err)
{
    return el_enrolment_set_address(&((struct reading *)values)->enrolment, text, err);
}

static int read_endpoint(void *values, const char *text, struct el_err *err)
{
    return el_enrolment_add_endpoint(&((struct reading *)values)->enrolment, text, err);
}

static int read_network(void *values, const char *text, struct el_err *err)
{
    return el_spoke_networks_read(&((struct reading *)values)->enrolment.networks, text, err);
}

#define LINE(word, function) .name = word, .type = EL_CONF_CUSTOM, .parse = function, .metavar = "X"

static const struct el_conf_option options[] = {
    {LINE("name", read_name)},
    {LINE("key", read_own_key)},
    {LINE("token", read_token)},
    {LINE("hub-key", read_hub_key)},
    {LINE("address", read_address)},
    {.name = "wire",
     .type = EL_CONF_CHOICE,
     .offset = offsetof(struct reading, enrolment.wire),
     .metavar = "WIRE",
     .choices = el_tunnel_wire_names},
    {LINE("psk", read_psk)},
    {LINE("endpoint", read_endpoint), .repeat = true},
    {LINE("network", read_network), .repeat = true},
    {.name = "revoked",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct reading, enrolment.revoked)},
};

static const struct el_conf_schema schema = {
    .name = "enrolled", .options = options, .count = sizeof options / sizeof options[0]};

static int check_complete(const struct el_conf *conf, const char *origin, struct el_err *err)
{
    static const char *const needed[] = {"name",    "key",  "token",   "hub-key",
                                         "address", "wire", "endpoint"};

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!el_conf_said(conf, needed[i]))
            return el_err(err, EL_EINVAL, "%s: there is no %s in it", origin, needed[i]);
    return 0;
}

int el_enrolment_parse(const char *text, const char *origin, struct el_enrolment *enrolment,
                       struct el_err *err)
{
    struct reading reading = {.enrolment = {.endpoint_count = 0}};
    struct el_conf *conf = el_conf_new(&schema, &reading);
    struct el_err why = {""};

    if (!conf)
        return el_err(err, EL_ENOMEM, "out of memory");
    int rc = el_conf_file(conf, text, origin, &why);
    if (rc == 0)
        rc = el_conf_finish(conf, &why);
    if (rc == 0)
        rc = check_complete(conf, origin, &why);
    if (rc == 0)
        rc = el_tunnel_wire_check((enum el_tunnel_wire)reading.enrolment.wire, &why);
    el_conf_free(conf);
    *enrolment = rc == 0 ? reading.enrolment : (struct el_enrolment){.endpoint_count = 0};
    sodium_memzero(&reading, sizeof reading);
    return rc == 0 ? 0 : el_err(err, rc, "%s", why.text);
}

/* -- enrolment to text -- */

static void write_key(FILE *out, const char *name, const uint8_t key[EL_TUNNEL_KEY_BYTES])
{
    char text[EL_TUNNEL_KEY_TEXT];

    el_tunnel_key_text(key, text);
    fprintf(out, "%s = %s\n", name, text);
    sodium_memzero(text, sizeof text);
}

static void write_lines(FILE *out, const struct el_enrolment *enrolment)
{
    char ip[EL_IP_TEXT];

    fprintf(out, "[enrolled]\nname = %s\n", enrolment->name);
    write_key(out, "key", enrolment->key);
    write_key(out, "token", enrolment->token);
    write_key(out, "hub-key", enrolment->hub_key);
    fprintf(out, "address = %s\nwire = %s\n", el_ip_text(&enrolment->address, ip),
            el_tunnel_wire_names[enrolment->wire]);
    if (!sodium_is_zero(enrolment->psk, sizeof enrolment->psk))
        write_key(out, "psk", enrolment->psk);
    for (unsigned i = 0; i < enrolment->endpoint_count; i++)
        fprintf(out, "endpoint = %s\n", enrolment->endpoints[i]);
    el_spoke_networks_print(out, &enrolment->networks);
    if (enrolment->revoked)
        fputs("revoked = yes\n", out);
}

/* In memory of a fixed size: a stream that grows would leave secrets behind where it was. */
char *el_enrolment_text(const struct el_enrolment *enrolment)
{
    char *text = calloc(1, EL_ENROLMENT_TEXT);
    FILE *out = text ? fmemopen(text, EL_ENROLMENT_TEXT, "w") : NULL;

    if (out) {
        setvbuf(out, NULL, _IONBF, 0);
        write_lines(out, enrolment);
        if (fclose(out) == 0)
            return text;
    }
    free(text);
    return NULL;
}

/* -- the file -- */

static void file_path(const char *state, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/enrolled.conf", state);
}

int el_enrolment_read(const char *state, struct el_enrolment *enrolment, struct el_err *err)
{
    char path[PATH_BYTES];
    char text[EL_ENROLMENT_TEXT];

    *enrolment = (struct el_enrolment){.endpoint_count = 0};
    file_path(state, path);
    int n = el_sys_file_read_secret(path, text, sizeof text - 1, err);
    if (n < 0)
        return n;
    text[n] = '\0';
    int rc = strlen(text) == (size_t)n
                 ? el_enrolment_parse(text, path, enrolment, err)
                 : el_err(err, EL_EINVAL, "%s: this is not a text file", path);
    sodium_memzero(text, sizeof text);
    return rc;
}

int el_enrolment_write(const char *state, const struct el_enrolment *enrolment, struct el_err *err)
{
    char path[PATH_BYTES];
    char *text = el_enrolment_text(enrolment);

    if (!text)
        return el_err(err, EL_ENOMEM, "out of memory");
    file_path(state, path);
    int rc = el_sys_file_write(path, text, strlen(text), 0600, err);
    sodium_memzero(text, EL_ENROLMENT_TEXT);
    free(text);
    return rc;
}
