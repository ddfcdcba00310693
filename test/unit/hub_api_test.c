/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hub's API as those who ask see it: the operator, the holder of a token, a spoke. Every answer
 * is held against its schema, and every operation is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/openapi.h"
#include "enrol/fingerprint.h"
#include "enrol/totp.h"
#include "frame/pcapng.h"
#include "hub/hub_api.h"
#include "registry/registry_store.h"
#include "timeline/recent.h"
#include "tunnel/tunnel.h"

enum { NOW = 1790000000, HOUR = 3600, CALLED_MAX = 128 };

static struct {
    struct el_registry *registry;
    struct el_node_hub_api *hub;
    struct el_events *events;
    struct el_registry_store store;
    bool disk_full;
    int64_t now_s;
    struct el_api_reply reply;
    json_t *said;
    struct el_profile_templates *templates;
    struct el_hub_direct *direct;
    unsigned nudges;
    struct el_hub_lives *lives;
    struct el_hub_timeline *timeline;
    struct el_hub_recent *recent;
    /* the program of the second factor */
    unsigned asked, due;
    uint8_t asked_key[32], asked_token[32];
    uint32_t looped;            /* a network where everybody has a loop with venus, */
    enum el_node_hub_loop loop; /* of which this is everybody's part */
    char images_path[32];
    int images;
} w;

/* operationIds that have answered well */
static const char *called[CALLED_MAX];

/* -- the world -- */

static int put(void *arg, const struct el_registry_row *rows, size_t count, struct el_err *err)
{
    (void)arg;
    (void)rows;
    (void)count;
    return w.disk_full ? el_err(err, EL_EIO, "no space left on the disk") : 0;
}

static int load(void *arg, int (*each)(void *, const struct el_registry_row *, struct el_err *),
                void *each_arg, struct el_err *err)
{
    (void)arg;
    (void)each;
    (void)each_arg;
    (void)err;
    return 0;
}

static void on_event(void *arg, const struct el_registry_event *event)
{
    (void)arg;
    if (w.hub)
        el_node_hub_api_event(w.hub, event);
}

static int where(void *arg, const uint8_t key[32], struct el_endpoint *endpoint)
{
    (void)arg;
    (void)key;
    return el_endpoint_parse("203.0.113.5:40000", 0, endpoint);
}

static enum el_node_hub_loop loop_of(void *arg, const uint8_t key[32], uint32_t vni,
                                     const char **other)
{
    (void)arg;
    (void)key;
    *other = "venus";
    return vni == w.looped ? w.loop : EL_NODE_HUB_NO_LOOP;
}

static int ask_program(void *arg, const struct el_node_hub_question *question, struct el_err *err)
{
    (void)arg;
    (void)err;
    w.asked++;
    memcpy(w.asked_key, question->key, 32);
    memcpy(w.asked_token, question->enrolment_key, 32);
    return 0;
}

static void due(void *arg)
{
    (void)arg;
    w.due++;
}

static void nudge(void *arg, const struct el_ip *ip)
{
    (void)arg;
    (void)ip;
    w.nudges++;
}

static int own(void *arg, uint32_t vni, struct el_mac *mac)
{
    (void)arg;
    *mac = (struct el_mac){{2, 0, 0, 0, 0, (uint8_t)vni}};
    return vni == 77 ? 0 : EL_ENOENT;
}

static int find_image(void *arg, const char *name, char installer[EL_HUB_INSTALLER]);

static struct el_node_peers given; /* of the command line */

static const struct el_enrol_endpoint endpoints[] = {{"hub.example.net", 51820}};

