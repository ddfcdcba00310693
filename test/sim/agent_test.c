/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An enrolled spoke asks the hub how it stands, and follows it. */
#include "join_world.h"

#include "hub/hub_api_internal.h"
#include "node/nudge.h"
#include "spoke/agent.h"

static struct promise mars; /* its own key, by now */
static struct el_agent *agent;
static struct el_nudges *nudges;
static unsigned answers, failures;
static struct el_agent_answer last;

static void on_answered(void *arg, const struct el_agent_answer *answer)
{
    (void)arg;
    if (answer->verdict == EL_AGENT_LATER)
        failures++;
    else
        answers++;
    last = *answer;
}

static void enrol(void)
{
    const struct el_registry_network_request boot = {
        .name = "boot", .vni = 77, .cidr = {el_ip4(0xc0a84d00), 24}};
    struct promise token = hub_promises("mars", 3600);
    struct el_registry_redemption redemption = {.enrolment_key = token.public_key,
                                                .key = mars.public_key};
    enum el_registry_verdict verdict;

    redemption.preferred = el_ip4(el_node_key_address(mars.public_key));
    assert_int_equal(el_registry_network_create(w.hub.registry, &boot, now_s(), NULL), 0);
    assert_int_equal(el_registry_redeem(w.hub.registry, &redemption, now_s(), &verdict, NULL, NULL),
                     0);
    assert_int_equal(verdict, EL_REGISTRY_IS_ENROLLED);
}

static int begin(void **state)
{
    struct el_agent_config config = {.answered = on_answered};

    world_begin(state);
    el_tunnel_key_make(mars.private_key);
    el_tunnel_key_public(mars.private_key, mars.public_key);
    enrol();
    hub_peer(mars.public_key);
    assert_int_equal(el_nudges_new(w.hub.inside, &nudges, NULL), 0);
    answers = failures = 0;
    spoke_begin(&mars, mars.public_key);
    w.spoke.ups = 1; /* it does not join any more */
    spoke_calls(HUB_AT);
    config.net = el_join_link_net(w.spoke.link);
    assert_int_equal(el_agent_new(&config, &agent, NULL), 0);
    return 0;
}

static int end(void **state)
{
    el_agent_free(agent);
    el_nudges_free(nudges);
    return world_end(state);
}

static void until(const unsigned *count, unsigned wanted, unsigned patience_s)
{
    uint64_t end_ns = now_ns() + patience_s * EL_S;

    while (*count < wanted && now_ns() < end_ns)
        run_for(EL_MS);
    assert_int_equal(*count, wanted);
}

static void publish(bool published)
{
    const struct el_registry_publication publication = {
        .network = "boot", .spoke = "mars", .lan = "eth1.30", .published = published};

    assert_int_equal(el_registry_publish(w.hub.registry, &publication, now_s(), NULL), 0);
}

static void nudge(void)
{
    const struct el_ip ip = el_ip4(el_node_key_address(mars.public_key));

    el_nudges_add(nudges, &ip);
    el_nudges_add(nudges, &ip);
}

static void it_asks_at_once_and_every_minute(void **state)
{
    (void)state;
    until(&answers, 1, 5);
    assert_int_equal(last.verdict, EL_AGENT_SELF);
    assert_int_equal(last.self.networks.count, 0);
    publish(true);
    run_for(59 * EL_S);
    assert_int_equal(answers, 1);
    until(&answers, 2, 8);
    assert_int_equal(last.self.networks.count, 1);
    assert_string_equal(last.self.networks.items[0].name, "boot");
    assert_string_equal(last.self.networks.items[0].lan, "eth1.30");
    assert_true(last.self.networks.items[0].published);
    assert_int_equal(failures, 0);
}

static void a_nudge_is_followed_at_once(void **state)
{
    (void)state;
    until(&answers, 1, 5);
    publish(true);
    nudge();
    until(&answers, 2, 1);
    assert_int_equal(last.self.networks.count, 1);
    publish(false);
    nudge();
    until(&answers, 3, 1);
    assert_false(last.self.networks.items[0].published);
    run_for(30 * EL_S); /* two nudges at once were one */
    assert_int_equal(answers, 3);
}

/* The answer that is on its way was made before. */
static void a_nudge_behind_a_question_brings_another(void **state)
{
    (void)state;
    until(&answers, 1, 5);
    nudge();
    run_for(30 * EL_MS); /* it has come, and the question has not been answered */
    assert_int_equal(answers, 1);
    publish(true);
    nudge();
    until(&answers, 3, 1);
    assert_int_equal(last.self.networks.count, 1);
}

