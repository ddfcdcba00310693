/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What machines get of their profiles: rendered files, arguments, metadata; and who gets secrets,
 * how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/metadata_pages.h"

#define HASH "$6$saltsaltsaltsalt$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKJ8ljPFBMRYMfnXHmSHGFqUWYbJmFYbQvGpV1kZ3tYH"

static const struct el_mac mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};

static struct {
    struct el_machines *machines;
    struct el_profile_pages pages;
    struct el_http_route routes[EL_METADATA_ROUTES + 1];
    struct el_http_answer answer;
    struct el_endpoint client;
    struct el_http_field fields[2];
    size_t field_count;
    int64_t now_s;
    unsigned puts;
    bool disk_full;
} w;

static int64_t wall_s(void *arg)
{
    (void)arg;
    return w.now_s;
}

/* .20 is the machine's, .21 another's. */
static int lease(void *arg, const struct el_ip *ip, struct el_mac *of)
{
    (void)arg;
    *of = mac;
    of->b[5] = (uint8_t)(of->b[5] + (ip->b[3] == 21));
    return ip->b[3] == 20 || ip->b[3] == 21 ? 0 : EL_ENOENT;
}

static const char *entry(void *arg, const char *name)
{
    (void)arg;
    (void)name;
    return NULL;
}

static int put(void *arg, const struct el_life *life, bool remove, struct el_err *err)
{
    (void)arg;
    (void)life;
    (void)remove;
    w.puts++;
    return w.disk_full ? el_err(err, EL_EIO, "the disk is full") : 0;
}

static int load(void *arg, void (*each)(void *each_arg, const struct el_life *life), void *each_arg,
                struct el_err *err)
{
    (void)arg;
    (void)each;
    (void)each_arg;
    (void)err;
    return 0;
}