static void write_entry(const char *name, const char *text)
{
    char path[80];

    snprintf(path, sizeof path, "%s/%s", w.images_path, name);
    assert_int_equal(mkdir(path, 0700), 0);
    strcat(path, "/entry.conf");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_images(void)
{
    strcpy(w.images_path, "/tmp/hub_api_test.XXXXXX");
    assert_non_null(mkdtemp(w.images_path));
    w.images = open(w.images_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(w.images > 0);
    write_entry("debian-12", "title = Debian\t\xff 12\nkernel = k\ninitrd = i\nmedia = d.iso\n"
                             "size = 662700032\ninstaller = debian\narch = x86_64\n");
    write_entry("wrong", "kernal = \xff\n");
}

static void remove_images(void)
{
    char command[80];

    close(w.images);
    snprintf(command, sizeof command, "rm -r %s", w.images_path);
    assert_int_equal(system(command), 0);
}

static int begin(void **state)
{
    static const struct el_registry_observer observer = {.event = on_event};
    struct el_err err;

    (void)state;
    memset(&w, 0, sizeof w);
    w.now_s = NOW;
    w.store = (struct el_registry_store){put, load, NULL};
    w.events = el_events_new(64, 1);
    struct el_node_hub_api_config config = {.version = "1",
                                            .key = {9},
                                            .endpoints = endpoints,
                                            .endpoint_count = 1,
                                            .given = &given,
                                            .given_network = "boot",
                                            .started_s = NOW,
                                            .fast = true,
                                            .strict = true,
                                            .events = w.events,
                                            .where = where,
                                            .loop = loop_of,
                                            .own = own,
                                            .ask = ask_program,
                                            .due = due};
    if (el_registry_new(&w.store, &observer, &w.registry, &err) < 0)
        return -1;
    w.templates = el_profile_templates_new(&err);
    if (!w.templates)
        return -1;
    config.profiles = (struct el_hub_profiles){.templates = w.templates, .image = find_image};
    struct el_hub_direct_config direct = {w.registry, where, nudge, NULL};
    if (el_hub_direct_new(&direct, &w.direct, &err) < 0)
        return -1;
    make_images();
    config.registry = w.registry;
    config.direct = w.direct;
    config.lives = w.lives = el_hub_lives_new();
    config.images = w.images;
    config.images_path = w.images_path;
    config.timeline = w.timeline = el_hub_timeline_new(w.registry, 1);
    config.recent = w.recent = el_hub_recent_new(w.registry);
    if (el_node_hub_api_new(&config, &w.hub, &err) < 0) {
        print_error("%s\n", err.text);
        return -1;
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    json_decref(w.said);
    el_api_reply_clear(&w.reply);
    el_node_hub_api_free(w.hub);
    el_hub_direct_free(w.direct);
    el_hub_lives_free(w.lives);
    el_profile_templates_free(w.templates);
    el_hub_timeline_free(w.timeline);
    el_hub_recent_free(w.recent);
    el_registry_free(w.registry);
    el_events_free(w.events);
    remove_images();
    return 0;
}

/* -- asking -- */

static const struct el_api_asker operator_self = {.scope = EL_API_OPERATOR};

static bool path_matches(const char *template, const char *path)
{
    while (*template && *path) {
        if (*template == '{') {
            template = strchr(template, '}') + 1;
            path += strcspn(path, "/");
        } else if (*template ++ != *path++) {
            return false;
        }
    }
    return *template == *path;
}

static void note_called(enum el_api_method method, const char *path)
{
    const struct el_api_operation *const *list = el_api_operations(el_node_hub_api(w.hub));

    for (size_t i = 0; list[i]; i++)
        if (list[i]->method == method && path_matches(list[i]->path, path)) {
            called[i] = list[i]->id;
            return;
        }
}

static int ask_as(const struct el_api_asker *asker, enum el_api_method method, const char *path,
                  const char *body)
{
    struct el_api_call call = {.method = method,
                               .path = path,
                               .content_type = body ? "application/json" : NULL,
                               .body = (const uint8_t *)body,
                               .body_len = body ? strlen(body) : 0,
                               .asker = *asker,
                               .wall_s = w.now_s};

    json_decref(w.said);
    el_api_reply_clear(&w.reply);
    el_api_handle(el_node_hub_api(w.hub), &call, &w.reply);
    w.said = w.reply.text ? el_json_parse(w.reply.text, w.reply.len, NULL) : NULL;
    if (w.reply.status == 500)
        fail_msg("%s: %s", path, w.reply.text);
    if (w.reply.status < 300)
        note_called(method, path);
    return w.reply.status;
}

static int get(const char *path)
{
    return ask_as(&operator_self, EL_API_GET, path, NULL);
}

static int post(const char *path, const char *body)
{
    return ask_as(&operator_self, EL_API_POST, path, body);
}

static int delete (const char *path)
{
    return ask_as(&operator_self, EL_API_DELETE, path, NULL);
}

static const char *member(const char *name)
{
    const char *text = json_string_value(json_object_get(w.said, name));

    return text ? text : "(none)";
}

static const char *problem(void)
{
    const char *type = member("type");

    return strncmp(type, EL_PROBLEM_PREFIX, strlen(EL_PROBLEM_PREFIX)) == 0
               ? type + strlen(EL_PROBLEM_PREFIX)
               : type;
}

/* -- a spoke's side -- */

struct joiner {
    uint8_t private_key[32], key[32];
    struct el_api_asker with_token; /* in the tunnel with the token's key */
};

/* Makes a token as the operator, and reads it as the spoke does. */
static struct joiner new_joiner(const char *name)
{
    struct joiner j = {.with_token.scope = EL_API_ENROLMENT};
    struct el_enrol_token token;
    struct el_err err = {""};
    uint8_t enrolment[32];
    char body[128];

    snprintf(body, sizeof body, "{\"name\":\"%s\"}", name);
    if (post("/v1/tokens", body) != 201)
        fail_msg("%s", w.reply.text);
    if (el_enrol_token_decode(member("token"), &token, &err) < 0)
        fail_msg("%s", err.text);
    el_enrol_token_key(&token, enrolment);
    el_tunnel_key_public(enrolment, j.with_token.key);
    el_tunnel_key_make(j.private_key);
    el_tunnel_key_public(j.private_key, j.key);
    return j;
}

static int enrol(const struct joiner *j, const char *code)
{
    char body[256], key[EL_TUNNEL_KEY_TEXT + 1];

    el_tunnel_key_text(j->key, key);
    snprintf(body, sizeof body, "{\"key\":\"%s\",\"fast\":true%s%s%s}", key,
             code ? ",\"code\":\"" : "", code ? code : "", code ? "\"" : "");
    return ask_as(&j->with_token, EL_API_POST, "/v1/enrol", body);
}

/* Who asks from the address that the registry has for SPOKE. */
static struct el_api_asker asker_of(const char *name)
{
    struct el_endpoint from = {.ip = el_registry_spoke(w.registry, name)->ip, .port = 1};
    struct el_api_asker asker;

    assert_int_equal(el_node_hub_api_asker(w.hub, &from, &asker), 0);
    return asker;
}

static int self(const struct el_api_asker *asker)
{
    return ask_as(asker, EL_API_GET, "/v1/self", NULL);
}

/* -- joining -- */

static void a_spoke_joins_with_a_token(void **unused)
{
    (void)unused;
    post("/v1/networks", "{\"name\":\"boot\",\"vni\":77,\"cidr\":\"192.168.77.0/24\","
                         "\"to_all\":\"published\"}");
    struct joiner mars = new_joiner("mars"), thief = mars;
    assert_string_equal(w.reply.location, "/v1/tokens/mars");
    assert_int_equal(get("/v1/tokens/mars"), 200);
    assert_string_equal(member("state"), "open");
    assert_string_equal(member("token"), "(none)"); /* once */
    assert_int_equal(enrol(&mars, NULL), 200);
    assert_string_equal(member("state"), "enrolled");
    assert_string_equal(member("wire"), "fast");
    assert_string_not_equal(member("psk"), "(none)");
    assert_int_equal(json_array_size(json_object_get(w.said, "networks")), 1);
    char *first = strdup(w.reply.text);
    assert_int_equal(enrol(&mars, NULL), 200); /* the answer was lost */
    assert_string_equal(w.reply.text, first);
    free(first);
    el_tunnel_key_make(thief.private_key);
    el_tunnel_key_public(thief.private_key, thief.key);
    assert_int_equal(enrol(&thief, NULL), 409);
    assert_string_equal(problem(), "token-used");
    assert_int_equal(get("/v1/spokes/mars"), 200);
    assert_string_equal(member("enrolled_from"), "203.0.113.5:40000");
    assert_null(strstr(w.reply.text, "psk"));
    struct el_api_asker asker = asker_of("mars");
    assert_int_equal(asker.scope, EL_API_SPOKE);
    assert_int_equal(self(&asker), 200);
    assert_string_equal(member("name"), "mars");
    assert_null(strstr(w.reply.text, "psk"));
}

static void a_spoke_says_how_it_stands(void **unused)
{
    static const char said[] = "{\"ports\":[{\"vni\":77,\"interface\":\"eth1.30\"},{\"vni\":99,"
                               "\"problem\":\"of nobody's interest\"}]}";
    static const char problem_said[] =
        "{\"ports\":[{\"vni\":77,\"problem\":\"eth1.30 is not allowed\"}]}";

    (void)unused;
    post("/v1/networks", "{\"name\":\"boot\",\"vni\":77,\"cidr\":\"192.168.77.0/24\","
                         "\"to_all\":\"published\"}");
    struct joiner mars = new_joiner("mars"), venus = new_joiner("venus");
    enrol(&mars, NULL);
    enrol(&venus, NULL);
    struct el_api_asker asker = asker_of("mars");
    assert_int_equal(ask_as(&asker, EL_API_POST, "/v1/self", said), 200);
    assert_string_equal(member("name"), "mars");
    assert_int_equal(get("/v1/spokes/mars"), 200);
    assert_non_null(strstr(w.reply.text, "\"interface\":\"eth1.30\""));
    assert_null(strstr(w.reply.text, "nobody's"));
    assert_int_equal(ask_as(&asker, EL_API_POST, "/v1/self", problem_said), 200);
    assert_int_equal(get("/v1/spokes/mars"), 200);
    assert_non_null(strstr(w.reply.text, "\"problem\":\"eth1.30 is not allowed\""));
    assert_int_equal(get("/v1/spokes/venus"), 200);
    assert_null(strstr(w.reply.text, "not allowed")); /* what one says is about him */
    assert_int_equal(ask_as(&asker, EL_API_POST, "/v1/self", "{}"), 422);
    assert_int_equal(ask_as(&asker, EL_API_POST, "/v1/self", "{\"ports\":[{\"vni\":0}]}"), 422);
    assert_int_equal(ask_as(&operator_self, EL_API_POST, "/v1/self", said), 403);
}

/* And fills no log with it. */
static void a_spoke_that_says_too_much_is_not_repeated(void **unused)
{
    struct el_events_reader reader = el_events_reader(w.events, NULL);
    struct el_event event;
    char said[96];
    unsigned count = 0;

    (void)unused;
    post("/v1/networks", "{\"name\":\"boot\",\"vni\":77,\"cidr\":\"192.168.77.0/24\","
                         "\"to_all\":\"published\"}");
    struct joiner mars = new_joiner("mars");
    enrol(&mars, NULL);
    struct el_api_asker asker = asker_of("mars");
    for (unsigned i = 0; i < 40; i++) {
        snprintf(said, sizeof said, "{\"ports\":[{\"vni\":77,\"problem\":\"number %u\"}]}", i);
        assert_int_equal(ask_as(&asker, EL_API_POST, "/v1/self", said), 200);
    }
    assert_int_equal(get("/v1/spokes/mars"), 200);
    assert_non_null(strstr(w.reply.text, "number 39")); /* who looks sees it */
    while (el_events_next(w.events, &reader, &event))
        count += strcmp(event.type, "spoke-problem") == 0;
    assert_int_equal(count, 16);
    w.now_s += 60;
    assert_int_equal(ask_as(&asker, EL_API_POST, "/v1/self", said), 200);
    assert_int_equal(ask_as(&asker, EL_API_POST, "/v1/self", said), 200);
    count = 0;
    while (el_events_next(w.events, &reader, &event))
        count += strcmp(event.type, "spoke-problem") == 0;
    assert_int_equal(count, 1);
}

/* As long as it is so, and the last of them only. */
static void a_spoke_is_told_of_networks_that_end(void **unused)
{
    (void)unused;
    post("/v1/networks", "{\"name\":\"lab\",\"vni\":78,\"cidr\":\"10.78.0.0/24\","
                         "\"to_all\":\"published\",\"for_s\":7200}");
    struct joiner mars = new_joiner("mars");
    enrol(&mars, NULL);
    struct el_api_asker asker = asker_of("mars");
    assert_int_equal(self(&asker), 200);
    assert_non_null(strstr(w.reply.text, "\"notices\":[]"));
    w.now_s += 3600;
    assert_int_equal(self(&asker), 200);
    assert_non_null(strstr(w.reply.text, "\"kind\":\"network-expiring\",\"network\":\"lab\""));
    assert_non_null(strstr(w.reply.text, "in less than an hour"));
    w.now_s += 3000;
    assert_int_equal(self(&asker), 200);
    assert_non_null(strstr(w.reply.text, "in less than 10 minutes"));
    assert_null(strstr(w.reply.text, "an hour"));
}

/* What one spoke is told of another, and says of it: to be read by these two, and nobody else. */
static void spokes_see_each_other(void **unused)
{
    (void)unused;
    post("/v1/networks", "{\"name\":\"boot\",\"vni\":77,\"cidr\":\"192.168.77.0/24\","
                         "\"to_all\":\"published\"}");
    struct joiner mars = new_joiner("mars"), venus = new_joiner("venus"),
                  pluto = new_joiner("pluto");
    enrol(&mars, NULL);
    enrol(&venus, NULL);
    enrol(&pluto, NULL);
    struct el_api_asker asker = asker_of("mars"), other = asker_of("venus"),
                        third = asker_of("pluto");
    assert_int_equal(self(&asker), 200);
    assert_int_equal(json_array_size(json_object_get(w.said, "peers")), 0);
    const json_t *network = json_array_get(json_object_get(w.said, "networks"), 0);
    assert_string_equal(json_string_value(json_object_get(network, "mac")), "02:00:00:00:00:4d");

    el_hub_direct_relayed(w.direct, mars.key, venus.key, NOW);
    assert_int_equal(w.nudges, 2);
    assert_int_equal(self(&asker), 200);
    const json_t *peer = json_array_get(json_object_get(w.said, "peers"), 0);
    char *psk = strdup(json_string_value(json_object_get(peer, "psk")));
    assert_string_equal(json_string_value(json_object_get(peer, "name")), "venus");
    assert_int_equal(json_array_size(json_object_get(peer, "endpoints")), 1);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(peer, "networks"), 0)), 77);
    assert_int_equal(self(&third), 200);
    assert_null(strstr(w.reply.text, psk));
    assert_int_equal(get("/v1/spokes"), 200);
    assert_null(strstr(w.reply.text, psk));

    char body[256], key[EL_TUNNEL_KEY_TEXT];
    el_tunnel_key_text(venus.key, key);
    snprintf(body, sizeof body, "{\"peers\":[{\"key\":\"%s\",\"live\":true,\"used\":true}]}", key);
    assert_int_equal(ask_as(&third, EL_API_PUT, "/v1/self/peers", body),
                     200); /* of no lease of its own */
    assert_int_equal(ask_as(&asker, EL_API_PUT, "/v1/self/peers", body), 200);
    assert_non_null(strstr(w.reply.text, psk));
    assert_int_equal(get("/v1/spokes/venus"), 200);
    assert_int_equal(json_array_size(json_object_get(w.said, "direct")), 0);
    el_tunnel_key_text(mars.key, key);
    snprintf(body, sizeof body, "{\"peers\":[{\"key\":\"%s\",\"live\":true,\"used\":true}]}", key);
    assert_int_equal(ask_as(&other, EL_API_PUT, "/v1/self/peers", body), 200);
    assert_int_equal(get("/v1/spokes/venus"), 200);
    assert_string_equal(json_string_value(json_array_get(json_object_get(w.said, "direct"), 0)),
                        "mars");
    assert_int_equal(ask_as(&asker, EL_API_PUT, "/v1/self/peers", "{\"peers\":[{}]}"), 422);
    assert_int_equal(ask_as(&mars.with_token, EL_API_PUT, "/v1/self/peers", body), 403);
    assert_int_equal(ask_as(&operator_self, EL_API_PUT, "/v1/self/peers", body), 403);
    free(psk);
}

