/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hub's file: what it says, made so in a registry, once and again, after commands have said
 * otherwise, and for spokes that come later. */
#include "hub/hub_plan.h"

#include "base/log.h"
#include "node/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry_world.h"

static struct el_hub_plan plan;

static int begin_plan(void **state)
{
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT); /* warnings are meant */
    plan = (struct el_hub_plan){0};
    return begin(state);
}

static int end_plan(void **state)
{
    el_hub_plan_clear(&plan);
    return end(state);
}

static void network(const char *name, unsigned vni, const char *cidr, const char *publishes)
{
    struct el_hub_plan_network *n = el_hub_plan_add_network(&plan, name, &w.err);

    assert_non_null(n);
    n->vni = vni;
    assert_int_equal(el_prefix_parse(cidr, &n->cidr), 0);
    if (publishes)
        assert_int_equal(el_hub_plan_set_publish(n, publishes, &w.err), 0);
}

/* KEY 0: none. */
static struct el_hub_plan_spoke *spoke(const char *name, unsigned key, const char *publications)
{
    struct el_hub_plan_spoke *s = el_hub_plan_add_spoke(&plan, name, &w.err);

    assert_non_null(s);
    if (key) {
        memcpy(s->key, key_of(key), sizeof s->key);
        s->has_key = true;
    }
    if (publications)
        assert_int_equal(el_hub_plan_set_publications(s, publications, &w.err), 0);
    return s;
}

static int apply(int64_t now_s)
{
    return el_hub_plan_apply(&plan, w.registry, now_s, &w.err);
}

/* "boot+ lab2-@eth1": what a spoke is a member of. */
static const char *sees(const char *name)
{
    static char text[256];
    struct el_registry_membership m[EL_REGISTRY_NETWORKS_OF_SPOKE];
    const struct el_registry_spoke *row = el_registry_spoke(w.registry, name);

    text[0] = '\0';
    assert_non_null(row);
    unsigned count = el_registry_memberships(w.registry, row, m);
    for (unsigned i = 0; i < count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s%s%s%s", i ? " " : "",
                 el_registry_network_by_vni(w.registry, m[i].vni)->name, m[i].published ? "+" : "-",
                 m[i].lan[0] ? "@" : "", m[i].lan);
    }
    return text;
}

static void applied_twice_is_applied_once(void **state)
{
    (void)state;
    network("boot", 77, "192.168.77.0/24", "all");
    network("lab2", 78, "192.168.78.9/24", NULL); /* some address of it */
    spoke("mars", 101, "lab2@eth1.30");
    spoke("venus", 102, NULL);
    plan.has_factors = true;
    plan.factors = EL_REGISTRY_FACTOR_APPROVAL;
    assert_int_equal(apply(NOW), 0);
    assert_non_null(strstr(told(), "[network-created]"));
    assert_string_equal(sees("mars"), "boot+ lab2+@eth1.30");
    assert_string_equal(sees("venus"), "boot+");
    assert_int_equal(el_registry_second_factor(w.registry)->factors, EL_REGISTRY_FACTOR_APPROVAL);
    assert_int_equal(el_ip4_number(&el_registry_spoke(w.registry, "mars")->ip),
                     el_node_key_address(key_of(101)));
    unsigned puts = w.puts;
    assert_int_equal(apply(NOW + HOUR), 0);
    assert_int_equal(el_hub_plan_follow(&plan, w.registry, NOW + HOUR, &w.err), 0);
    assert_string_equal(told(), "");
    assert_int_equal(w.puts, puts);
}