static void order(const char *text)
{
    struct el_order heard;
    struct el_err err = {""};

    if (el_order_read(text, strlen(text), true, &heard, &err) < 0 ||
        el_machines_order(w.machines, &heard, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    el_order_clear(&heard);
}

/* The machine n1 has profile web of TEMPLATE. */
static void know(const char *template_name, const char *secrets)
{
    char text[1024];

    snprintf(text, sizeof text,
             "{\"order\":\"profile\",\"name\":\"web\",\"image\":\"debian-12\",\"tells\":true,"
             "\"document\":{\"name\":\"web\",\"image\":\"debian-12\",\"template\":\"%s\","
             "\"variables\":[],\"ssh_keys\":[\"" KEY "\"],\"secrets\":[%s]}}",
             template_name, secrets);
    order(text);
    order("{\"order\":\"machine\",\"mac\":\"52:54:00:12:34:56\",\"name\":\"n1\","
          "\"profile\":\"web\"}");
    order("{\"order\":\"complete\"}");
}

static void visit(uint64_t boot)
{
    struct el_life_event event = {
        .kind = EL_LIFE_VISIT, .now_s = 1, .boot = boot, .fresh_token = "tok3n"};
    struct el_life_decision decision;

    assert_int_equal(el_machines_event(w.machines, &mac, &event, &decision, NULL), 0);
}

static int begin(void **state)
{
    static const struct el_machines_config machines = {.has_control = true,
                                                       .store = {put, load, NULL},
                                                       .wall_s = wall_s,
                                                       .lease = lease,
                                                       .entry = entry};
    struct el_profile_pages_config config = {.address = {{4, {192, 168, 77, 1}}, 24},
                                             .router = {4, {192, 168, 77, 1}},
                                             .hub = "192.168.77.1",
                                             .wall_s = wall_s};

    (void)state;
    memset(&w, 0, sizeof w);
    w.now_s = 1000;
    w.client = (struct el_endpoint){.ip = {4, {192, 168, 77, 20}}, .port = 4711};
    if (el_machines_new(&machines, &w.machines, NULL) < 0)
        return -1;
    config.machines = w.machines;
    if (el_profile_pages_begin(&w.pages, &config, NULL) < 0)
        return -1;
    el_machines_set_page(w.machines, el_profile_pages_answer, &w.pages);
    el_machines_set_args(w.machines, el_profile_pages_args, &w.pages);
    el_metadata_pages_routes(&w.pages, w.routes);
    return 0;
}

static int end(void **state)
{
    (void)state;
    el_http_answer_clear(&w.answer);
    el_profile_pages_end(&w.pages);
    el_machines_free(w.machines);
    return 0;
}

static struct el_http_request request_of(enum el_http_method method)
{
    return (struct el_http_request){
        .method = method, .client = &w.client, .fields = w.fields, .field_count = w.field_count};
}

/* /m/TOKEN/FILE, as service/machine_pages.c finds the machine. */
static int fetch(const char *file, enum el_http_method method)
{
    struct el_http_request request = request_of(method);
    struct el_machine machine;

    assert_int_equal(el_machines_by_mac(w.machines, &mac, &machine), 0);
    el_http_answer_clear(&w.answer);
    el_machines_answer_page(w.machines, &machine, file, &request, &w.answer);
    return w.answer.status;
}

static int ask(enum el_http_method method, const char *path)
{
    struct el_http_request request = request_of(method);
    const struct el_http_route *route = el_http_route_find(w.routes, path);

    assert_non_null(route);
    request.path = path;
    request.rest = path + strlen(route->prefix);
    el_http_answer_clear(&w.answer);
    route->handler(route->arg, &request, &w.answer);
    return w.answer.status;
}

static const char *said(void)
{
    static char text[65536];

    snprintf(text, sizeof text, "%.*s", (int)w.answer.len, (const char *)w.answer.bytes);
    return text;
}

static void got(const char *path, const char *expected)
{
    if (ask(EL_HTTP_GET, path) != 200)
        fail_msg("%s: %d", path, w.answer.status);
    assert_string_equal(said(), expected);
}

/* -- installing -- */

static void a_machine_gets_its_answers(void **state)
{
    char args[EL_MACHINES_ARGS_BYTES];
    struct el_machine machine;

    (void)state;
    know("debian", "");
    visit(1);
    assert_int_equal(el_machines_by_mac(w.machines, &mac, &machine), 0);
    assert_int_equal(el_machines_args(w.machines, &machine, args, NULL), 0);
    assert_non_null(strstr(args, "preseed/url=http://192.168.77.1/m/tok3n/preseed.cfg"));
    assert_int_equal(fetch("preseed.cfg", EL_HTTP_GET), 200);
    assert_true(w.answer.no_store);
    assert_non_null(strstr(said(), "d-i netcfg/get_hostname string n1\n"));
    assert_non_null(strstr(said(), "'http://192.168.77.1/m/tok3n'/done"));
    assert_int_equal(fetch("template.conf", EL_HTTP_GET), 404);
    assert_int_equal(fetch("../preseed.cfg", EL_HTTP_GET), 404);
}

static void arguments_stand_in_a_script(void **state)
{
    static const char *const names[] = {"agama",  "cloud-init", "debian",
                                        "redhat", "suse",       "ubuntu"};
    char args[EL_MACHINES_ARGS_BYTES];
    struct el_machine machine;
    struct el_err err = {""};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        know(names[i], "");
        visit(i + 1);
        assert_int_equal(el_machines_by_mac(w.machines, &mac, &machine), 0);
        if (el_machines_args(w.machines, &machine, args, &err) < 0)
            fail_msg("%s", err.text);
        assert_non_null(strstr(args, "/m/tok3n"));
    }
    static const char conf[] = "about = x\nargs = a=${net0/mac}\n";
    const struct el_profile_source source = {"template.conf", conf, strlen(conf)};
    struct el_profile_template *t;
    assert_int_equal(el_profile_template_parse("mine", &source, 1, &t, NULL), 0);
    assert_int_equal(el_profile_templates_add(w.pages.templates, t, NULL), 0);
    know("mine", "");
    assert_int_equal(el_machines_by_mac(w.machines, &mac, &machine), 0);
    assert_int_equal(el_machines_args(w.machines, &machine, args, &err), EL_EINVAL);
}

static void secrets_are_handed_to_whom_they_are_for(void **state)
{
    (void)state;
    know("debian", "{\"name\":\"root-password\",\"value\":\"" HASH "\"}");
    visit(1);
    /* Somebody else has the token. */
    w.client.ip.b[3] = 21;
    assert_int_equal(fetch("preseed.cfg", EL_HTTP_GET), 403);
    w.client.ip.b[3] = 99;
    assert_int_equal(fetch("preseed.cfg", EL_HTTP_GET), 403);
    w.client.ip.b[3] = 20;
    /* A look is no handing out, and shows nothing. */
    assert_int_equal(fetch("preseed.cfg", EL_HTTP_HEAD), 200);
    assert_null(strstr(said(), HASH));
    /* It is written down before a byte leaves. */
    w.disk_full = true;
    assert_int_equal(fetch("preseed.cfg", EL_HTTP_GET), 503);
    assert_null(w.answer.bytes);
    w.disk_full = false;
    /* Once, and once more for a connection that broke. */
    for (int i = 0; i < 2; i++) {
        unsigned puts = w.puts;
        assert_int_equal(fetch("preseed.cfg", EL_HTTP_GET), 200);
        assert_int_equal(w.puts, puts + 1);
        assert_non_null(strstr(said(), "root-password-crypted password " HASH "\n"));
    }
    assert_int_equal(fetch("preseed.cfg", EL_HTTP_GET), 410);
    assert_int_equal(w.answer.len, 0);
    /* The next attempt gets them again. */
    visit(2);
    assert_int_equal(fetch("preseed.cfg", EL_HTTP_GET), 200);
}

static void files_without_secrets_are_fetched_at_will(void **state)
{
    (void)state;
    know("ubuntu", "");
    visit(1);
    for (int i = 0; i < 9; i++)
        assert_int_equal(fetch("meta-data", EL_HTTP_GET), 200);
    assert_non_null(strstr(said(), "local-hostname: \"n1\""));
}

static void before_everything_is_known_they_are_to_come_again(void **state)
{
    (void)state;
    know("debian", "");
    visit(1);
    order("{\"order\":\"begin\"}");
    el_machines_free(w.machines);
    static const struct el_machines_config machines = {
        .has_control = true, .store = {put, load, NULL}, .wall_s = wall_s, .lease = lease};
    assert_int_equal(el_machines_new(&machines, &w.machines, NULL), 0);
    w.pages.config.machines = w.machines;
    struct el_http_request request = request_of(EL_HTTP_GET);
    struct el_machine machine = {.mac = mac};
    el_profile_pages_answer(&w.pages, &machine, "preseed.cfg", &request, &w.answer);
    assert_int_equal(w.answer.status, 503);
    assert_int_equal(ask(EL_HTTP_GET, "/nocloud/meta-data"), 503);
}

/* -- metadata -- */

static void metadata_as_nocloud(void **state)
{
    (void)state;
    know("debian", "{\"name\":\"root-password\",\"value\":\"" HASH "\"}");
    assert_int_equal(ask(EL_HTTP_GET, "/nocloud/meta-data"), 200);
    assert_non_null(strstr(said(), "\"local-hostname\": \"n1\""));
    assert_non_null(strstr(said(), KEY));
    got("/nocloud/user-data", "#cloud-config\n{}\n");
    assert_int_equal(ask(EL_HTTP_GET, "/nocloud/network-config"), 200);
    assert_int_equal(ask(EL_HTTP_GET, "/nocloud/preseed.cfg"), 404);
    w.client.ip.b[3] = 99; /* nobody's */
    assert_int_equal(ask(EL_HTTP_GET, "/nocloud/meta-data"), 404);
    w.client.ip.b[3] = 21; /* of one of whom nothing is known */
    assert_int_equal(ask(EL_HTTP_GET, "/nocloud/meta-data"), 404);
}

static void metadata_have_no_secrets(void **state)
{
    (void)state;
    know("cloud-init", "{\"name\":\"root-password\",\"value\":\"" HASH "\"}");
    assert_int_equal(ask(EL_HTTP_GET, "/nocloud/user-data"), 200);
    assert_non_null(strstr(said(), "hostname: \"n1\""));
    assert_null(strstr(said(), HASH));
    assert_null(strstr(said(), "/m/"));
    assert_int_equal(ask(EL_HTTP_GET, "/latest/user-data"), 200);
    assert_null(strstr(said(), HASH));
}

static void metadata_as_ec2(void **state)
{
    (void)state;
    know("debian", "");
    got("/latest/", "meta-data\nuser-data");
    got("/latest/meta-data/", "ami-id\nhostname\ninstance-id\nlocal-hostname\nlocal-ipv4\nmac\n"
                              "public-keys/");
    got("/2009-04-04/meta-data/instance-id", "el2w-01-52-54-00-12-34-56");
    got("/latest/meta-data/local-hostname", "n1");
    got("/latest/meta-data/local-ipv4", "192.168.77.20");
    got("/latest/meta-data/mac", "52:54:00:12:34:56");
    got("/latest/meta-data/ami-id", "debian-12");
    got("/latest/meta-data/public-keys/", "0=key-0");
    got("/latest/meta-data/public-keys/0/", "openssh-key");
    got("/latest/meta-data/public-keys/0/openssh-key", KEY);
    assert_int_equal(ask(EL_HTTP_GET, "/latest/meta-data/public-keys/1/openssh-key"), 404);
    assert_int_equal(ask(EL_HTTP_GET, "/latest/meta-data/public-keys/-1"), 404);
    assert_int_equal(ask(EL_HTTP_GET, "/latest/meta-data/macs"), 404);
    assert_int_equal(ask(EL_HTTP_GET, "/latest/meta-datax"), 404);
}

static void a_session_has_a_token(void **state)
{
    static char token[256];

    (void)state;
    know("debian", "");
    assert_int_equal(ask(EL_HTTP_PUT, "/latest/api/token"), 400);
    w.fields[0] = (struct el_http_field){"x-aws-ec2-metadata-token-ttl-seconds", "21601"};
    w.field_count = 1;
    assert_int_equal(ask(EL_HTTP_PUT, "/latest/api/token"), 400);
    w.fields[0].value = "60";
    assert_int_equal(ask(EL_HTTP_PUT, "/latest/api/token"), 200);
    strcpy(token, said());
    w.fields[1] = (struct el_http_field){"x-forwarded-for", "192.0.2.1"};
    w.field_count = 2;
    assert_int_equal(ask(EL_HTTP_PUT, "/latest/api/token"), 403);
    w.fields[0] = (struct el_http_field){"x-aws-ec2-metadata-token", token};
    w.field_count = 1;
    got("/latest/meta-data/local-hostname", "n1");
    token[0] ^= 1;
    assert_int_equal(ask(EL_HTTP_GET, "/latest/meta-data/local-hostname"), 401);
    token[0] ^= 1;
    w.now_s += 60;
    assert_int_equal(ask(EL_HTTP_GET, "/latest/meta-data/local-hostname"), 401);
    w.fields[0].value = "";
    assert_int_equal(ask(EL_HTTP_GET, "/latest/meta-data/local-hostname"), 401);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_machine_gets_its_answers),
        TEST(arguments_stand_in_a_script),
        TEST(secrets_are_handed_to_whom_they_are_for),
        TEST(files_without_secrets_are_fetched_at_will),
        TEST(before_everything_is_known_they_are_to_come_again),
        TEST(metadata_as_nocloud),
        TEST(metadata_have_no_secrets),
        TEST(metadata_as_ec2),
        TEST(a_session_has_a_token),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