static void each_stays_in_its_own(void **unused)
{
    (void)unused;
    struct joiner mars = new_joiner("mars"), venus = new_joiner("venus");
    enrol(&mars, NULL);
    enrol(&venus, NULL);
    struct el_api_asker asker = asker_of("mars");
    static const struct {
        enum el_api_method method;
        const char *path;
    } forbidden[] = {
        {EL_API_GET, "/v1/hub"},
        {EL_API_GET, "/v1/spokes"},
        {EL_API_GET, "/v1/spokes/mars"},
        {EL_API_GET, "/v1/spokes/venus"},
        {EL_API_POST, "/v1/spokes/venus/revoke"},
        {EL_API_GET, "/v1/tokens"},
        {EL_API_GET, "/v1/networks"},
        {EL_API_GET, "/v1/ports"},
        {EL_API_GET, "/v1/second-factor"},
        {EL_API_GET, "/v1/events"},
        {EL_API_GET, "/v1/steps"},
        {EL_API_GET, "/v1/machines/52:54:00:12:34:56/timeline"},
        {EL_API_POST, "/v1/enrol"},
    };
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        assert_int_equal(ask_as(&asker, forbidden[i].method, forbidden[i].path, NULL), 403);
        if (forbidden[i].method == EL_API_GET)
            assert_int_equal(ask_as(&mars.with_token, forbidden[i].method, forbidden[i].path, NULL),
                             403);
    }
    assert_int_equal(self(&mars.with_token), 403);
    assert_int_equal(self(&operator_self), 403);
    assert_int_equal(ask_as(&operator_self, EL_API_POST, "/v1/enrol", "{}"), 403);
    assert_string_equal(member("psk"), "(none)");
    struct el_endpoint stranger = {.ip = el_ip4(0x64400009)};
    assert_int_equal(el_node_hub_api_asker(w.hub, &stranger, &asker), EL_ENOENT);
}

static void a_late_token_is_told_the_time(void **unused)
{
    (void)unused;
    struct joiner mars = new_joiner("mars");
    w.now_s = NOW + 5 * HOUR;
    assert_int_equal(enrol(&mars, NULL), 410);
    assert_string_equal(problem(), "token-expired");
    json_t *now = el_json_time(w.now_s);
    assert_string_equal(member("time"), json_string_value(now));
    json_decref(now);
    assert_string_not_equal(member("expired"), "(none)");
    assert_int_equal(get("/v1/tokens/mars"), 200);
    assert_string_equal(member("state"), "expired");
    assert_int_equal(delete ("/v1/tokens/mars"), 204);
    assert_int_equal(enrol(&mars, NULL), 403);
    assert_string_equal(problem(), "token-unknown");
    assert_int_equal(delete ("/v1/tokens/mars"), 404);
}

static void keys_that_are_none(void **unused)
{
    (void)unused;
    struct joiner mars = new_joiner("mars");
    memset(mars.key, 0, sizeof mars.key);
    assert_int_equal(enrol(&mars, NULL), 422);
    memset(mars.key, 0, sizeof mars.key);
    mars.key[0] = 9; /* the hub's own */
    assert_int_equal(enrol(&mars, NULL), 409);
    assert_string_equal(problem(), "key-taken");
    memcpy(mars.key, mars.with_token.key, sizeof mars.key);
    assert_int_equal(enrol(&mars, NULL), 409);
}

