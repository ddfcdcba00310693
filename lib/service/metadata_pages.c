/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metadata service: NoCloud and EC2. */
#include "service/metadata_pages.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TTL_MAX_S = 21600, /* of a session's token, as at EC2 */
    TOKEN_BYTES = 8 + crypto_auth_BYTES,
    TOKEN_TEXT = sodium_base64_ENCODED_LEN(TOKEN_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
    TEXT = 512,
};

static const char text_type[] = "text/plain; charset=utf-8";

/* Who asks. */
struct asker {
    const struct el_profile_pages *pages;
    struct el_machine machine;
    struct el_ip ip;
    struct el_profile *profile; /* owned; NULL: it has none */
    struct el_http_answer *answer;
};

/* 0, or there is nobody known at this address, and it is answered. */
static int find_asker(const struct el_profile_pages *pages, const struct el_http_request *request,
                      struct el_http_answer *answer, struct asker *asker)
{
    struct el_err err = {""};

    *asker = (struct asker){.pages = pages, .answer = answer};
    el_http_answer_status(answer, el_machines_complete(pages->config.machines) ? 404 : 503);
    if (!request->client)
        return EL_ENOENT;
    asker->ip = request->client->ip;
    int rc = el_machines_by_address(pages->config.machines, &asker->ip, &asker->machine);
    if (rc < 0 || !asker->machine.intent)
        return EL_ENOENT;
    (void)el_profile_pages_profile(&asker->machine, &asker->profile, &err);
    el_http_answer_status(answer, 404);
    return 0;
}

static void say(const struct asker *asker, const char *text)
{
    el_http_answer_bytes(asker->answer, 200, text_type, text, strlen(text));
}

/* -- what there is to say -- */

static void instance_id(const struct asker *asker, char text[TEXT])
{
    const uint8_t *m = asker->machine.mac.b;

    snprintf(text, TEXT, "el2w-01-%02x-%02x-%02x-%02x-%02x-%02x", m[0], m[1], m[2], m[3], m[4],
             m[5]);
}