static void the_file_wins_at_a_start_over_what_it_mentions(void **state)
{
    (void)state;
    network("boot", 77, "192.168.77.0/24", "none");
    network("lab2", 78, "192.168.77.0/24", NULL);
    spoke("mars", 101, "boot");
    assert_int_equal(apply(NOW), 0);
    assert_int_equal(make_network("hand", 79, EL_REGISTRY_TO_NONE), 0); /* by command */
    assert_int_equal(publish("hand", "mars", true), 0);
    assert_int_equal(publish("boot", "mars", false), 0);
    assert_int_equal(publish("lab2", NULL, true), 0);
    assert_int_equal(el_hub_plan_follow(&plan, w.registry, NOW, &w.err), 0);
    assert_string_equal(sees("mars"), "boot- lab2+ hand+"); /* while it runs, commands win */
    assert_int_equal(apply(NOW), 0);
    assert_string_equal(sees("mars"), "boot+ lab2+ hand-"); /* of lab2 the file says nothing */
    assert_non_null(el_registry_network(w.registry, "hand"));
}

static void what_it_does_not_mention_stays(void **state)
{
    (void)state;
    network("boot", 77, "192.168.77.0/24", "all");
    spoke("mars", 101, NULL);
    assert_int_equal(apply(NOW), 0);
    assert_int_equal(make_network("hand", 79, EL_REGISTRY_TO_NONE), 0);
    assert_int_equal(publish("hand", "mars", true), 0);
    assert_int_equal(publish("boot", "mars", false), 0);
    el_hub_plan_clear(&plan); /* the next file is empty */
    told();
    assert_int_equal(apply(NOW), 0);
    assert_string_equal(told(), "");
    assert_string_equal(sees("mars"), "boot- hand+");
}

static void a_spoke_with_a_token_finds_its_networks(void **state)
{
    (void)state;
    network("boot", 77, "192.168.77.0/24", NULL);
    spoke("mars", 0, "boot@eth1");
    assert_int_equal(apply(NOW), 0);
    assert_null(el_registry_spoke(w.registry, "mars"));
    assert_int_equal(make_token("mars", 1), 0);
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_ENROLLED);
    w.disk_full = true;
    assert_int_equal(el_hub_plan_follow(&plan, w.registry, NOW, &w.err), EL_EIO);
    w.disk_full = false;
    assert_int_equal(el_hub_plan_follow(&plan, w.registry, NOW, &w.err), 0);
    assert_string_equal(sees("mars"), "boot+@eth1");
    assert_int_equal(publish("boot", "mars", false), 0);
    el_hub_plan_resume(&plan, w.registry); /* control was started again, and not the hub */
    assert_int_equal(el_hub_plan_follow(&plan, w.registry, NOW, &w.err), 0);
    assert_string_equal(sees("mars"), "boot-@eth1");
    assert_int_equal(el_registry_revoke(w.registry, "mars", NOW, &w.err), 0);
    assert_int_equal(el_hub_plan_follow(&plan, w.registry, NOW, &w.err), 0);
    assert_int_equal(make_token("mars", 2), 0); /* another one of this name */
    assert_int_equal(redeem(2, 102), EL_REGISTRY_IS_ENROLLED);
    assert_int_equal(el_hub_plan_follow(&plan, w.registry, NOW, &w.err), 0);
    assert_string_equal(sees("mars"), "boot+@eth1");
}

static void what_was_revoked_stays_so(void **state)
{
    (void)state;
    network("boot", 77, "192.168.77.0/24", NULL);
    spoke("mars", 101, "boot");
    assert_int_equal(apply(NOW), 0);
    assert_int_equal(el_registry_revoke(w.registry, "mars", NOW, &w.err), 0);
    told();
    assert_int_equal(apply(NOW), 0); /* a warning: the hub starts */
    assert_string_equal(told(), "");
    assert_int_equal(el_registry_spoke(w.registry, "mars")->state, EL_REGISTRY_REVOKED);
}

static void what_contradicts_is_an_error(void **state)
{
    (void)state;
    network("boot", 77, "192.168.77.0/24", NULL);
    assert_int_equal(apply(NOW), 0);
    plan.networks[0].vni = 78;
    assert_int_equal(apply(NOW), EL_EEXIST);
    plan.networks[0].vni = 77;
    spoke("mars", 101, NULL);
    assert_int_equal(apply(NOW), 0);
    memcpy(plan.spokes[0].key, key_of(102), 32);
    assert_int_equal(apply(NOW), EL_EEXIST);
}