/* -- the second factor -- */

static void patch_factor(const char *body, int status)
{
    if (ask_as(&operator_self, EL_API_PATCH, "/v1/second-factor", body) != status)
        fail_msg("%s", w.reply.text);
}

static uint8_t totp_secret[EL_ENROL_TOTP_SECRET_BYTES];

static void totp_on(void)
{
    patch_factor("{\"totp\":true,\"label\":\"mine\"}", 200);
    assert_int_equal(el_enrol_totp_secret_parse(member("secret"), totp_secret), 0);
    assert_non_null(strstr(member("uri"), "mine"));
}

static const char *code_at(int64_t at_s)
{
    static char text[EL_ENROL_TOTP_CODE_TEXT];

    return el_enrol_totp_code(totp_secret, (uint64_t)at_s / EL_ENROL_TOTP_STEP_S, text);
}

static const char *wrong_code(void)
{
    static char text[EL_ENROL_TOTP_CODE_TEXT];

    strcpy(text, code_at(w.now_s + 10 * HOUR));
    return text;
}

static void a_code_is_asked_for_and_used_once(void **unused)
{
    (void)unused;
    totp_on();
    assert_int_equal(get("/v1/second-factor"), 200);
    assert_null(strstr(w.reply.text, "secret\""));
    patch_factor("{\"totp\":true}", 200); /* on already: the secret is not shown again */
    assert_string_equal(member("secret"), "(none)");
    struct joiner mars = new_joiner("mars"), venus = new_joiner("venus");
    assert_int_equal(enrol(&mars, NULL), 403);
    assert_string_equal(problem(), "code-required");
    assert_int_equal(enrol(&mars, "12345678"), 403);
    assert_int_equal(enrol(&mars, wrong_code()), 403);
    assert_string_equal(problem(), "code-wrong");
    assert_int_equal(json_integer_value(json_object_get(w.said, "tries_left")), 4);
    assert_int_equal(enrol(&mars, code_at(w.now_s)), 200);
    assert_int_equal(enrol(&mars, NULL), 200); /* the winner needs no second code */
    assert_int_equal(enrol(&venus, code_at(w.now_s)), 403);
    assert_string_equal(problem(), "code-reused");
    w.now_s += EL_ENROL_TOTP_STEP_S;
    assert_int_equal(enrol(&venus, code_at(w.now_s)), 200);
}

static void guesses_are_few(void **unused)
{
    (void)unused;
    totp_on();
    struct joiner mars = new_joiner("mars");
    for (int i = 1; i < EL_REGISTRY_WRONG_CODES; i++) {
        el_tunnel_key_make(mars.private_key); /* another key does not help */
        el_tunnel_key_public(mars.private_key, mars.key);
        assert_int_equal(enrol(&mars, wrong_code()), 403);
    }
    w.disk_full = true; /* nor does a full disk: nothing is told that is not counted */
    assert_int_equal(enrol(&mars, wrong_code()), 503);
    assert_int_equal(enrol(&mars, code_at(w.now_s)), 503);
    w.disk_full = false;
    assert_int_equal(enrol(&mars, wrong_code()), 410);
    assert_string_equal(problem(), "token-burnt");
    assert_int_equal(enrol(&mars, code_at(w.now_s)), 410);
    assert_int_equal(get("/v1/tokens/mars"), 200);
    assert_string_equal(member("state"), "burnt");
}

static void an_operator_approves_a_key(void **unused)
{
    (void)unused;
    char body[128], fingerprint[EL_ENROL_FINGERPRINT_TEXT];
    patch_factor("{\"approval\":true}", 200);
    struct joiner mars = new_joiner("mars");
    assert_int_equal(enrol(&mars, NULL), 202);
    assert_string_equal(member("state"), "pending");
    assert_string_equal(member("address"), "(none)");
    assert_int_equal(get("/v1/spokes/mars"), 200);
    assert_string_equal(member("state"), "pending");
    assert_string_equal(member("fingerprint"), el_enrol_fingerprint(mars.key, fingerprint));
    assert_int_equal(post("/v1/spokes/mars/approve", "{}"), 422);
    assert_int_equal(post("/v1/spokes/mars/approve", "{\"fingerprint\":\"AAAAA-AAAAA\"}"), 409);
    assert_string_equal(problem(), "fingerprint-mismatch");
    snprintf(body, sizeof body, "{\"fingerprint\":\"%s\"}", fingerprint);
    assert_int_equal(post("/v1/spokes/mars/approve", body), 200);
    assert_string_equal(member("state"), "enrolled");
    assert_int_equal(enrol(&mars, NULL), 200);
    assert_int_equal(post("/v1/spokes/venus/approve", body), 404);
}

static void a_program_says_yes_or_no(void **unused)
{
    (void)unused;
    totp_on();
    patch_factor("{\"program\":true}", 200);
    struct joiner mars = new_joiner("mars"), venus = new_joiner("venus");
    assert_int_equal(enrol(&mars, code_at(w.now_s)), 202);
    assert_string_equal(member("state"), "asking");
    assert_int_equal(enrol(&mars, NULL), 202);
    assert_int_equal(w.asked, 1);
    assert_memory_equal(w.asked_key, mars.key, 32);
    el_node_hub_api_answer(w.hub, w.asked_token, venus.key, EL_ENROL_PROGRAM_YES,
                           w.now_s); /* not asked about */
    assert_int_equal(enrol(&mars, NULL), 202);
    struct joiner other = mars; /* one question to a token, whatever keys come with it */
    memcpy(other.key, venus.key, sizeof other.key);
    assert_int_equal(enrol(&other, code_at(w.now_s)), 403);
    assert_string_equal(problem(), "code-reused"); /* from when the program is asked */
    assert_int_equal(enrol(&other, code_at(w.now_s + EL_ENROL_TOTP_STEP_S)), 503);
    assert_int_equal(w.asked, 1);
    el_node_hub_api_answer(w.hub, w.asked_token, w.asked_key, EL_ENROL_PROGRAM_YES, w.now_s);
    assert_int_equal(enrol(&mars, NULL), 200);
    assert_int_equal(enrol(&venus, code_at(w.now_s)), 403); /* mars has used it */
    w.now_s += 2 * EL_ENROL_TOTP_STEP_S;
    w.disk_full = true; /* right and wrong sound the same */
    assert_int_equal(enrol(&venus, wrong_code()), 503);
    char *wrong = strdup(w.reply.text);
    assert_int_equal(enrol(&venus, code_at(w.now_s)), 503);
    assert_string_equal(w.reply.text, wrong);
    free(wrong);
    w.disk_full = false;
    assert_int_equal(enrol(&venus, code_at(w.now_s)), 202);
    el_node_hub_api_answer(w.hub, w.asked_token, w.asked_key, EL_ENROL_PROGRAM_NO, w.now_s);
    assert_int_equal(enrol(&venus, NULL), 403);
    assert_string_equal(problem(), "refused");
    w.now_s += EL_ENROL_TOTP_STEP_S;
    assert_int_equal(enrol(&venus, code_at(w.now_s)), 202);
    w.now_s += EL_NODE_HUB_QUESTION_S; /* nobody answers */
    el_node_hub_api_answer(w.hub, w.asked_token, w.asked_key, EL_ENROL_PROGRAM_YES, w.now_s);
    assert_int_equal(enrol(&venus, NULL), 403);
    assert_string_equal(problem(), "code-required");
}

static unsigned wrong_answers(const char *token)
{
    return el_registry_token(w.registry, token)->wrong_codes;
}

static void program_says(enum el_enrol_program said)
{
    el_node_hub_api_answer(w.hub, w.asked_token, w.asked_key, said, w.now_s);
}