static void host_name(const struct asker *asker, char text[TEXT])
{
    const uint8_t *m = asker->machine.mac.b;

    if (asker->machine.intent->name[0])
        snprintf(text, TEXT, "%s", asker->machine.intent->name);
    else
        snprintf(text, TEXT, "m%02x%02x%02x%02x%02x%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static const char *key_at(const struct asker *asker, size_t index)
{
    for (size_t i = 0; asker->profile && i < asker->profile->count; i++)
        if (asker->profile->values[i].kind == EL_PROFILE_SSH_KEY && index-- == 0)
            return asker->profile->values[i].text;
    return NULL;
}

/* The file NAME of its template, if that is for systems that run. */
static bool say_rendered(const struct asker *asker, const char *name)
{
    const struct el_profile_template *t =
        asker->profile
            ? el_profile_templates_find(asker->pages->templates, asker->profile->template_name)
            : NULL;
    struct el_profile_facts facts =
        el_profile_pages_facts(asker->pages, &asker->machine, &asker->ip);
    struct el_err err = {""};
    char *text = NULL;
    size_t len = 0;

    if (!t || !el_profile_template_running(t) || !el_profile_template_find_file(t, name))
        return false;
    if (el_profile_render(asker->profile, asker->pages->templates, &facts, name,
                          EL_PROFILE_WITHHELD, &text, &len, &err) < 0)
        el_http_answer_status(asker->answer, 500);
    else
        el_http_answer_bytes(asker->answer, 200, text_type, text, len);
    el_profile_text_free(text, len);
    return true;
}

static void say_user_data(const struct asker *asker)
{
    if (!say_rendered(asker, "user-data"))
        say(asker, "#cloud-config\n{}\n");
}

/* -- NoCloud -- */

/* JSON is YAML. */
static void say_meta_data(const struct asker *asker)
{
    char id[TEXT], name[TEXT];
    json_t *keys = json_array();
    const char *key;

    instance_id(asker, id);
    host_name(asker, name);
    for (size_t i = 0; (key = key_at(asker, i)) != NULL; i++)
        json_array_append_new(keys, json_string(key));
    json_t *json = json_pack("{s:s, s:s, s:o}", "instance-id", id, "local-hostname", name,
                             "public-keys", keys);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    if (text)
        say(asker, text);
    else
        el_http_answer_status(asker->answer, 500);
    free(text);
    json_decref(json);
}

static void say_network(const struct asker *asker)
{
    char text[TEXT], mac[EL_MAC_TEXT];

    snprintf(text, sizeof text,
             "version: 2\nethernets:\n  boot:\n    match:\n      macaddress: \"%s\"\n"
             "    dhcp4: true\n",
             el_mac_text(&asker->machine.mac, mac));
    say(asker, text);
}

static void nocloud(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    struct asker asker;

    if (find_asker(arg, request, answer, &asker) < 0)
        return;
    if (strcmp(request->rest, "meta-data") == 0)
        say_meta_data(&asker);
    else if (strcmp(request->rest, "user-data") == 0)
        say_user_data(&asker);
    else if (strcmp(request->rest, "vendor-data") == 0)
        say(&asker, "#cloud-config\n{}\n");
    else if (strcmp(request->rest, "network-config") == 0)
        say_network(&asker);
    answer->no_store = true;
    el_profile_free(asker.profile);
}

/* -- EC2: a session's token says until when it is good, and a MAC over that and who may have it --
 */

static void authenticate(const struct el_profile_pages *pages, const struct el_ip *ip,
                         const uint8_t until[8], uint8_t mac[crypto_auth_BYTES])
{
    uint8_t text[8 + sizeof ip->b];

    memcpy(text, until, 8);
    memcpy(text + 8, ip->b, sizeof ip->b);
    crypto_auth(mac, text, sizeof text, pages->key);
}

static int64_t now_s(const struct el_profile_pages *pages)
{
    return pages->config.wall_s(pages->config.arg);
}

static void say_session(const struct asker *asker, int64_t ttl_s)
{
    uint64_t until_s = (uint64_t)(now_s(asker->pages) + ttl_s);
    uint8_t token[TOKEN_BYTES];
    char text[TOKEN_TEXT];

    for (int i = 0; i < 8; i++)
        token[i] = (uint8_t)(until_s >> (56 - 8 * i));
    authenticate(asker->pages, &asker->ip, token, token + 8);
    sodium_bin2base64(text, sizeof text, token, sizeof token,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    say(asker, text);
}

static bool is_session(const struct asker *asker, const char *text)
{
    uint8_t token[TOKEN_BYTES], mac[crypto_auth_BYTES];
    uint64_t until_s = 0;
    size_t len;

    if (sodium_base642bin(token, sizeof token, text, strlen(text), NULL, &len, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) < 0 ||
        len != sizeof token)
        return false;
    for (int i = 0; i < 8; i++)
        until_s = until_s << 8 | token[i];
    authenticate(asker->pages, &asker->ip, token, mac);
    return sodium_memcmp(mac, token + 8, sizeof mac) == 0 && now_s(asker->pages) < (int64_t)until_s;
}

/* Behind a proxy would be somebody else than who is meant (as EC2 refuses it). */
static void put_session(const struct asker *asker, const struct el_http_request *request)
{
    const char *said = el_http_field(request, "x-aws-ec2-metadata-token-ttl-seconds");
    char *end = NULL;
    long ttl_s = said ? strtol(said, &end, 10) : 0;

    if (el_http_field(request, "x-forwarded-for"))
        el_http_answer_status(asker->answer, 403);
    else if (!said || *end || ttl_s < 1 || ttl_s > TTL_MAX_S)
        el_http_answer_status(asker->answer, 400);
    else
        say_session(asker, ttl_s);
}

/* -- EC2: the tree -- */

static void say_id(const struct asker *asker, const char *rest)
{
    char text[TEXT];

    (void)rest;
    instance_id(asker, text);
    say(asker, text);
}

static void say_name(const struct asker *asker, const char *rest)
{
    char text[TEXT];

    (void)rest;
    host_name(asker, text);
    say(asker, text);
}

static void say_ip(const struct asker *asker, const char *rest)
{
    char text[EL_IP_TEXT];

    (void)rest;
    say(asker, el_ip_text(&asker->ip, text));
}

static void say_mac(const struct asker *asker, const char *rest)
{
    char text[EL_MAC_TEXT];

    (void)rest;
    say(asker, el_mac_text(&asker->machine.mac, text));
}

static void say_image(const struct asker *asker, const char *rest)
{
    (void)rest;
    if (asker->profile)
        say(asker, asker->profile->image);
}

/* "", "0", "0/", "0/openssh-key" */
static void say_keys(const struct asker *asker, const char *rest)
{
    char text[EL_PROFILE_VALUES * 16] = "", *end;
    size_t len = 0;

    for (size_t i = 0; !*rest && key_at(asker, i); i++)
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%s%zu=key-%zu", i ? "\n" : "", i, i);
    if (!*rest) {
        say(asker, text);
        return;
    }
    unsigned long index = strtoul(rest, &end, 10);
    const char *key = end != rest && *rest != '-' ? key_at(asker, index) : NULL;
    if (!key)
        return;
    if (*end == '\0' || strcmp(end, "/") == 0)
        say(asker, "openssh-key");
    else if (strcmp(end, "/openssh-key") == 0)
        say(asker, key);
}

static const struct {
    const char *name; /* one that ends in a slash has more beneath it */
    void (*say)(const struct asker *asker, const char *rest);
} leaves[] = {
    {"ami-id", say_image},        {"hostname", say_name}, {"instance-id", say_id},
    {"local-hostname", say_name}, {"local-ipv4", say_ip}, {"mac", say_mac},
    {"public-keys/", say_keys},
};

enum { LEAVES = sizeof leaves / sizeof leaves[0] };

static void list_leaves(const struct asker *asker)
{
    char text[TEXT] = "";

    for (unsigned i = 0; i < LEAVES; i++) {
        strcat(text, i ? "\n" : "");
        strcat(text, leaves[i].name);
    }
    say(asker, text);
}

static void say_leaf(const struct asker *asker, const char *path)
{
    for (unsigned i = 0; i < LEAVES; i++) {
        size_t len = strlen(leaves[i].name);
        bool branch = leaves[i].name[len - 1] == '/';
        bool same = branch ? strncmp(path, leaves[i].name, len - 1) == 0 &&
                                 (path[len - 1] == '/' || path[len - 1] == '\0')
                           : strcmp(path, leaves[i].name) == 0;
        if (same) {
            const char *rest = path + len - (branch ? 1 : 0);
            leaves[i].say(asker, branch && *rest == '/' ? rest + 1 : rest);
            return;
        }
    }
}

static void get_metadata(const struct asker *asker, const char *path)
{
    static const char tree[] = "meta-data";
    size_t len = sizeof tree - 1;

    if (*path == '\0')
        say(asker, "meta-data\nuser-data");
    else if (strcmp(path, "user-data") == 0)
        say_user_data(asker);
    else if (strncmp(path, tree, len) == 0 && (path[len] == '\0' || !strcmp(path + len, "/")))
        list_leaves(asker);
    else if (strncmp(path, tree, len) == 0 && path[len] == '/')
        say_leaf(asker, path + len + 1);
}

static void ec2(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    const char *session = el_http_field(request, "x-aws-ec2-metadata-token");
    struct asker asker;

    if (find_asker(arg, request, answer, &asker) < 0)
        return;
    if (request->method == EL_HTTP_PUT && strcmp(request->rest, "api/token") == 0)
        put_session(&asker, request);
    else if (request->method == EL_HTTP_PUT)
        el_http_answer_status(answer, 405);
    else if (session && !is_session(&asker, session))
        el_http_answer_status(answer, 401);
    else
        get_metadata(&asker, request->rest);
    answer->no_store = true;
    el_profile_free(asker.profile);
}

void el_metadata_pages_routes(struct el_profile_pages *pages,
                              struct el_http_route routes[EL_METADATA_ROUTES])
{
    static const char *const versions[] = {"/latest/", "/2009-04-04/", "/2016-09-02/",
                                           "/2018-09-24/", "/2021-03-23/"};

    routes[0] = (struct el_http_route){"/nocloud/", EL_HTTP_GET, nocloud, pages, 0};
    for (unsigned i = 0; i < sizeof versions / sizeof versions[0]; i++)
        routes[i + 1] = (struct el_http_route){
            versions[i], EL_HTTP_GET | (i == 0 ? EL_HTTP_PUT : 0), ec2, pages, 0};
}