static void a_network_ends_and_does_not_come_back(void **state)
{
    (void)state;
    network("lab2", 78, "192.168.78.0/24", NULL);
    plan.networks[0].until_s = NOW + HOUR;
    spoke("mars", 101, "lab2");
    assert_int_equal(apply(NOW), 0);
    assert_int_equal(el_registry_network(w.registry, "lab2")->expires_s, NOW + HOUR);
    assert_int_equal(apply(NOW + HOUR), 0); /* the hub was down in between */
    assert_null(el_registry_network(w.registry, "lab2"));
    told();
    assert_int_equal(apply(NOW + HOUR), 0);
    assert_string_equal(told(), "");
}

static void codes_have_a_secret_once(void **state)
{
    struct el_registry_second_factor before;

    (void)state;
    assert_int_equal(el_hub_plan_set_factors(&plan, "totp", &w.err), 0);
    assert_int_equal(apply(NOW), 0);
    before = *el_registry_second_factor(w.registry);
    assert_int_equal(before.factors, EL_REGISTRY_FACTOR_TOTP);
    assert_true(before.secret_len > 0);
    assert_int_equal(apply(NOW), 0);
    assert_memory_equal(before.secret, el_registry_second_factor(w.registry)->secret,
                        sizeof before.secret);
}

/* -- texts -- */