/* Or who has stolen a token could have somebody's telephone ring for ever. */
static void a_no_counts_though_nobody_fetches_it(void **unused)
{
    (void)unused;
    patch_factor("{\"program\":true}", 200);
    struct joiner mars = new_joiner("mars");
    for (unsigned i = 1; i < EL_REGISTRY_WRONG_CODES; i++) {
        assert_int_equal(enrol(&mars, NULL), 202);
        assert_int_equal(w.asked, i);
        program_says(EL_ENROL_PROGRAM_NO);
        assert_int_equal(wrong_answers("mars"), i);
        if (i == 1) { /* and fetching it counts no more */
            assert_int_equal(enrol(&mars, NULL), 403);
            assert_string_equal(problem(), "refused");
            assert_int_equal(json_integer_value(json_object_get(w.said, "tries_left")), 4);
            assert_int_equal(wrong_answers("mars"), i);
        }
        w.now_s += EL_NODE_HUB_QUESTION_S;
    }
    assert_int_equal(enrol(&mars, NULL), 202);
    program_says(EL_ENROL_PROGRAM_NO);
    assert_int_equal(enrol(&mars, NULL), 410);
    assert_string_equal(problem(), "token-burnt");
    assert_int_equal(w.asked, EL_REGISTRY_WRONG_CODES);
}

static void a_no_that_the_disk_refused_counts_when_it_is_fetched(void **unused)
{
    (void)unused;
    patch_factor("{\"program\":true}", 200);
    struct joiner mars = new_joiner("mars");
    assert_int_equal(enrol(&mars, NULL), 202);
    w.disk_full = true;
    program_says(EL_ENROL_PROGRAM_NO);
    assert_int_equal(enrol(&mars, NULL), 503);
    w.disk_full = false;
    assert_int_equal(wrong_answers("mars"), 0);
    assert_int_equal(enrol(&mars, NULL), 403);
    assert_int_equal(wrong_answers("mars"), 1);
}

static void a_program_that_fails_lets_nobody_in_and_costs_nothing(void **unused)
{
    (void)unused;
    totp_on();
    patch_factor("{\"program\":true}", 200);
    struct joiner mars = new_joiner("mars");
    assert_int_equal(enrol(&mars, code_at(w.now_s)), 202);
    program_says(EL_ENROL_PROGRAM_FAILED);
    assert_int_equal(enrol(&mars, NULL), 503);
    assert_int_equal(wrong_answers("mars"), 0);
    assert_int_equal(enrol(&mars, NULL), 202); /* asked again, and the code counts still */
    assert_int_equal(w.asked, 2);
    program_says(EL_ENROL_PROGRAM_YES);
    assert_int_equal(enrol(&mars, NULL), 200);
}

/* -- the operator -- */

static void spokes_of_the_command_line_are_listed(void **unused)
{
    (void)unused;
    struct el_node_peer luna = {.name = "luna", .key = {1}, .ip = el_ip4(0x64400002)};
    given = (struct el_node_peers){&luna, 1};
    struct joiner mars = new_joiner("mars");
    assert_int_equal(enrol(&mars, NULL), 200);
    assert_int_equal(get("/v1/spokes"), 200);
    const json_t *list = json_object_get(w.said, "spokes");
    assert_int_equal(json_array_size(list), 2);
    const json_t *first = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "luna");
    assert_int_equal(get("/v1/spokes/luna"), 200);
    assert_string_equal(member("state"), "configured");
    assert_string_equal(member("address"), "100.64.0.2");
    assert_int_equal(post("/v1/spokes/luna/revoke", NULL), 409);
    assert_int_equal(get("/v1/spokes/mars"), 200);
    assert_string_equal(member("state"), "enrolled");
    given = (struct el_node_peers){NULL, 0};
}

static void revoked_and_told_so_once(void **unused)
{
    (void)unused;
    struct el_err err = {""};
    struct joiner mars = new_joiner("mars");
    enrol(&mars, NULL);
    struct el_api_asker asker = asker_of("mars");
    struct el_endpoint from = {.ip = el_registry_spoke(w.registry, "mars")->ip};
    assert_int_equal(post("/v1/spokes/mars/revoke", NULL), 200);
    assert_string_equal(member("state"), "revoked");
    assert_int_equal(el_node_hub_api_asker(w.hub, &from, &asker), 0);
    assert_int_equal(self(&asker), 403);
    assert_string_equal(problem(), "key-revoked");
    assert_int_equal(el_node_hub_api_deadline_s(w.hub), w.now_s + EL_NODE_HUB_TOLD_S);
    assert_int_equal(self(&asker), 403);
    assert_int_equal(w.due, 1);
    w.now_s += EL_NODE_HUB_TOLD_S;
    assert_int_equal(el_node_hub_api_tick(w.hub, w.now_s, &err), 0);
    assert_true(el_node_hub_api_deadline_s(w.hub) == INT64_MAX);
    assert_int_equal(el_node_hub_api_asker(w.hub, &from, &asker), EL_ENOENT);
    assert_int_equal(enrol(&mars, NULL), 403);
    assert_string_equal(problem(), "key-revoked");
    assert_int_equal(post("/v1/spokes/venus/revoke", NULL), 404);
}

static void networks_are_made_and_published(void **unused)
{
    (void)unused;
    static const char lab[] = "{\"name\":\"lab2\",\"vni\":78,\"cidr\":\"192.168.77.0/24\"}";
    struct joiner mars = new_joiner("mars");
    enrol(&mars, NULL);
    assert_int_equal(post("/v1/networks", lab), 201);
    assert_string_equal(w.reply.location, "/v1/networks/lab2");
    assert_int_equal(post("/v1/networks", lab), 200); /* again, and nothing changes */
    assert_int_equal(
        post("/v1/networks", "{\"name\":\"lab2\",\"vni\":79,\"cidr\":\"192.168.77.0/24\"}"), 409);
    assert_int_equal(
        post("/v1/networks", "{\"name\":\"lab3\",\"vni\":79,\"cidr\":\"192.168.77.9/24\"}"), 422);
    /* Its IPv6 range follows from the hub's key and shows the VNI; to say it changes nothing. */
    assert_int_equal(get("/v1/networks/lab2"), 200);
    const char *prefix6 = strstr(w.reply.text, "\"prefix6\":\"fd");
    assert_non_null(prefix6);
    assert_non_null(strstr(prefix6, ":4e::/64\""));
    char same[160];
    snprintf(same, sizeof same, "{\"name\":\"lab2\",\"vni\":78,\"cidr\":\"192.168.77.0/24\",%.*s}",
             (int)(strstr(prefix6, "/64\"") + 4 - prefix6), prefix6);
    assert_int_equal(post("/v1/networks", same), 200);
    assert_int_equal(post("/v1/networks", "{\"name\":\"lab2\",\"vni\":78,\"cidr\":\"192.168.77.0/"
                                          "24\",\"prefix6\":\"2001:db8:0:1::/64\"}"),
                     409);
    assert_int_equal(post("/v1/networks", "{\"name\":\"lab3\",\"vni\":79,\"cidr\":\"192.168.77.0/"
                                          "24\",\"prefix6\":\"2001:db8::/48\"}"),
                     422);
    assert_int_equal(post("/v1/networks", "{\"name\":\"lab3\",\"vni\":79,\"cidr\":\"192.168.77.0/"
                                          "24\",\"prefix6\":\"2001:db8:0:1::/64\"}"),
                     201);
    assert_non_null(strstr(w.reply.text, "\"prefix6\":\"2001:db8:0:1::/64\""));
    assert_int_equal(delete ("/v1/networks/lab3"), 204);
    assert_int_equal(post("/v1/networks/lab2/publish", "{\"to\":\"mars\",\"lan\":\"eth1.30\"}"),
                     200);
    struct el_api_asker asker = asker_of("mars");
    assert_int_equal(self(&asker), 200);
    assert_non_null(strstr(w.reply.text, "{\"name\":\"lab2\",\"vni\":78,\"published\":true,"
                                         "\"lan\":\"eth1.30\"}"));
    w.looped = 78;
    w.loop = EL_NODE_HUB_SHUT_OUT;
    assert_int_equal(get("/v1/spokes/mars"), 200);
    assert_non_null(strstr(w.reply.text, "\"lan\":\"eth1.30\",\"loop\":\"venus\"}"));
    assert_int_equal(self(&asker), 200);
    assert_non_null(strstr(w.reply.text, "same LAN as venus; this one is shut out"));
    w.loop = EL_NODE_HUB_LET_IN;
    assert_int_equal(get("/v1/spokes/mars"), 200);
    assert_null(strstr(w.reply.text, "loop"));
    assert_int_equal(self(&asker), 200);
    assert_non_null(strstr(w.reply.text, "same LAN as venus; that one is shut out"));
    assert_int_equal(post("/v1/networks/lab2/unpublish", "{}"), 200);
    assert_int_equal(self(&asker), 200);
    assert_non_null(strstr(w.reply.text, "\"published\":false"));
    assert_int_equal(post("/v1/networks/lab2/publish", "{\"to\":\"venus\"}"), 404);
    assert_int_equal(post("/v1/networks/lab2/publish", "{\"lan\":\"eth1\"}"), 422);
    assert_int_equal(post("/v1/networks/lab2/publish", "{\"to\":\"mars\",\"lan\":\"a b\"}"), 422);
    assert_int_equal(post("/v1/networks/lab9/publish", "{}"), 404);
    assert_int_equal(get("/v1/networks/lab2"), 200);
    assert_int_equal(delete ("/v1/networks/lab2"), 204);
    assert_int_equal(get("/v1/networks/lab2"), 404);
    assert_int_equal(self(&asker), 200);
    assert_null(strstr(w.reply.text, "lab2"));
}

