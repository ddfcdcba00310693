/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spoke joins a hub, and whatever may come in between. */
#include "join_world.h"

static uint8_t key[32], other_key[32];

static void make_keys(void)
{
    uint8_t private_key[32];

    el_tunnel_key_make(private_key);
    el_tunnel_key_public(private_key, key);
    el_tunnel_key_make(private_key);
    el_tunnel_key_public(private_key, other_key);
}

static int begin(void **state)
{
    make_keys();
    return world_begin(state);
}

static void asks_with(const struct promise *promise, const uint8_t with[32])
{
    spoke_end();
    spoke_begin(promise, with);
    spoke_calls(HUB_AT);
    until_answer(1, 60);
}

static void says(enum el_join_verdict verdict, const char *words)
{
    if (w.spoke.last.verdict != verdict || !strstr(w.spoke.last.sentence.text, words))
        fail_msg("verdict %d: %s", (int)w.spoke.last.verdict, w.spoke.last.sentence.text);
}

static void factors(unsigned factors, const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES])
{
    struct el_registry_second_factor policy = {.factors = factors};

    if (secret) {
        policy.secret_len = EL_ENROL_TOTP_SECRET_BYTES;
        memcpy(policy.secret, secret, EL_ENROL_TOTP_SECRET_BYTES);
    }
    assert_int_equal(el_registry_second_factor_set(w.hub.registry, &policy, now_s(), NULL), 0);
}

static void a_spoke_joins(void **state)
{
    const struct el_registry_network_request network = {
        .name = "boot", .vni = 77, .cidr = {el_ip4(0xc0a84d00), 24}};
    struct promise promise = hub_promises("mars", 3600);
    uint64_t from = now_ns();

    (void)state;
    assert_int_equal(el_registry_network_create(w.hub.registry, &network, now_s(), NULL), 0);
    asks_with(&promise, key);
    says(EL_JOIN_ENROLLED, "");
    const struct el_enrolment *enrolment = &w.spoke.last.enrolment;
    const struct el_registry_spoke *spoke = el_registry_spoke(w.hub.registry, "mars");
    assert_memory_equal(spoke->key, key, 32);
    assert_string_equal(enrolment->name, "mars");
    assert_int_equal(el_ip4_number(&enrolment->address), el_node_key_address(key));
    assert_int_equal(enrolment->wire, spoke->wire);
    assert_memory_equal(enrolment->psk, spoke->psk, 32);
    assert_false(sodium_is_zero(enrolment->psk, 32));
    /* A handshake, TCP's, and the question: three times there and back, and what timers round up.
     */
    assert_true(w.spoke.answered_ns - from < 4 * 24 * EL_MS);
}

static void networks_are_told(void **state)
{
    struct promise promise = hub_promises("mars", 3600);

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        const struct el_registry_network_request network = {
            .name = i ? "lab2" : "boot",
            .vni = 77 + i,
            .cidr = {el_ip4(0xc0a84d00), 24},
            .to_all = i ? EL_REGISTRY_TO_PUBLISHED : EL_REGISTRY_TO_UNPUBLISHED};
        assert_int_equal(el_registry_network_create(w.hub.registry, &network, now_s(), NULL), 0);
    }
    asks_with(&promise, key);
    says(EL_JOIN_ENROLLED, "");
    assert_int_equal(w.spoke.last.enrolment.networks.count, 2);
    assert_string_equal(w.spoke.last.enrolment.networks.items[0].name,
                        "lab2"); /* the published one */
    assert_int_equal(w.spoke.last.enrolment.networks.items[0].vni, 78);
    assert_string_equal(w.spoke.last.enrolment.networks.items[1].name, "boot");
}

/* What a lost answer, a crash or a second start do. */
static void the_same_spoke_may_ask_again(void **state)
{
    struct promise promise = hub_promises("mars", 3600);
    struct el_enrolment first;

    (void)state;
    asks_with(&promise, key);
    says(EL_JOIN_ENROLLED, "");
    first = w.spoke.last.enrolment;
    run_for(2 * EL_S);
    asks_with(&promise, key);
    says(EL_JOIN_ENROLLED, "");
    assert_memory_equal(&first, &w.spoke.last.enrolment, sizeof first);
    run_for(2 * EL_S);
    asks_with(&promise, other_key);
    says(EL_JOIN_REFUSED, "used by another spoke");
    assert_int_equal(el_registry_spoke_count(w.hub.registry), 1);
}

static void the_hub_is_at_one_of_its_places(void **state)
{
    struct promise promise = hub_promises("mars", 3600);

    (void)state;
    spoke_begin(&promise, key);
    spoke_calls(ELSEWHERE);
    run_for(EL_S); /* a name takes longer to be found */
    assert_int_equal(w.spoke.ups, 0);
    spoke_calls(HUB_AT);
    until_answer(1, 1);
    says(EL_JOIN_ENROLLED, "");
    assert_int_equal(el_ip4_number(&w.spoke.reached.ip), HUB_AT);
}

static void a_hub_that_is_off_is_waited_for(void **state)
{
    struct promise promise = hub_promises("mars", 3600);

    (void)state;
    el_net_udp_close(w.hub.udp);
    spoke_begin(&promise, key);
    for (unsigned i = 0; i < 10; i++) { /* five minutes: a call ends after one and a half */
        spoke_calls(HUB_AT);
        run_for(30 * EL_S);
    }
    assert_int_equal(w.spoke.ups, 0);
    assert_true(w.spoke.silences >= 2);
    hub_listens();
    spoke_calls(HUB_AT);
    until_answer(1, 30);
    says(EL_JOIN_ENROLLED, "");
}