static void publications_as_text(void **state)
{
    static const char *const bad[] = {"boot@", "@eth1",       "boot boot",
                                      "a/b",   "boot@eth1@x", "a,b,c,d,e,f,g,h,i"};
    struct el_hub_plan_spoke *s = spoke("mars", 0, "boot,lab2@eth1.30 ,\tlab3");

    (void)state;
    assert_int_equal(s->count, 3);
    assert_string_equal(s->publications[1].network, "lab2");
    assert_string_equal(s->publications[1].lan, "eth1.30");
    assert_string_equal(s->publications[2].lan, "");
    assert_int_equal(el_hub_plan_set_publications(s, "none", &w.err), 0);
    assert_int_equal(s->count, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_true(el_hub_plan_set_publications(s, bad[i], &w.err) < 0);
    assert_null(el_hub_plan_add_spoke(&plan, "a b", &w.err));
    assert_null(el_hub_plan_add_network(&plan, "a-name-that-is-too-long", &w.err));
}

static void what_contradicts_itself(void **state)
{
    struct el_hub_plan_network first = {.name = "boot", .vni = 77};
    struct el_node_peer terra = {.name = "terra"};
    struct el_node_peers peers = {&terra, 1};

    (void)state;
    assert_int_equal(el_hub_plan_check(&plan, &first, &peers, &w.err), 0);
    network("lab2", 77, "192.168.78.0/24", NULL);
    assert_int_equal(el_hub_plan_check(&plan, &first, &peers, &w.err), EL_EINVAL);
    assert_string_equal(w.err.text, "network lab2: VNI 77 is that of network boot");
    plan.networks[0].vni = 0;
    assert_int_equal(el_hub_plan_check(&plan, &first, &peers, &w.err), EL_EINVAL);
    assert_string_equal(w.err.text, "network lab2: say its vni and its cidr");
    plan.networks[0].vni = 78;
    assert_int_equal(el_hub_plan_check(&plan, &first, &peers, &w.err), 0);
    network("lab3", 78, "192.168.78.0/24", NULL);
    assert_int_equal(el_hub_plan_check(&plan, &first, &peers, &w.err), EL_EINVAL);
    plan.networks[1].vni = 79;
    assert_int_equal(el_prefix_parse("2001:db8::/48", &plan.networks[1].prefix6), 0);
    assert_int_equal(el_hub_plan_check(&plan, &first, &peers, &w.err), EL_EINVAL);
    assert_non_null(strstr(w.err.text, "network lab3: prefix6: 2001:db8::/48 is no"));
    plan.networks[1].prefix6.len = 64;
    spoke("mars", 0, NULL)->has_wire = true;
    assert_int_equal(el_hub_plan_check(&plan, &first, &peers, &w.err), EL_EINVAL);
    plan.spokes[0].has_wire = false;
    spoke("venus", 101, NULL);
    spoke("luna", 101, NULL);
    assert_int_equal(el_hub_plan_check(&plan, &first, &peers, &w.err), EL_EINVAL);
    assert_string_equal(w.err.text, "spoke luna: its key is that of spoke venus");
    plan.spoke_count--;
    assert_int_equal(el_hub_plan_check(&plan, &first, &peers, &w.err), 0);
    spoke("terra", 0, NULL); /* of the command line as well */
    assert_int_equal(el_hub_plan_check(&plan, &first, &peers, &w.err), EL_EINVAL);
}

/* As everything: what the file says wins at a start, what it does not say stays. */
static void an_ipv6_range_wins_or_stays(void **state)
{
    struct el_registry_network_request by_hand = {
        .name = "lab2", .vni = 78, .cidr = {el_ip4(0xc0a84e00), 24}};
    struct el_prefix said;

    (void)state;
    assert_int_equal(el_prefix_parse("2001:db8:0:1::/64", &by_hand.prefix6), 0);
    assert_int_equal(el_prefix_parse("2001:db8:0:2::/64", &said), 0);
    assert_int_equal(el_registry_network_create(w.registry, &by_hand, NOW, &w.err), 0);
    network("lab2", 78, "192.168.78.0/24", NULL);
    network("lab3", 79, "192.168.79.0/24", NULL);
    assert_int_equal(apply(NOW), 0);
    assert_true(
        el_ip_equal(&el_registry_network(w.registry, "lab2")->prefix6.ip, &by_hand.prefix6.ip));
    assert_int_equal(el_registry_network(w.registry, "lab3")->prefix6.ip.family, 0);
    plan.networks[0].prefix6 = plan.networks[1].prefix6 = said;
    assert_int_equal(apply(NOW), 0);
    assert_true(el_ip_equal(&el_registry_network(w.registry, "lab2")->prefix6.ip, &said.ip));
    assert_true(el_ip_equal(&el_registry_network(w.registry, "lab3")->prefix6.ip, &said.ip));
}

static void printed_for_control(void **state)
{
    char *text = NULL, expected[512], key[EL_TUNNEL_KEY_TEXT];
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    network("lab2", 78, "192.168.78.0/24", "all");
    plan.networks[0].until_s = 1798740000;
    assert_int_equal(el_prefix_parse("2001:db8:0:1::/64", &plan.networks[0].prefix6), 0);
    spoke("mars", 101, "boot, lab2@eth1.30");
    spoke("venus", 0, "none");
    assert_int_equal(el_hub_plan_set_factors(&plan, "approval,totp", &w.err), 0);
    el_hub_plan_print(out, &plan);
    fclose(out);
    el_tunnel_key_text(key_of(101), key);
    snprintf(expected, sizeof expected,
             "second-factor = totp,approval\n[network lab2]\nvni = 78\ncidr = 192.168.78.0/24\n"
             "prefix6 = 2001:db8:0:1::/64\nuntil = 2026-12-31T18:00:00Z\npublish = all\n[spoke "
             "mars]\nkey = %s\n"
             "publish = boot, lab2@eth1.30\n[spoke venus]\npublish = none\n",
             key);
    assert_string_equal(text, expected);
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_plan, end_plan)
    const struct CMUnitTest tests[] = {
        TEST(applied_twice_is_applied_once),
        TEST(the_file_wins_at_a_start_over_what_it_mentions),
        TEST(what_it_does_not_mention_stays),
        TEST(a_spoke_with_a_token_finds_its_networks),
        TEST(what_was_revoked_stays_so),
        TEST(what_contradicts_is_an_error),
        TEST(a_network_ends_and_does_not_come_back),
        TEST(an_ipv6_range_wins_or_stays),
        TEST(codes_have_a_secret_once),
        TEST(publications_as_text),
        TEST(what_contradicts_itself),
        TEST(printed_for_control),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