static void ports_are_started_and_published(void **unused)
{
    (void)unused;
    struct el_err err;
    post("/v1/networks", "{\"name\":\"boot\",\"vni\":77,\"cidr\":\"192.168.77.0/24\"}");
    assert_int_equal(
        post("/v1/ports", "{\"name\":\"probe\",\"network\":\"boot\",\"service\":\"etherate\"}"),
        201);
    assert_int_equal(post("/v1/ports/probe/publish", NULL), 409);
    assert_non_null(strstr(member("detail"), "start it"));
    assert_int_equal(post("/v1/ports/probe/unpublish", NULL), 200);
    assert_string_equal(member("wanted"), "down");
    assert_int_equal(post("/v1/ports/probe/start", NULL), 200);
    assert_string_equal(member("wanted"), "secured");
    assert_int_equal(post("/v1/ports/probe/publish", NULL), 200);
    assert_int_equal(post("/v1/ports/probe/start", NULL), 200);
    assert_string_equal(member("wanted"), "published");
    el_registry_port_report(w.registry, "probe", EL_REGISTRY_VERIFIED, "all there", w.now_s, &err);
    assert_int_equal(get("/v1/ports/probe"), 200);
    assert_string_equal(member("state"), "verified");
    assert_string_equal(member("why"), "all there");
    assert_int_equal(post("/v1/ports/probe/stop", NULL), 200);
    assert_int_equal(delete ("/v1/ports/boot"), 422);
    assert_int_equal(delete ("/v1/ports/probe"), 204);
    assert_int_equal(get("/v1/ports/probe"), 404);
}

static void what_happens_is_an_event(void **unused)
{
    (void)unused;
    struct el_events_reader reader = el_events_reader(w.events, NULL);
    struct el_event event;
    struct joiner mars = new_joiner("mars");
    enrol(&mars, NULL);
    assert_true(el_events_next(w.events, &reader, &event));
    assert_string_equal(event.type, "token-created");
    assert_true(el_events_next(w.events, &reader, &event));
    assert_string_equal(event.type, "spoke-enrolled");
    assert_non_null(strstr(event.data, "\"spoke\":\"mars\""));
    assert_null(strstr(event.data, "psk"));
    assert_false(el_events_next(w.events, &reader, &event));
}

/* Bodies that are wrong change nothing. */
static void bad_input_changes_nothing(void **unused)
{
    (void)unused;
    static const struct {
        const char *path, *body;
        int status;
    } bad[] = {
        {"/v1/tokens", "{}", 422},
        {"/v1/tokens", "{\"name\":7}", 422},
        {"/v1/tokens", "{\"name\":\"a/b\"}", 422},
        {"/v1/tokens", "{\"name\":\"mars\",\"for_s\":0}", 422},
        {"/v1/tokens", "{\"name\":\"mars\",\"for_s\":99999999999}", 422},
        {"/v1/tokens", "{\"name\":\"mars\",\"more\":1}", 422},
        {"/v1/tokens", "{\"name\":\"mars\",\"endpoints\":[\"::::\"]}", 422},
        {"/v1/tokens", "{\"name\":\"mars\",\"endpoints\":[\"a b\"]}", 422},
        {"/v1/tokens", "{\"name\":", 400},
        {"/v1/networks", "{\"name\":\"x\",\"vni\":0,\"cidr\":\"10.0.0.0/8\"}", 422},
        {"/v1/networks", "{\"name\":\"x\",\"vni\":1,\"cidr\":\"fd00::/64\"}", 422},
        {"/v1/networks", "{\"name\":\"x\",\"vni\":1,\"cidr\":\"100.64.0.0/16\"}", 422},
        {"/v1/networks", "{\"name\":\"x\",\"vni\":1,\"cidr\":\"10.0.0.0/8\",\"to_all\":\"no\"}",
         422},
        {"/v1/ports", "{\"name\":\"x\",\"network\":\"none\"}", 404},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (post(bad[i].path, bad[i].body) != bad[i].status)
            fail_msg("%s %s: %s", bad[i].path, bad[i].body, w.reply.text);
    patch_factor("{\"totp\":\"yes\"}", 422);
    assert_int_equal(el_registry_token_count(w.registry), 0);
    assert_int_equal(el_registry_network_count(w.registry), 0);
    assert_int_equal(el_registry_second_factor(w.registry)->factors, 0);
    assert_int_equal(post("/v1/tokens", "{\"name\":\"mars\",\"endpoints\":[\"[2001:db8::1]:7\"]}"),
                     201);
    assert_int_equal(post("/v1/tokens", "{\"name\":\"mars\"}"), 409);
    assert_non_null(strstr(member("detail"), "mars"));
    w.disk_full = true;
    assert_int_equal(post("/v1/tokens", "{\"name\":\"venus\"}"), 503);
}

/* -- machines -- */

static int put_machine(const char *path, const char *body)
{
    return ask_as(&operator_self, EL_API_PUT, path, body);
}

static void machines_are_named_and_told_what_to_do(void **unused)
{
    static const struct el_registry_profile web = {"web", "debian-12", "{}"};
    static const char by_mac[] = "/v1/machines/52:54:00:12:34:56", by_name[] = "/v1/machines/n1";

    (void)unused;
    assert_int_equal(get(by_mac), 404);
    assert_int_equal(put_machine("/v1/machines/n1", "{}"), 404); /* a new one has a MAC */
    assert_int_equal(put_machine(by_mac, "{\"name\":\"n1\",\"address\":\"192.168.77.20\","
                                         "\"options\":[\"ntp=192.0.2.1\"]}"),
                     200);
    assert_string_equal(member("state"), "known");
    assert_string_equal(member("address"), "192.168.77.20");
    assert_int_equal(put_machine(by_name, "{\"profile\":\"web\"}"), 422);
    assert_non_null(strstr(member("detail"), "no such profile"));
    assert_int_equal(put_machine(by_name, "{\"quirks\":[\"dance\"]}"), 422);
    assert_int_equal(put_machine(by_name, "{\"address\":\"somewhere\"}"), 422);
    assert_int_equal(post("/v1/machines/n1/reinstall", NULL), 422);
    struct el_err err;
    assert_int_equal(el_registry_profile_set(w.registry, &web, NOW, &err), 0);
    assert_int_equal(put_machine(by_name, "{\"profile\":\"web\",\"quirks\":[\"local=exit\"]}"),
                     200);
    assert_string_equal(member("state"), "assigned");
    assert_int_equal(get("/v1/machines/n1/files/preseed.cfg"), 422); /* of what kind is it? */
    assert_int_equal(post("/v1/machines/n1/boot", "{\"entry\":\"memtest\"}"), 200);
    assert_string_equal(member("once"), "memtest");
    assert_int_equal(post("/v1/machines/n1/boot", "{\"entry\":null}"), 200);
    assert_string_equal(member("once"), "(none)");
    assert_int_equal(post("/v1/machines/n1/reinstall", NULL), 200);
    assert_true(json_is_true(json_object_get(w.said, "reinstall")));
    assert_int_equal(delete (by_name), 204);
    assert_int_equal(delete (by_name), 404);
}

static void a_machines_steps_are_shown(void **unused)
{
    static const char path[] = "/v1/machines/52:54:00:12:34:56/timeline";
    struct el_order_step order = {.source = 1,
                                  .step = {.mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}},
                                           .id = 9,
                                           .boot = 1,
                                           .kind = EL_TIMELINE_KERNEL,
                                           .state = EL_TIMELINE_RUNNING,
                                           .count = 1,
                                           .began_ms = 1700000000000,
                                           .last_ms = 1700000000000,
                                           .total = 100,
                                           .text = "debian/linux"}};

    (void)unused;
    post("/v1/networks", "{\"name\":\"lab\",\"vni\":9,\"cidr\":\"192.168.9.0/24\","
                         "\"to_all\":\"published\"}");
    assert_int_equal(el_registry_network_count(w.registry), 1);
    uint32_t vni = el_registry_network_at(w.registry, 0)->vni;
    assert_int_equal(get(path), 404);
    assert_int_equal(get("/v1/machines/nobody/timeline"), 404);
    struct el_events_reader reader = el_events_reader(el_hub_timeline_events(w.timeline), NULL);
    el_hub_timeline_put(w.timeline, vni, &order);
    order.step.done = 50;
    el_hub_timeline_put(w.timeline, vni, &order); /* more of the same */
    assert_int_equal(get(path), 200);
    json_t *steps = json_object_get(w.said, "steps"), *step = json_array_get(steps, 0);
    assert_int_equal(json_array_size(steps), 1);
    assert_string_equal(json_string_value(json_object_get(step, "network")), "lab");
    assert_string_equal(json_string_value(json_object_get(step, "kind")), "kernel");
    assert_string_equal(json_string_value(json_object_get(step, "state")), "running");
    assert_int_equal(json_integer_value(json_object_get(step, "done")), 50);
    struct el_event event;
    for (unsigned i = 0; i < 2; i++) {
        assert_true(el_events_next(el_hub_timeline_events(w.timeline), &reader, &event));
        assert_string_equal(event.type, "step");
        assert_non_null(strstr(event.data, "\"text\":\"debian/linux\""));
    }
    assert_false(el_events_next(el_hub_timeline_events(w.timeline), &reader, &event));
}