static void a_bad_line_is_enough(void **state)
{
    const struct el_net_memory_link bad = {.delay_ns = 200 * EL_MS,
                                           .jitter_ns = 100 * EL_MS,
                                           .loss_ppm = 250000,
                                           .duplicate_ppm = 100000,
                                           .reorder_ppm = 100000,
                                           .reorder_ns = 300 * EL_MS};
    struct promise promise = hub_promises("mars", 3600);

    (void)state;
    assert_int_equal(el_net_memory_link(w.net, NULL, NULL, &bad), 0);
    spoke_begin(&promise, key);
    spoke_calls(HUB_AT);
    for (unsigned i = 1; i == 1 || (w.spoke.last.verdict == EL_JOIN_LATER && i < 10); i++)
        until_answer(i, 300);
    says(EL_JOIN_ENROLLED, "");
}

static void a_token_that_has_expired(void **state)
{
    struct promise promise = hub_promises("mars", 60);

    (void)state;
    run_for(61 * EL_S);
    asks_with(&promise, key);
    says(EL_JOIN_REFUSED, "it expired at 20");
    says(EL_JOIN_REFUSED, "by the hub's clock it is 20");
}

static void an_operator_approves(void **state)
{
    struct promise promise = hub_promises("mars", 3600);

    (void)state;
    factors(EL_REGISTRY_FACTOR_APPROVAL, NULL);
    asks_with(&promise, key);
    says(EL_JOIN_PENDING, "");
    assert_string_equal(w.spoke.last.enrolment.name, "mars");
    run_for(60 * EL_S);
    assert_int_equal(w.spoke.answers, 1); /* nothing new is no answer */
    assert_int_equal(el_registry_approve(w.hub.registry, "mars", key, now_s(), NULL), 0);
    until_answer(2, EL_JOIN_AGAIN_S + 1);
    says(EL_JOIN_ENROLLED, "");
}

static void an_operator_does_not(void **state)
{
    struct promise promise = hub_promises("mars", 3600);

    (void)state;
    factors(EL_REGISTRY_FACTOR_APPROVAL, NULL);
    asks_with(&promise, key);
    says(EL_JOIN_PENDING, "");
    assert_int_equal(el_registry_revoke(w.hub.registry, "mars", now_s(), NULL), 0);
    until_answer(2, EL_JOIN_AGAIN_S + 1);
    says(EL_JOIN_REFUSED, "revoked");
}

static void a_code_is_asked_for(void **state)
{
    uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES];
    struct promise promise = hub_promises("mars", 3600);
    char code[EL_ENROL_TOTP_CODE_TEXT], typed[16];
    struct el_err err = {""};

    (void)state;
    el_enrol_totp_make_secret(secret);
    factors(EL_REGISTRY_FACTOR_TOTP, secret);
    asks_with(&promise, key);
    says(EL_JOIN_CODE, "");
    assert_int_equal(el_join_code(w.spoke.join, "12345", &err), EL_EINVAL);
    assert_int_equal(el_join_code(w.spoke.join, "123456789012345678", &err), EL_EINVAL);
    assert_int_equal(el_join_code(w.spoke.join, "", &err), EL_EINVAL);

    /* One that is right tomorrow. */
    el_enrol_totp_code(secret, (uint64_t)now_s() / 30 + 2880, code);
    assert_int_equal(el_join_code(w.spoke.join, code, &err), 0);
    until_answer(2, 10);
    says(EL_JOIN_CODE, "4 tries left");

    el_enrol_totp_code(secret, (uint64_t)now_s() / 30, code);
    snprintf(typed, sizeof typed, "%.3s %.3s", code, code + 3);
    assert_int_equal(el_join_code(w.spoke.join, typed, &err), 0);
    until_answer(3, 10);
    says(EL_JOIN_ENROLLED, "");
}

static void guesses_come_to_an_end(void **state)
{
    uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES];
    struct promise promise = hub_promises("mars", 3600);
    char code[EL_ENROL_TOTP_CODE_TEXT];

    (void)state;
    el_enrol_totp_make_secret(secret);
    factors(EL_REGISTRY_FACTOR_TOTP, secret);
    asks_with(&promise, key);
    for (unsigned i = 1; i <= EL_REGISTRY_WRONG_CODES; i++) {
        says(EL_JOIN_CODE, "");
        el_enrol_totp_code(secret, (uint64_t)now_s() / 30 + 2880, code);
        assert_int_equal(el_join_code(w.spoke.join, code, NULL), 0);
        until_answer(i + 1, 10);
    }
    says(EL_JOIN_REFUSED, "worthless");
}

/* The hub's API is started again: what was asked is asked again. */
static void a_hub_whose_api_is_away(void **state)
{
    struct promise promise = hub_promises("mars", 3600);
    const struct el_http_server_config server = {
        .listen = {.bind = {.port = 80}, .inherited_fd = -1}, .routes = w.hub.routes};

    (void)state;
    el_http_server_stop(w.hub.server);
    w.hub.server = NULL;
    asks_with(&promise, key);
    says(EL_JOIN_LATER, "");
    assert_int_equal(el_http_server_start(w.hub.inside, &server, &w.hub.server, NULL), 0);
    until_answer(2, 10);
    says(EL_JOIN_ENROLLED, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, world_end)
    const struct CMUnitTest tests[] = {
        TEST(a_spoke_joins),
        TEST(networks_are_told),
        TEST(the_same_spoke_may_ask_again),
        TEST(the_hub_is_at_one_of_its_places),
        TEST(a_hub_that_is_off_is_waited_for),
        TEST(a_bad_line_is_enough),
        TEST(a_token_that_has_expired),
        TEST(an_operator_approves),
        TEST(an_operator_does_not),
        TEST(a_code_is_asked_for),
        TEST(guesses_come_to_an_end),
        TEST(a_hub_whose_api_is_away),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