static void what_is_no_nudge_is_nothing(void **state)
{
    const struct el_endpoint hub = {.ip = el_ip4(EL_NODE_HUB_ADDRESS), .port = 4},
                             other = {.ip = el_ip4(EL_NODE_HUB_ADDRESS + 1), .port = 4};
    struct el_net_udp_meta meta = {.from = hub};

    (void)state;
    assert_true(el_nudge_is(&meta, el_nudge, sizeof el_nudge));
    assert_false(el_nudge_is(&meta, el_nudge, sizeof el_nudge - 1));
    assert_false(el_nudge_is(&meta, (const uint8_t *)"el2wasK", sizeof el_nudge));
    meta.from = other;
    assert_false(el_nudge_is(&meta, el_nudge, sizeof el_nudge));
}

/* It comes back in what the operator sees, and so in what the spoke is told. */
static void what_it_says_is_known(void **state)
{
    const struct el_registry_spoke *spoke = el_registry_spoke(w.hub.registry, "mars");
    struct el_agent_report report = {.count = 0};

    (void)state;
    until(&answers, 1, 5);
    el_agent_report_add(&report, 77, NULL, "eth1.30 is not allowed");
    el_agent_tell(agent, &report);
    until(&answers, 2, 1);
    el_agent_tell(agent, &report); /* nothing new */
    run_for(30 * EL_S);
    assert_int_equal(answers, 2);
    publish(true);
    json_t *now = el_hub_memberships_json(w.hub.api, spoke);
    assert_string_equal(json_string_value(json_object_get(json_array_get(now, 0), "problem")),
                        "eth1.30 is not allowed");
    json_decref(now);
}

/* Of its ways and of its networks, one after the other, behind a question that is under way. */
static void all_it_says_is_known(void **state)
{
    const struct el_registry_spoke *spoke = el_registry_spoke(w.hub.registry, "mars");
    struct el_agent_report report = {.count = 0};

    (void)state;
    until(&answers, 1, 5);
    el_agent_report_add(&report, 77, NULL, "eth1.30 is not allowed");
    el_agent_ask(agent);
    el_agent_tell(agent, &report);
    el_agent_tell_ways(agent, json_pack("{s:[]}", "peers"));
    until(&answers, 4, 2);
    run_for(30 * EL_S);
    assert_int_equal(answers, 4);
    assert_int_equal(failures, 0);
    publish(true);
    json_t *now = el_hub_memberships_json(w.hub.api, spoke);
    assert_non_null(json_object_get(json_array_get(now, 0), "problem"));
    json_decref(now);
}

static void a_revoked_one_is_told(void **state)
{
    (void)state;
    until(&answers, 1, 5);
    assert_int_equal(el_registry_revoke(w.hub.registry, "mars", now_s(), NULL), 0);
    nudge();
    until(&answers, 2, 1);
    assert_int_equal(last.verdict, EL_AGENT_REVOKED);
    assert_non_null(strstr(last.sentence.text, "revoked"));
}

/* Control is started again; the tunnel has been there all the time. */
static void a_hub_that_does_not_answer_is_asked_again(void **state)
{
    struct el_err err = {""};
    const struct el_http_server_config server = {
        .listen = {.bind = {.port = 80}, .inherited_fd = -1}, .routes = w.hub.routes};

    (void)state;
    until(&answers, 1, 5);
    el_http_server_stop(w.hub.server);
    nudge();
    until(&failures, 1, 1);
    assert_int_equal(last.verdict, EL_AGENT_LATER);
    assert_true(last.sentence.text[0] != '\0');
    until(&failures, 2, EL_AGENT_RETRY_S + 1);
    if (el_http_server_start(w.hub.inside, &server, &w.hub.server, &err) < 0)
        fail_msg("%s", err.text);
    until(&answers, 2, 2 * EL_AGENT_RETRY_S + 1);
    assert_int_equal(failures, 2);
}

static void path_is(bool down)
{
    const struct el_net_memory_link link = {.delay_ns = 12 * EL_MS, .down = down};

    assert_int_equal(el_net_memory_link(w.net, NULL, NULL, &link), 0);
}

/* What was said while the path was away is lost: "now" does not wait for TCP. */
static void a_question_that_hangs_is_asked_anew(void **state)
{
    (void)state;
    until(&answers, 1, 5);
    run_for(10 * EL_S);
    path_is(true);
    el_agent_ask(agent);
    run_for(8 * EL_S); /* by now TCP waits for longer than we do below */
    assert_int_equal(answers, 1);
    path_is(false);
    el_agent_ask(agent);
    until(&answers, 2, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_asks_at_once_and_every_minute, begin, end),
        cmocka_unit_test_setup_teardown(a_nudge_is_followed_at_once, begin, end),
        cmocka_unit_test_setup_teardown(a_nudge_behind_a_question_brings_another, begin, end),
        cmocka_unit_test(what_is_no_nudge_is_nothing),
        cmocka_unit_test_setup_teardown(what_it_says_is_known, begin, end),
        cmocka_unit_test_setup_teardown(all_it_says_is_known, begin, end),
        cmocka_unit_test_setup_teardown(a_revoked_one_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_hub_that_does_not_answer_is_asked_again, begin, end),
        cmocka_unit_test_setup_teardown(a_question_that_hangs_is_asked_anew, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