/* The memory of network VNI with a frame in it, of MAC at SECOND. */
static void keep_frame(uint32_t vni, const struct el_mac *mac, uint64_t second)
{
    int fd = memfd_create("recent", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    uint8_t frame[64] = {0};

    assert_int_equal(ftruncate(fd, EL_RECENT_BYTES), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    void *memory = mmap(NULL, EL_RECENT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(memory != MAP_FAILED);
    el_recent_begin(memory, EL_RECENT_BYTES);
    memcpy(frame + 6, mac->b, 6);
    el_recent_put(
        memory, EL_RECENT_BYTES,
        &(struct el_recent_frame){
            .time_ns = second * UINT64_C(1000000000), .len = 64, .captured = 64, .bytes = frame});
    munmap(memory, EL_RECENT_BYTES);
    el_hub_recent_set(w.recent, vni, fd);
}

static uint64_t frames_of(const char *path)
{
    struct el_pcapng_counter counter = {0};

    get(path);
    assert_int_equal(w.reply.status, 200);
    assert_string_equal(w.reply.type, "application/vnd.tcpdump.pcap");
    el_pcapng_count(&counter, w.reply.text, w.reply.len);
    assert_true(el_pcapng_counter_is_whole(&counter));
    return counter.packets;
}

static void a_machines_frames_are_a_trace(void **unused)
{
    struct el_order_step order = {.source = 1,
                                  .step = {.mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}},
                                           .id = 1,
                                           .kind = EL_TIMELINE_DISCOVER,
                                           .count = 1}};

    (void)unused;
    post("/v1/networks", "{\"name\":\"lab\",\"vni\":9,\"cidr\":\"192.168.9.0/24\","
                         "\"to_all\":\"published\"}");
    uint32_t vni = el_registry_network_at(w.registry, 0)->vni;
    assert_int_equal(get("/v1/machines/52:54:00:12:34:56/capture"), 404);
    el_hub_timeline_put(w.timeline, vni, &order);
    assert_int_equal(frames_of("/v1/machines/52:54:00:12:34:56/capture"), 0);
    keep_frame(vni, &order.step.mac, (uint64_t)w.now_s - 70);
    assert_int_equal(frames_of("/v1/machines/52:54:00:12:34:56/capture"), 0); /* a minute */
    keep_frame(vni, &order.step.mac, (uint64_t)w.now_s - 50);
    assert_int_equal(frames_of("/v1/machines/52:54:00:12:34:56/capture"), 1);
    /* Memory that somebody could make smaller is not looked at. */
    int fd = memfd_create("recent", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, EL_RECENT_BYTES), 0);
    el_hub_recent_set(w.recent, vni, fd);
    assert_int_equal(frames_of("/v1/machines/52:54:00:12:34:56/capture"), 1);
}

static void machines_are_shown_as_they_were_reported(void **unused)
{
    struct el_hub_life seen = {77,
                               {.mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}},
                                .state = EL_LIFE_FAILED,
                                .since_s = NOW,
                                .attempts = 2,
                                .step = "partitions",
                                .why = "no disk",
                                .uuid = "4c4c4544-0044-4410-8054-b4c04f565931",
                                .platform = 2}};
    struct el_hub_life twin = seen;
    struct el_life before = seen.life;
    struct el_registry_network_request boot = {
        .name = "boot", .vni = 77, .cidr = {el_ip4(0xc0a84d00), 24}};
    struct el_err err;

    (void)unused;
    assert_int_equal(el_registry_network_create(w.registry, &boot, NOW, &err), 0);
    twin.life.mac.b[5] = 0x57;
    twin.life.state = EL_LIFE_INSTALLED;
    el_hub_lives_put(w.lives, 77, &seen.life, NULL);
    el_hub_lives_put(w.lives, 77, &twin.life, NULL);
    assert_int_equal(get("/v1/machines/52:54:00:12:34:56"), 200);
    assert_string_equal(member("state"), "failed");
    assert_string_equal(member("network"), "boot");
    assert_string_equal(member("step"), "partitions");
    assert_string_equal(member("why"), "no disk");
    assert_string_equal(member("platform"), "efi");
    assert_string_equal(member("same_uuid"), "52:54:00:12:34:57");
    assert_int_equal(get("/v1/machines"), 200);
    assert_int_equal(json_array_size(json_object_get(w.said, "machines")), 2);
    /* An event for each state, and for another with its MAC. */
    struct el_events_reader reader = el_events_reader(w.events, NULL);
    struct el_event event;
    before.state = EL_LIFE_INSTALLING;
    el_node_hub_api_life(w.hub, &seen, &before, NOW);
    el_node_hub_api_life(w.hub, &seen, &seen.life, NOW);
    before = seen.life;
    strcpy(seen.life.other_uuid, "11111111-2222-3333-4444-555555555555");
    el_node_hub_api_life(w.hub, &seen, &before, NOW);
    assert_true(el_events_next(w.events, &reader, &event));
    assert_string_equal(event.type, "machine-failed");
    assert_true(el_events_next(w.events, &reader, &event));
    assert_string_equal(event.type, "machine-conflict");
    assert_false(el_events_next(w.events, &reader, &event));
    /* Its network has gone. */
    el_hub_lives_clear(w.lives, 77);
    assert_int_equal(get("/v1/machines/52:54:00:12:34:56"), 404);
}

/* -- profiles -- */

static int find_image(void *arg, const char *name, char installer[EL_HUB_INSTALLER])
{
    (void)arg;
    strcpy(installer, "debian");
    return strcmp(name, "debian-12") == 0 ? 0 : EL_ENOENT;
}

static int put_profile(const char *body)
{
    return ask_as(&operator_self, EL_API_PUT, "/v1/profiles/web", body);
}

static int change_profile(const char *body)
{
    return ask_as(&operator_self, EL_API_PATCH, "/v1/profiles/web", body);
}

#define WEB "\"image\": \"debian-12\", \"template\": \"debian\""

static void profiles_are_checked_and_kept(void **unused)
{
    static const char web[] =
        "{" WEB ", \"variables\": [{\"name\": \"disk\", \"value\": \"/dev/sda\"}],"
        " \"secrets\": [{\"name\": \"root-password\", \"value\": \"hunter2\"}]}";

    (void)unused;
    assert_int_equal(put_profile(web), 201);
    assert_string_equal(w.reply.location, "/v1/profiles/web");
    char *kept = strdup(el_registry_profile(w.registry, "web")->text);
    assert_null(strstr(kept, "hunter2"));
    assert_null(strstr(w.reply.text, "$6$"));
    assert_int_equal(put_profile(web), 200); /* again, and nothing changes, not even the salt */
    assert_string_equal(el_registry_profile(w.registry, "web")->text, kept);
    free(kept);
    assert_int_equal(get("/v1/profiles/web/files/preseed.cfg"), 200);
    assert_non_null(strstr(member("text"), "partman-auto/disk string /dev/sda\n"));
    assert_non_null(strstr(member("text"), "root-password-crypted password ********\n"));
    assert_int_equal(put_machine("/v1/machines/52:54:00:12:34:56",
                                 "{\"name\": \"pluto\", \"profile\": \"web\"}"),
                     200);
    assert_int_equal(get("/v1/machines/pluto/files/preseed.cfg"), 200);
    assert_non_null(strstr(member("text"), "pluto"));
    assert_null(strstr(member("text"), "$6$"));
    assert_int_equal(get("/v1/machines/pluto/files/passwd"), 404);
    assert_int_equal(get("/v1/profiles/web/files/passwd"), 404);
    assert_int_equal(change_profile("{\"variables\": [{\"name\": \"disk\", \"value\": \"sda\"}]}"),
                     422);
    assert_int_equal(change_profile("{\"image\": \"debian-13\"}"), 422);
    assert_non_null(strstr(member("detail"), "no image debian-13"));
    assert_int_equal(change_profile("{\"template\": \"redhat\"}"), 422);
    assert_int_equal(change_profile("{\"variables\": [{\"name\": \"disk\", \"value\": \"\"}]}"),
                     200);
    assert_null(strstr(w.reply.text, "/dev/sda"));
    assert_int_equal(get("/v1/profiles"), 200);
    assert_int_equal(get("/v1/profiles/web"), 200);
    assert_int_equal(get("/v1/templates"), 200);
    assert_int_equal(get("/v1/templates/debian"), 200);
    assert_int_equal(get("/v1/templates/debain"), 404);
    w.disk_full = true;
    assert_int_equal(put_profile(web), 503);
    assert_int_equal(delete ("/v1/profiles/web"), 503);
    w.disk_full = false;
    assert_int_equal(delete ("/v1/profiles/web"), 204);
    assert_int_equal(get("/v1/profiles/web"), 404);
    assert_int_equal(change_profile("{}"), 404);
}

static void images_are_told_with_what_is_wrong(void **unused)
{
    (void)unused;
    assert_int_equal(get("/v1/images"), 200);
    assert_string_equal(member("directory"), w.images_path);
    const json_t *list = json_object_get(w.said, "images");
    assert_int_equal(json_array_size(list), 2);
    const json_t *wrong = json_array_get(list, 1);
    assert_string_equal(json_string_value(json_object_get(wrong, "name")), "wrong");
    assert_non_null(strstr(json_string_value(json_object_get(wrong, "problem")), "no such key"));
    assert_int_equal(get("/v1/images/debian-12"), 200);
    assert_string_equal(member("title"), "Debian ? 12"); /* a person's file may hold any bytes */
    assert_string_equal(member("installer"), "debian");
    assert_int_equal(json_integer_value(json_object_get(w.said, "size")), 662700032);
    assert_int_equal(get("/v1/images/wrong"), 200);
    assert_non_null(member("problem"));
    assert_int_equal(get("/v1/images/nothing"), 404);
    assert_int_equal(get("/v1/images/.."), 404);
}

/* The last test: the document says of each operation what the tests above have called. */
static void every_operation_has_been_called(void **unused)
{
    (void)unused;
    get("/v1/hub");
    get("/v1/spokes");
    get("/v1/tokens");
    get("/v1/networks");
    get("/v1/ports");
    assert_int_equal(get("/v1/openapi.json"), 200);
    json_t *document = json_incref(w.said);
    const struct el_api_operation *const *list = el_api_operations(el_node_hub_api(w.hub));
    for (size_t i = 0; list[i]; i++) {
        json_t *path = json_object_get(json_object_get(document, "paths"), list[i]->path);
        char method[8] = "";
        strncpy(method, el_api_method_name(list[i]->method), sizeof method - 1);
        for (char *c = method; *c; c++)
            *c = (char)(*c | 0x20);
        const json_t *operation = json_object_get(path, method);
        const char *id = json_string_value(json_object_get(operation, "operationId"));
        assert_string_equal(id ? id : "(none)", list[i]->id);
        if (!called[i] && strncmp(list[i]->id, "watch", 5) != 0)
            fail_msg("%s has never answered", list[i]->id);
    }
    json_decref(document);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_spoke_joins_with_a_token),
        TEST(a_spoke_says_how_it_stands),
        TEST(a_spoke_that_says_too_much_is_not_repeated),
        TEST(a_spoke_is_told_of_networks_that_end),
        TEST(each_stays_in_its_own),
        TEST(spokes_see_each_other),
        TEST(a_late_token_is_told_the_time),
        TEST(keys_that_are_none),
        TEST(a_code_is_asked_for_and_used_once),
        TEST(guesses_are_few),
        TEST(an_operator_approves_a_key),
        TEST(a_program_says_yes_or_no),
        TEST(a_no_counts_though_nobody_fetches_it),
        TEST(a_no_that_the_disk_refused_counts_when_it_is_fetched),
        TEST(a_program_that_fails_lets_nobody_in_and_costs_nothing),
        TEST(spokes_of_the_command_line_are_listed),
        TEST(revoked_and_told_so_once),
        TEST(networks_are_made_and_published),
        TEST(ports_are_started_and_published),
        TEST(images_are_told_with_what_is_wrong),
        TEST(what_happens_is_an_event),
        TEST(bad_input_changes_nothing),
        TEST(machines_are_named_and_told_what_to_do),
        TEST(machines_are_shown_as_they_were_reported),
        TEST(profiles_are_checked_and_kept),
        TEST(a_machines_steps_are_shown),
        TEST(a_machines_frames_are_a_trace),
        TEST(every_operation_has_been_called),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
