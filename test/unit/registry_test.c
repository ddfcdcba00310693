/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hub decides: who is admitted, who sees whom, and that a disk that fails changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>

#include "registry_world.h"

#define KNOWS(part) assert_non_null(strstr(w.err.text, part))

/* -- tokens and redemption -- */

static void a_token_becomes_one_spoke(void **unused)
{
    (void)unused;
    assert_int_equal(make_token("mars", 1), 0);
    assert_string_equal(told(), "+mars(token) [token-created]");
    assert_int_equal(w.last_peer.membership_count, 0);
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_ENROLLED);
    assert_string_equal(told(), "+mars [spoke-enrolled]");
    assert_int_equal(el_ip4_number(&w.last_peer.ip), 0x64600000 + 101);
    unsigned puts = w.puts;
    assert_int_equal(redeem(1, 102), EL_REGISTRY_IS_USED);
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_ENROLLED); /* the answer was lost */
    assert_string_equal(told(), "");
    assert_int_equal(w.puts, puts);
    assert_int_equal(el_registry_spoke_count(w.registry), 1);
    assert_int_equal(redeem_with(1, 101, NOW + 2 * HOUR, 0), EL_REGISTRY_IS_ENROLLED);
}

static void ends_of_tokens_are_told_apart(void **unused)
{
    (void)unused;
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_UNKNOWN);
    assert_int_equal(make_token("mars", 1), 0);
    assert_int_equal(redeem_with(1, 101, NOW + HOUR, 0), EL_REGISTRY_IS_EXPIRED);
    assert_int_equal(redeem_with(1, 101, NOW + HOUR - 1, 0), EL_REGISTRY_IS_ENROLLED);
    assert_int_equal(redeem(1, 103), EL_REGISTRY_IS_USED);
    assert_int_equal(make_token("venus", 2), 0);
    for (int left = EL_REGISTRY_WRONG_CODES - 1; left >= 0; left--)
        assert_int_equal(el_registry_wrong_code(w.registry, key_of(2), NOW, &w.err), left);
    assert_int_equal(el_registry_wrong_code(w.registry, key_of(2), NOW, &w.err), 0);
    assert_int_equal(redeem(2, 104), EL_REGISTRY_IS_BURNT);
    assert_int_equal(make_token("venus", 3), 0); /* a burnt one makes room */
    assert_int_equal(redeem(2, 104), EL_REGISTRY_IS_UNKNOWN);
    assert_int_equal(redeem(3, 101), EL_REGISTRY_IS_TAKEN); /* mars */
    assert_int_equal(redeem(3, 3), EL_REGISTRY_IS_TAKEN);   /* the enrolment key itself */
}

static int adopt(const char *name, unsigned key)
{
    static const uint8_t wire = 2;
    struct el_registry_adoption adoption = {
        .name = name, .key = key_of(key), .wire = &wire, .ip = el_ip4(0x64600000 + key)};

    return el_registry_adopt(w.registry, &adoption, NOW, &w.err);
}

static void a_key_that_the_operator_brings(void **unused)
{
    (void)unused;
    assert_int_equal(adopt("mars", 101), 0);
    assert_string_equal(told(), "+mars [spoke-enrolled]");
    assert_int_equal(w.last_peer.wire, 2);
    unsigned puts = w.puts;
    assert_int_equal(adopt("mars", 101), 0); /* again and again */
    assert_string_equal(told(), "");
    assert_int_equal(w.puts, puts);
    assert_int_equal(adopt("venus", 101), EL_EEXIST);
    KNOWS("this key is that of spoke mars");
    assert_int_equal(adopt("mars", 102), EL_EEXIST);
    assert_int_equal(adopt("x y", 102), EL_EINVAL);
    assert_int_equal(make_token("venus", 1), 0);
    assert_int_equal(adopt("venus", 102), EL_EEXIST); /* it is promised to somebody */
    assert_int_equal(adopt("luna", 1), EL_EEXIST);    /* the token's own key */
    assert_int_equal(el_registry_revoke(w.registry, "mars", NOW, &w.err), 0);
    told();
    assert_int_equal(adopt("mars", 101), EL_EPERM); /* never again */
    KNOWS("was revoked");
    assert_string_equal(told(), "");
    assert_int_equal(adopt("mars", 103), 0);
    w.disk_full = true;
    told();
    assert_int_equal(adopt("terra", 104), EL_EIO);
    assert_string_equal(told(), "");
    assert_null(el_registry_spoke(w.registry, "terra"));
}

static void a_pending_one_is_approved_by_its_key(void **unused)
{
    (void)unused;
    struct el_registry_second_factor policy = {.factors = EL_REGISTRY_FACTOR_APPROVAL};
    assert_int_equal(el_registry_second_factor_set(w.registry, &policy, NOW, &w.err), 0);
    assert_int_equal(make_token("mars", 1), 0);
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_PENDING);
    told();
    assert_int_equal(adopt("mars", 101), 0);
    assert_string_equal(told(), "+mars [spoke-enrolled]");
}

static void a_name_is_taken_once(void **unused)
{
    (void)unused;
    assert_int_equal(make_token("mars", 1), 0);
    assert_int_equal(make_token("mars", 2), EL_EEXIST);
    KNOWS("there is a token for this name already");
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_ENROLLED);
    assert_int_equal(make_token("mars", 2), EL_EEXIST);
    KNOWS("the name is taken, by one that is enrolled");
    struct el_ip ip = el_ip4(0x64400005);
    assert_int_equal(el_registry_reserve(w.registry, "mars", key_of(7), &ip, &w.err), EL_EEXIST);
    assert_int_equal(el_registry_reserve(w.registry, "deimos", key_of(101), &ip, &w.err),
                     EL_EEXIST);
    assert_int_equal(el_registry_reserve(w.registry, "deimos", key_of(7), &ip, &w.err), 0);
    assert_int_equal(make_token("deimos", 3), EL_EEXIST);
    KNOWS("in the hub's configuration");
    assert_int_equal(make_token("", 3), EL_EINVAL);
    assert_int_equal(make_token("-x", 3), EL_EINVAL);
    assert_int_equal(make_token("a b", 3), EL_EINVAL);
    assert_int_equal(make_token("../x", 3), EL_EINVAL);
    char name[EL_REGISTRY_NAME + 1];
    memset(name, 'x', sizeof name);
    name[EL_REGISTRY_NAME] = '\0';
    assert_int_equal(make_token(name, 3), EL_EINVAL);
    name[EL_REGISTRY_NAME - 1] = '\0';
    assert_int_equal(make_token(name, 3), 0);
}

static void addresses_do_not_collide(void **unused)
{
    (void)unused;
    struct el_registry_redemption r = {.preferred = el_ip4(0x647ffffe)};
    enum el_registry_verdict verdict;
    const struct el_registry_spoke *spoke;
    struct el_ip last = el_ip4(0x647ffffe), first = el_ip4(0x64400100);
    assert_int_equal(el_registry_reserve(w.registry, "a", key_of(50), &last, &w.err), 0);
    assert_int_equal(el_registry_reserve(w.registry, "b", key_of(51), &first, &w.err), 0);
    assert_int_equal(make_token("mars", 1), 0);
    r.enrolment_key = key_of(1);
    r.key = key_of(101);
    assert_int_equal(el_registry_redeem(w.registry, &r, NOW, &verdict, &spoke, &w.err), 0);
    assert_int_equal(el_ip4_number(&spoke->ip), 0x64400101); /* round the end, past the taken */
    struct el_registry_token_request request = {
        .name = "venus", .enrolment_key = key_of(2), .ip = spoke->ip, .expires_s = NOW + 1};
    assert_int_equal(el_registry_token_create(w.registry, &request, NOW, &w.err), EL_EAGAIN);
    request.ip = el_ip4(0x64400001); /* the hub's */
    assert_int_equal(el_registry_token_create(w.registry, &request, NOW, &w.err), EL_EAGAIN);
}

static void keys_have_one_form(void **unused)
{
    (void)unused;
    uint8_t key[32], scalar[32] = {9};
    struct el_registry_redemption r = {.key = key, .preferred = el_ip4(0x64600000)};
    enum el_registry_verdict verdict;
    const struct el_registry_spoke *spoke;
    assert_int_equal(make_token("mars", 1), 0);
    r.enrolment_key = key_of(1);
    crypto_scalarmult_base(key, scalar);
    key[31] |= 0x80; /* X25519 does not look at this bit: the same key in another guise */
    assert_int_equal(el_registry_redeem(w.registry, &r, NOW, &verdict, &spoke, &w.err), 0);
    assert_int_equal(verdict, EL_REGISTRY_IS_BAD_KEY);
    memset(key, 0, sizeof key); /* of small order */
    assert_int_equal(el_registry_redeem(w.registry, &r, NOW, &verdict, &spoke, &w.err), 0);
    assert_int_equal(verdict, EL_REGISTRY_IS_BAD_KEY);
    memset(key, 0xff, sizeof key);
    key[31] = 0x7f;
    key[0] = 0xf6; /* 2^255 - 10, which is 9 beyond the field's size */
    assert_int_equal(el_registry_redeem(w.registry, &r, NOW, &verdict, &spoke, &w.err), 0);
    assert_int_equal(verdict, EL_REGISTRY_IS_BAD_KEY);
    assert_int_equal(el_registry_spoke_count(w.registry), 0);
}

static void a_thousand_come_and_one_wins(void **unused)
{
    (void)unused;
    unsigned winners = 0, first = 0;
    assert_int_equal(make_token("mars", 1), 0);
    for (unsigned i = 0; i < 1000; i++) {
        unsigned who = 200 + (i * 7919) % 1000;
        int verdict = redeem(1, who);
        first = i == 0 ? who : first;
        winners += verdict == EL_REGISTRY_IS_ENROLLED;
        assert_true(verdict == EL_REGISTRY_IS_USED || who == first);
    }
    assert_int_equal(winners, 1);
    assert_memory_equal(el_registry_spoke(w.registry, "mars")->key, key_of(first), 32);
}

static void a_code_is_used_once(void **unused)
{
    (void)unused;
    struct el_registry_second_factor policy = {.factors = EL_REGISTRY_FACTOR_TOTP};
    assert_int_equal(el_registry_second_factor_set(w.registry, &policy, NOW, &w.err), EL_EINVAL);
    policy.secret_len = 20;
    policy.last_step = 999; /* not the caller's to say */
    assert_int_equal(el_registry_second_factor_set(w.registry, &policy, NOW, &w.err), 0);
    assert_int_equal(make_token("mars", 1), 0);
    assert_int_equal(make_token("venus", 2), 0);
    assert_int_equal(redeem_with(1, 101, NOW, 0), EL_REGISTRY_IS_CODE_REUSED); /* none at all */
    assert_int_equal(redeem_with(1, 101, NOW, 57), EL_REGISTRY_IS_ENROLLED);
    assert_int_equal(redeem_with(2, 102, NOW, 57), EL_REGISTRY_IS_CODE_REUSED);
    assert_int_equal(redeem_with(2, 102, NOW, 56), EL_REGISTRY_IS_CODE_REUSED);
    policy.factors |= EL_REGISTRY_FACTOR_APPROVAL; /* the same secret: its steps stay used */
    assert_int_equal(el_registry_second_factor_set(w.registry, &policy, NOW, &w.err), 0);
    assert_int_equal(redeem_with(2, 102, NOW, 57), EL_REGISTRY_IS_CODE_REUSED);
    assert_int_equal(redeem_with(2, 102, NOW, 58), EL_REGISTRY_IS_PENDING);
    policy.secret[0] = 1;
    assert_int_equal(el_registry_second_factor_set(w.registry, &policy, NOW, &w.err), 0);
    assert_int_equal(el_registry_second_factor(w.registry)->last_step, 0);
}

/* -- approval, revocation -- */

static void approve_all(void)
{
    struct el_registry_second_factor policy = {.factors = EL_REGISTRY_FACTOR_APPROVAL};

    assert_int_equal(el_registry_second_factor_set(w.registry, &policy, NOW, &w.err), 0);
}

static void approval_is_of_a_key(void **unused)
{
    (void)unused;
    approve_all();
    assert_int_equal(make_token("mars", 1), 0);
    told();
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_PENDING);
    assert_string_equal(told(), "[spoke-pending]"); /* no peer yet */
    struct el_registry_peer peer;
    assert_int_equal(el_registry_who(w.registry, &el_registry_spoke(w.registry, "mars")->ip, &peer),
                     EL_ENOENT);
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_PENDING);
    assert_int_equal(redeem(1, 102), EL_REGISTRY_IS_USED);
    assert_int_equal(el_registry_token_remove(w.registry, "mars", NOW, &w.err), EL_EEXIST);
    assert_int_equal(el_registry_approve(w.registry, "mars", key_of(102), NOW, &w.err), EL_EAUTH);
    assert_int_equal(el_registry_approve(w.registry, "pluto", key_of(102), NOW, &w.err), EL_ENOENT);
    assert_int_equal(el_registry_approve(w.registry, "mars", key_of(101), NOW + 5, &w.err), 0);
    assert_string_equal(told(), "+mars [spoke-enrolled]");
    assert_int_equal(el_registry_approve(w.registry, "mars", key_of(101), NOW + 6, &w.err), 0);
    assert_string_equal(told(), "");
    assert_int_equal(el_registry_spoke(w.registry, "mars")->since_s, NOW + 5);
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_ENROLLED);
}

static void a_revoked_key_never_comes_back(void **unused)
{
    (void)unused;
    assert_int_equal(make_token("mars", 1), 0);
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_ENROLLED);
    told();
    assert_int_equal(el_registry_revoke(w.registry, "mars", NOW, &w.err), 0);
    assert_string_equal(told(), "-mars +mars(revoked) [spoke-revoked]");
    assert_int_equal(w.last_peer.membership_count, 0);
    assert_int_equal(el_registry_revoke(w.registry, "mars", NOW, &w.err), 0);
    assert_string_equal(told(), "");
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_REVOKED);
    assert_int_equal(make_token("mars", 2), 0); /* the name is free, the key is not */
    assert_int_equal(redeem(2, 101), EL_REGISTRY_IS_REVOKED);
    told();
    assert_int_equal(el_registry_told(w.registry, key_of(101), NOW, &w.err), 0);
    assert_string_equal(told(), "-mars(revoked) [spoke-told]");
    assert_int_equal(el_registry_told(w.registry, key_of(101), NOW, &w.err), 0);
    assert_string_equal(told(), "");
    assert_int_equal(redeem(2, 102), EL_REGISTRY_IS_ENROLLED);
    assert_int_equal(el_registry_spoke(w.registry, "mars")->state, EL_REGISTRY_ENROLLED);
    assert_int_equal(el_registry_approve(w.registry, "mars", key_of(101), NOW, &w.err), EL_EAUTH);
    assert_int_equal(redeem(2, 101), EL_REGISTRY_IS_REVOKED);
}

static void a_pending_spoke_can_be_refused(void **unused)
{
    (void)unused;
    approve_all();
    assert_int_equal(make_token("mars", 1), 0);
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_PENDING);
    told();
    assert_int_equal(el_registry_revoke(w.registry, "mars", NOW, &w.err), 0);
    assert_string_equal(told(), "[spoke-revoked]");
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_REVOKED); /* told by its token */
    assert_int_equal(el_registry_approve(w.registry, "mars", key_of(101), NOW, &w.err), EL_ENOENT);
}

/* -- networks and publishing -- */

static unsigned memberships_of(const char *spoke, struct el_registry_membership *m)
{
    return el_registry_memberships(w.registry, el_registry_spoke(w.registry, spoke), m);
}

static void publishing_is_per_spoke_and_for_all(void **unused)
{
    (void)unused;
    struct el_registry_membership m[EL_REGISTRY_NETWORKS_OF_SPOKE];
    assert_int_equal(make_network("boot", 77, EL_REGISTRY_TO_NONE), 0);
    make_token("mars", 1);
    make_token("venus", 2);
    redeem(1, 101);
    redeem(2, 102);
    assert_int_equal(memberships_of("mars", m), 0);
    told();
    assert_int_equal(publish("boot", "mars", true), 0);
    assert_string_equal(told(), "+mars [network-published]");
    assert_int_equal(w.last_peer.membership_count, 1);
    assert_true(w.last_peer.memberships[0].published);
    assert_int_equal(publish("boot", "mars", true), 0);
    assert_int_equal(publish("boot", "venus", false), 0); /* it is in none anyway */
    assert_string_equal(told(), "");
    assert_int_equal(publish("boot", "mars", false), 0);
    assert_int_equal(memberships_of("mars", m), 1); /* still a member, and nothing passes */
    assert_false(m[0].published);
    told();
    assert_int_equal(publish("boot", NULL, true), 0); /* all, whatever was said before */
    assert_string_equal(told(), "+mars +venus [network-published]");
    assert_int_equal(memberships_of("mars", m), 1);
    assert_true(m[0].published);
    make_token("pluto", 3); /* and those to come */
    redeem(3, 103);
    assert_int_equal(memberships_of("pluto", m), 1);
    assert_true(m[0].published);
    assert_int_equal(publish("boot", "pluto", false), 0);
    assert_int_equal(memberships_of("pluto", m), 1);
    assert_false(m[0].published);
    told();
    assert_int_equal(publish("boot", NULL, false), 0);
    assert_int_equal(memberships_of("venus", m), 1);
    assert_false(m[0].published);
    told();
    assert_int_equal(publish("boot", NULL, false), 0);
    assert_string_equal(told(), "");
    assert_int_equal(publish("lab", NULL, true), EL_ENOENT);
    assert_int_equal(publish("boot", "sun", true), EL_ENOENT);
    el_registry_revoke(w.registry, "pluto", NOW, &w.err);
    assert_int_equal(publish("boot", "pluto", true), EL_ENOENT);
}

static void the_hub_says_which_lan(void **unused)
{
    (void)unused;
    struct el_registry_membership m[EL_REGISTRY_NETWORKS_OF_SPOKE];
    struct el_registry_publication p = {
        .network = "boot", .spoke = "mars", .lan = "eth1.30", .published = true};
    make_network("boot", 77, EL_REGISTRY_TO_PUBLISHED);
    make_token("mars", 1);
    redeem(1, 101);
    assert_int_equal(el_registry_publish(w.registry, &p, NOW, &w.err), 0);
    assert_int_equal(memberships_of("mars", m), 1);
    assert_string_equal(m[0].lan, "eth1.30");
    assert_int_equal(publish("boot", "mars", false), 0);
    assert_int_equal(memberships_of("mars", m), 1);
    assert_string_equal(m[0].lan, "eth1.30"); /* as before */
    p.lan = "eth1/../x";
    assert_int_equal(el_registry_publish(w.registry, &p, NOW, &w.err), EL_EINVAL);
}

static void a_spoke_has_room_for_eight_networks(void **unused)
{
    (void)unused;
    char name[16];
    make_token("mars", 1);
    redeem(1, 101);
    for (unsigned i = 1; i <= 9; i++) {
        snprintf(name, sizeof name, "lab%u", i);
        assert_int_equal(make_network(name, i, EL_REGISTRY_TO_NONE), 0);
        if (i <= 7)
            assert_int_equal(publish(name, "mars", true), 0);
    }
    assert_int_equal(publish("lab8", NULL, true), 0);
    assert_int_equal(publish("lab9", "mars", true), EL_EFULL);
    assert_int_equal(publish("lab9", NULL, true), EL_EFULL);
    assert_int_equal(make_network("lab10", 10, EL_REGISTRY_TO_PUBLISHED), EL_EFULL);
    assert_int_equal(publish("lab1", NULL, true), 0); /* it is in there already */
}

static void networks_do_not_overlap_in_names_and_vnis(void **unused)
{
    (void)unused;
    assert_int_equal(make_network("boot", 77, EL_REGISTRY_TO_NONE), 0);
    assert_string_equal(told(), "network:boot port:boot [network-created]");
    assert_int_equal(make_network("boot", 77, EL_REGISTRY_TO_NONE), 0); /* said twice */
    assert_string_equal(told(), "");
    assert_int_equal(make_network("boot", 78, EL_REGISTRY_TO_NONE), EL_EEXIST);
    assert_int_equal(make_network("lab2", 77, EL_REGISTRY_TO_NONE), EL_EEXIST);
    KNOWS("VNI 77 is that of network boot");
    assert_int_equal(make_network("lab2", 78, EL_REGISTRY_TO_NONE), 0); /* the same range is fine */
    assert_int_equal(make_network("x", 0, EL_REGISTRY_TO_NONE), EL_EINVAL);
    assert_int_equal(make_network("x", 0x1000000, EL_REGISTRY_TO_NONE), EL_EINVAL);
    assert_int_equal(make_network("sixteen-letters-", 5, EL_REGISTRY_TO_NONE), EL_EINVAL);
    struct el_registry_network_request r = {.name = "x", .vni = 5};
    static const struct {
        uint32_t ip;
        uint8_t len;
    } bad[] = {{0xc0a84d01, 24}, {0x64500000, 16}, {0, 0}, {0xc0a84d00, 31}, {0x60000000, 7}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        r.cidr = (struct el_prefix){el_ip4(bad[i].ip), bad[i].len};
        assert_int_equal(el_registry_network_create(w.registry, &r, NOW, &w.err), EL_EINVAL);
    }
}

static void a_network_ends_after_warnings(void **unused)
{
    (void)unused;
    struct el_registry_membership m[EL_REGISTRY_NETWORKS_OF_SPOKE];
    struct el_registry_network_request r = {
        .name = "lab", .vni = 9, .cidr = {el_ip4(0x0a000000), 24}, .expires_s = NOW + 2 * HOUR};
    assert_int_equal(el_registry_tick(w.registry, NOW, &w.err), 0);
    assert_true(el_registry_deadline_s(w.registry) == INT64_MAX);
    assert_int_equal(el_registry_network_create(w.registry, &r, NOW, &w.err), 0);
    make_token("mars", 1);
    redeem(1, 101);
    publish("lab", "mars", true);
    el_registry_token_remove(w.registry, "mars", NOW, &w.err);
    told();
    static const int64_t left_s[] = {3600, 600, 60};
    for (size_t i = 0; i < 3; i++) {
        int64_t due_s = el_registry_deadline_s(w.registry);
        assert_int_equal(due_s, r.expires_s - left_s[i]);
        assert_int_equal(el_registry_tick(w.registry, due_s, &w.err), 0);
        assert_string_equal(told(), "[network-expiring]");
        assert_int_equal(w.last_left_s, left_s[i]);
        assert_int_equal(el_registry_tick(w.registry, due_s, &w.err), 0);
        assert_string_equal(told(), "");
    }
    assert_int_equal(el_registry_deadline_s(w.registry), r.expires_s);
    w.disk_full = true;
    assert_int_equal(el_registry_tick(w.registry, r.expires_s, &w.err), EL_EIO);
    assert_string_equal(told(), "");
    assert_true(el_registry_deadline_s(w.registry) <= r.expires_s); /* it is still due */
    w.disk_full = false;
    assert_int_equal(el_registry_tick(w.registry, r.expires_s + 5, &w.err), 0);
    assert_string_equal(told(), "no-port:lab no-network:lab [network-removed]");
    assert_int_equal(memberships_of("mars", m), 0);
    r.expires_s = 0; /* the same VNI again has no members from before */
    assert_int_equal(el_registry_network_create(w.registry, &r, NOW, &w.err), 0);
    assert_int_equal(memberships_of("mars", m), 0);
}

static void a_network_may_be_prolonged(void **unused)
{
    (void)unused;
    struct el_registry_network_request r = {
        .name = "lab", .vni = 9, .cidr = {el_ip4(0x0a000000), 24}, .expires_s = NOW + 100};
    assert_int_equal(el_registry_network_create(w.registry, &r, NOW, &w.err), 0);
    told();
    r.expires_s = NOW + 5000;
    assert_int_equal(el_registry_network_create(w.registry, &r, NOW, &w.err), 0);
    assert_string_equal(told(), "[network-changed]");
    el_registry_tick(w.registry, NOW + 100, &w.err);
    assert_non_null(el_registry_network(w.registry, "lab"));
    r.expires_s = NOW;
    assert_int_equal(el_registry_network_create(w.registry, &r, NOW, &w.err), EL_EINVAL);
}

/* An IPv6 range is said, or not, or otherwise: which changes nothing else. */
static void a_network_may_have_an_ipv6_range(void **unused)
{
    static const struct {
        const char *text;
        int answer;
    } ranges[] = {
        {"2001:db8:0:1::/64", 0},
        {"fd12:3456:789a:4d::/64", 0},
        {"2001:db8::/48", EL_EINVAL},
        {"2001:db8::/65", EL_EINVAL},
        {"2001:db8::1/64", EL_EINVAL},
        {"fe80::/64", EL_EINVAL},
        {"febf:ffff:ffff::/64", EL_EINVAL},
        {"ff0e::/64", EL_EINVAL},
        {"::/64", EL_EINVAL},
        {"0:0:0:0::/0", EL_EINVAL},
        {"192.168.0.0/24", EL_EINVAL},
        {"192.168.0.0/32", EL_EINVAL},
    };
    struct el_registry_network_request r = {
        .name = "lab", .vni = 9, .cidr = {el_ip4(0x0a000000), 24}, .published = true};

    (void)unused;
    assert_int_equal(el_registry_network_create(w.registry, &r, NOW, &w.err), 0);
    told();
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        assert_int_equal(el_prefix_parse(ranges[i].text, &r.prefix6), 0);
        int rc = el_registry_network_create(w.registry, &r, NOW, &w.err);
        if (rc != ranges[i].answer)
            fail_msg("%s: %d", ranges[i].text, rc);
        assert_string_equal(told(), rc == 0 ? "[network-changed]" : "");
    }
    assert_int_equal(el_prefix_parse(ranges[1].text, &r.prefix6), 0);
    assert_int_equal(el_registry_network_create(w.registry, &r, NOW, &w.err), 0);
    assert_string_equal(told(), "");
    assert_true(el_ip_equal(&el_registry_network(w.registry, "lab")->prefix6.ip, &r.prefix6.ip));
    r.prefix6 = (struct el_prefix){.len = 0};
    assert_int_equal(el_registry_network_create(w.registry, &r, NOW, &w.err), 0);
    assert_int_equal(el_registry_network(w.registry, "lab")->prefix6.ip.family, 0);
}

static void tokens_are_peers_until_a_day_later(void **unused)
{
    (void)unused;
    el_registry_tick(w.registry, NOW, &w.err);
    make_token("mars", 1);
    told();
    assert_int_equal(el_registry_deadline_s(w.registry), NOW + HOUR);
    el_registry_tick(w.registry, NOW + HOUR, &w.err);
    assert_string_equal(told(), "[token-expired]");
    assert_int_equal(redeem_with(1, 101, NOW + HOUR + 5, 0), EL_REGISTRY_IS_EXPIRED);
    assert_int_equal(el_registry_deadline_s(w.registry), NOW + HOUR + EL_REGISTRY_GRACE_S);
    el_registry_tick(w.registry, NOW + HOUR + EL_REGISTRY_GRACE_S, &w.err);
    assert_string_equal(told(), "-mars(token)");
    assert_int_equal(el_registry_token_count(w.registry), 0);
    approve_all(); /* a pending spoke keeps its token, however long it takes */
    make_token("venus", 2);
    assert_int_equal(redeem(2, 102), EL_REGISTRY_IS_PENDING);
    el_registry_tick(w.registry, NOW + 100 * HOUR, &w.err);
    assert_int_equal(redeem_with(2, 102, NOW + 100 * HOUR, 0), EL_REGISTRY_IS_PENDING);
    el_registry_approve(w.registry, "venus", key_of(102), NOW + 100 * HOUR, &w.err);
    el_registry_tick(w.registry, NOW + 101 * HOUR, &w.err);
    assert_int_equal(redeem_with(2, 102, NOW + 101 * HOUR, 0), EL_REGISTRY_IS_ENROLLED);
    el_registry_tick(w.registry, NOW + 125 * HOUR, &w.err);
    assert_int_equal(el_registry_token_count(w.registry), 0);
    el_registry_revoke(w.registry, "venus", NOW + 125 * HOUR, &w.err);
    told();
    el_registry_tick(w.registry, NOW + 149 * HOUR, &w.err);
    assert_string_equal(told(), "-venus(revoked)");
    assert_true(el_registry_deadline_s(w.registry) == INT64_MAX);
}

/* -- ports -- */

static int report(enum el_registry_port_state state)
{
    return el_registry_port_report(w.registry, "boot", state, "said so", NOW + 1, &w.err);
}

static int want(enum el_registry_port_state wanted)
{
    return el_registry_port_want(w.registry, "boot", wanted, NOW, &w.err);
}

static void a_port_takes_every_step(void **unused)
{
    (void)unused;
    make_network("boot", 77, EL_REGISTRY_TO_NONE);
    told();
    assert_int_equal(report(EL_REGISTRY_UP), EL_EINVAL);
    KNOWS("no step from down to up");
    for (unsigned s = EL_REGISTRY_VERIFIED; s <= EL_REGISTRY_UP; s++) {
        assert_int_equal(report((enum el_registry_port_state)s), 0);
        assert_string_equal(told(), "[port-changed]");
    }
    assert_int_equal(report(EL_REGISTRY_PUBLISHED), EL_EINVAL); /* not before it is secured */
    assert_int_equal(report(EL_REGISTRY_SECURED), 0);
    assert_string_equal(told(), "network:boot(open) [port-changed]"); /* it was wanted so */
    assert_int_equal(report(EL_REGISTRY_PUBLISHED), 0);
    assert_string_equal(told(), "[port-changed]");
    assert_int_equal(want(EL_REGISTRY_SECURED), 0);
    assert_string_equal(told(), "network:boot [port-changed]"); /* shut at once */
    assert_int_equal(report(EL_REGISTRY_SECURED), 0);
    assert_int_equal(want(EL_REGISTRY_DOWN), 0);
    told();
    assert_int_equal(want(EL_REGISTRY_PUBLISHED), EL_EINVAL);
    KNOWS("start it");
    assert_int_equal(report(EL_REGISTRY_DOWN), 0);
    const struct el_registry_port *port = el_registry_port(w.registry, "boot");
    assert_string_equal(port->why, "said so");
    assert_int_equal(port->since_s, NOW + 1);
    assert_int_equal(want(EL_REGISTRY_UP), EL_EINVAL);
    told();
    assert_int_equal(want(EL_REGISTRY_SECURED), 0);
    assert_string_equal(told(), "port:boot [port-changed]");
}

static void every_step_of_a_port_is_in_the_table(void **unused)
{
    (void)unused;
    for (unsigned from = 0; from < EL_REGISTRY_PORT_STATES; from++)
        for (unsigned to = 0; to < EL_REGISTRY_PORT_STATES; to++) {
            bool expected = (to == EL_REGISTRY_DOWN && from != EL_REGISTRY_DOWN) ||
                            to == from + 1 ||
                            (from == EL_REGISTRY_PUBLISHED && to == EL_REGISTRY_SECURED);
            assert_int_equal(el_registry_port_step((enum el_registry_port_state)from,
                                                   (enum el_registry_port_state)to),
                             expected);
        }
}

static void a_port_that_fell_down_is_shut(void **unused)
{
    (void)unused;
    make_network("boot", 77, EL_REGISTRY_TO_NONE);
    for (unsigned s = EL_REGISTRY_VERIFIED; s <= EL_REGISTRY_PUBLISHED; s++)
        report((enum el_registry_port_state)s);
    told();
    assert_int_equal(report(EL_REGISTRY_DOWN), 0);
    assert_string_equal(told(), "network:boot [port-changed]");
    assert_false(w.last_open);
    assert_int_equal(el_registry_port(w.registry, "boot")->wanted, EL_REGISTRY_PUBLISHED);
}

static void ports_are_made_by_hand(void **unused)
{
    (void)unused;
    make_network("boot", 77, EL_REGISTRY_TO_NONE);
    told();
    assert_int_equal(el_registry_port_create(w.registry, "probe", "boot", "etherate", NOW, &w.err),
                     0);
    assert_string_equal(told(), "port:probe(stop) [port-changed]");
    assert_int_equal(el_registry_port_create(w.registry, "probe", "boot", "", NOW, &w.err),
                     EL_EEXIST);
    assert_int_equal(el_registry_port_create(w.registry, "x", "lab", "", NOW, &w.err), EL_ENOENT);
    assert_int_equal(make_network("probe", 78, EL_REGISTRY_TO_NONE), EL_EEXIST);
    assert_int_equal(el_registry_port_remove(w.registry, "boot", NOW, &w.err), EL_EINVAL);
    told();
    assert_int_equal(el_registry_port_remove(w.registry, "probe", NOW, &w.err), 0);
    assert_string_equal(told(), "no-port:probe(stop) [port-changed]");
    el_registry_port_create(w.registry, "probe", "boot", "etherate", NOW, &w.err);
    told();
    assert_int_equal(el_registry_network_remove(w.registry, "boot", NOW, &w.err), 0);
    assert_string_equal(told(),
                        "no-port:boot no-port:probe(stop) no-network:boot [network-removed]");
    assert_int_equal(el_registry_port_count(w.registry), 0);
}

/* -- the whole -- */

static void a_failed_write_changes_nothing(void **unused)
{
    (void)unused;
    struct el_registry_membership m[EL_REGISTRY_NETWORKS_OF_SPOKE];
    make_network("boot", 77, EL_REGISTRY_TO_NONE);
    make_token("mars", 1);
    redeem(1, 101);
    make_token("venus", 2);
    told();
    w.disk_full = true;
    assert_int_equal(make_token("pluto", 3), EL_EIO);
    assert_int_equal(redeem(2, 102), EL_EIO);
    assert_int_equal(el_registry_wrong_code(w.registry, key_of(2), NOW, &w.err), EL_EIO);
    assert_int_equal(publish("boot", "mars", true), EL_EIO);
    assert_int_equal(publish("boot", NULL, true), EL_EIO);
    assert_int_equal(el_registry_revoke(w.registry, "mars", NOW, &w.err), EL_EIO);
    assert_int_equal(make_network("lab", 78, EL_REGISTRY_TO_NONE), EL_EIO);
    assert_int_equal(el_registry_network_remove(w.registry, "boot", NOW, &w.err), EL_EIO);
    assert_int_equal(el_registry_token_remove(w.registry, "venus", NOW, &w.err), EL_EIO);
    assert_int_equal(want(EL_REGISTRY_DOWN), EL_EIO);
    assert_int_equal(report(EL_REGISTRY_VERIFIED), EL_EIO);
    assert_string_equal(told(), "");
    w.disk_full = false;
    assert_null(el_registry_token(w.registry, "pluto"));
    assert_int_equal(el_registry_token(w.registry, "venus")->wrong_codes, 0);
    assert_int_equal(el_registry_spoke_count(w.registry), 1);
    assert_int_equal(el_registry_spoke(w.registry, "mars")->state, EL_REGISTRY_ENROLLED);
    assert_int_equal(memberships_of("mars", m), 0);
    assert_int_equal(el_registry_network_count(w.registry), 1);
    assert_int_equal(el_registry_port(w.registry, "boot")->state, EL_REGISTRY_DOWN);
    assert_int_equal(redeem(2, 103), EL_REGISTRY_IS_ENROLLED); /* nobody had been admitted */
}

static void a_new_tunnel_is_told_everything(void **unused)
{
    (void)unused;
    make_network("boot", 77, EL_REGISTRY_TO_PUBLISHED);
    make_token("mars", 1);
    redeem(1, 101);
    make_token("venus", 2);
    redeem(2, 102);
    el_registry_revoke(w.registry, "venus", NOW, &w.err);
    el_registry_told(w.registry, key_of(102), NOW, &w.err);
    told();
    el_registry_tell(w.registry);
    assert_string_equal(told(), "network:boot port:boot +mars +mars(token) +venus(token)");
}

static void who_asks_is_known_by_the_address(void **unused)
{
    (void)unused;
    struct el_registry_peer peer;
    struct el_ip token_ip = el_ip4(0x64500001), stranger = el_ip4(0x64500009);
    make_token("mars", 1);
    redeem(1, 101);
    assert_int_equal(el_registry_who(w.registry, &token_ip, &peer), 0);
    assert_int_equal(peer.kind, EL_REGISTRY_PEER_ENROLMENT);
    assert_int_equal(el_registry_who(w.registry, &stranger, &peer), EL_ENOENT);
    struct el_ip ip = el_registry_spoke(w.registry, "mars")->ip;
    assert_int_equal(el_registry_who(w.registry, &ip, &peer), 0);
    assert_int_equal(peer.kind, EL_REGISTRY_PEER_SPOKE);
    assert_string_equal(peer.name, "mars");
    el_registry_revoke(w.registry, "mars", NOW, &w.err);
    assert_int_equal(el_registry_who(w.registry, &ip, &peer), 0);
    assert_int_equal(peer.kind, EL_REGISTRY_PEER_REVOKED);
    el_registry_told(w.registry, key_of(101), NOW, &w.err);
    assert_int_equal(el_registry_who(w.registry, &ip, &peer), EL_ENOENT);
}

static void four_thousand_peers_and_not_one_more(void **unused)
{
    (void)unused;
    char name[32];
    unsigned i = 0;
    int rc = 0;
    for (; rc == 0; i++) {
        snprintf(name, sizeof name, "s%u", i);
        rc = make_token(name, i + 1);
        if (rc == 0 && i % 2 == 0)
            assert_int_equal(redeem(i + 1, 100000 + i), EL_REGISTRY_IS_ENROLLED);
    }
    assert_int_equal(rc, EL_EFULL);
    assert_int_equal(i - 1, EL_REGISTRY_PEERS / 2);
    assert_int_equal(redeem(2, 200000), EL_REGISTRY_IS_ENROLLED); /* what was promised is kept */
}

/* The hub has 64 MiB for everything; this is the least of it. */
static void a_thousand_spokes_are_small(void **unused)
{
    (void)unused;
    char name[32];
    size_t before = mallinfo2().uordblks;
    make_network("boot", 77, EL_REGISTRY_TO_PUBLISHED);
    for (unsigned i = 1; i <= 1000; i++) {
        snprintf(name, sizeof name, "s%u", i);
        assert_int_equal(make_token(name, i), 0);
        assert_int_equal(redeem(i, 100000 + i), EL_REGISTRY_IS_ENROLLED);
    }
    size_t used = mallinfo2().uordblks - before;
    print_message("1,000 spokes with their tokens: %zu KiB\n", used / 1024);
    assert_in_range(used, 0, 4 << 20);
}

/* -- profiles -- */

static void profiles(void **state)
{
    static struct el_registry_profile web = {"web", "debian-12", "{}"};

    (void)state;
    assert_int_equal(el_registry_profile_set(w.registry, &web, NOW, &w.err), 0);
    assert_string_equal(told(), "[profile-changed]");
    assert_int_equal(el_registry_profile_set(w.registry, &web, NOW, &w.err), 0);
    assert_string_equal(told(), "");
    strcpy(web.text, "{\"a\": 1}");
    w.disk_full = true;
    assert_int_equal(el_registry_profile_set(w.registry, &web, NOW, &w.err), EL_EIO);
    assert_int_equal(el_registry_profile_remove(w.registry, "web", NOW, &w.err), EL_EIO);
    assert_string_equal(el_registry_profile(w.registry, "web")->text, "{}");
    w.disk_full = false;
    assert_int_equal(el_registry_profile_set(w.registry, &web, NOW, &w.err), 0);
    assert_int_equal(el_registry_profile_count(w.registry), 1);
    assert_int_equal(el_registry_profile_remove(w.registry, "web", NOW, &w.err), 0);
    assert_string_equal(told(), "[profile-changed] [profile-removed]");
    assert_int_equal(el_registry_profile_remove(w.registry, "web", NOW, &w.err), EL_ENOENT);
    strcpy(web.name, "../web");
    assert_int_equal(el_registry_profile_set(w.registry, &web, NOW, &w.err), EL_EINVAL);
    for (int i = 0; i < EL_REGISTRY_PROFILES; i++) {
        snprintf(web.name, sizeof web.name, "p%d", i);
        assert_int_equal(el_registry_profile_set(w.registry, &web, NOW, &w.err), 0);
    }
    assert_non_null(el_registry_profile_at(w.registry, EL_REGISTRY_PROFILES - 1));
    assert_null(el_registry_profile_at(w.registry, EL_REGISTRY_PROFILES));
    strcpy(web.name, "more");
    assert_int_equal(el_registry_profile_set(w.registry, &web, NOW, &w.err), EL_EFULL);
}

static void machines(void **unused)
{
    static const struct el_mac n1 = {{2, 0, 0, 0, 0, 1}}, n2 = {{2, 0, 0, 0, 0, 2}};
    struct el_registry_words words = {1, {"local=exit"}};
    struct el_ip address = el_ip4(0xc0a84d14);
    struct el_registry_machine_change change = {.name = "n1", .address = &address};

    (void)unused;
    assert_int_equal(el_registry_machine_set(w.registry, &n1, &change, NOW, &w.err), 0);
    assert_string_equal(told(), "machine:n1 [machine-changed]");
    assert_int_equal(el_registry_machine_set(w.registry, &n1, &change, NOW + 9, &w.err), 0);
    assert_string_equal(told(), "");
    /* Neither its name nor its address is another's. */
    assert_int_equal(el_registry_machine_set(w.registry, &n2, &change, NOW, &w.err), EL_EEXIST);
    change.name = "02:00:00:00:00:03";
    assert_int_equal(el_registry_machine_set(w.registry, &n1, &change, NOW, &w.err), EL_EINVAL);
    change = (struct el_registry_machine_change){.address = &address};
    assert_int_equal(el_registry_machine_set(w.registry, &n2, &change, NOW, &w.err), EL_EEXIST);
    /* What is not said stays. */
    change = (struct el_registry_machine_change){.profile = "web", .quirks = &words};
    assert_int_equal(el_registry_machine_set(w.registry, &n1, &change, NOW, &w.err), 0);
    const struct el_registry_machine *machine = el_registry_machine_by_name(w.registry, "n1");
    assert_string_equal(machine->profile, "web");
    assert_true(el_ip_equal(&machine->address, &address));
    words.items[0][0] = '\n';
    assert_int_equal(el_registry_machine_set(w.registry, &n1, &change, NOW, &w.err), EL_EINVAL);
    assert_int_equal(el_registry_machine_set(w.registry, &(struct el_mac){{0xff}},
                                             &(struct el_registry_machine_change){.name = ""}, NOW,
                                             &w.err),
                     EL_EINVAL);
    assert_int_equal(el_registry_machine_count(w.registry), 1);
}

static void a_machine_does_something_once(void **unused)
{
    static const struct el_mac mac = {{2, 0, 0, 0, 0, 1}};
    const struct el_registry_machine *machine;

    (void)unused;
    assert_int_equal(el_registry_machine_boot(w.registry, &mac, NULL, NOW, &w.err), 0);
    assert_int_equal(el_registry_machine_count(w.registry), 0);
    assert_int_equal(el_registry_machine_boot(w.registry, &mac, "memtest", NOW, &w.err), 0);
    machine = el_registry_machine(w.registry, &mac);
    uint64_t first = machine->once;
    assert_int_equal(el_registry_machine_boot(w.registry, &mac, "memtest", NOW, &w.err), 0);
    uint64_t second = machine->once;
    assert_true(first && second && first != second); /* each asks for one start */
    assert_int_equal(el_registry_machine_report(w.registry, &mac, first, 0, false, NOW, &w.err), 0);
    assert_int_equal(machine->once, second); /* the second is still to come */
    w.disk_full = true;
    assert_int_equal(el_registry_machine_report(w.registry, &mac, second, 0, false, NOW, &w.err),
                     EL_EIO);
    assert_int_equal(machine->once, second);
    w.disk_full = false;
    assert_int_equal(el_registry_machine_report(w.registry, &mac, second, 0, false, NOW, &w.err),
                     0);
    assert_int_equal(machine->once, 0);
    assert_string_equal(machine->once_entry, "");
    assert_int_equal(el_registry_machine_boot(w.registry, &mac, "../etc", NOW, &w.err), EL_EINVAL);
}

static void a_machine_is_installed_again_if_asked(void **unused)
{
    static const struct el_mac mac = {{2, 0, 0, 0, 0, 1}};
    const struct el_registry_machine_change change = {.profile = "web"};

    (void)unused;
    assert_int_equal(el_registry_machine_reinstall(w.registry, &mac, NOW, &w.err), EL_ENOENT);
    assert_int_equal(el_registry_machine_boot(w.registry, &mac, "menu", NOW, &w.err), 0);
    assert_int_equal(el_registry_machine_reinstall(w.registry, &mac, NOW, &w.err), EL_EINVAL);
    assert_int_equal(el_registry_machine_set(w.registry, &mac, &change, NOW, &w.err), 0);
    assert_int_equal(el_registry_machine_report(w.registry, &mac, 0, 0, true, NOW, &w.err), 0);
    const struct el_registry_machine *machine = el_registry_machine(w.registry, &mac);
    assert_true(machine->installed);
    assert_int_equal(el_registry_machine_reinstall(w.registry, &mac, NOW, &w.err), 0);
    assert_false(machine->installed);
    /* What is reported of the time before is old. */
    assert_int_equal(el_registry_machine_report(w.registry, &mac, 0, 0, true, NOW, &w.err), 0);
    assert_false(machine->installed);
    assert_int_equal(
        el_registry_machine_report(w.registry, &mac, 0, machine->reinstall, true, NOW, &w.err), 0);
    assert_true(machine->installed);
    told();
    assert_int_equal(el_registry_machine_forget(w.registry, &mac, NOW, &w.err), 0);
    assert_string_equal(told(), "no-machine: [machine-forgotten]");
    assert_int_equal(el_registry_machine_forget(w.registry, &mac, NOW, &w.err), EL_ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_token_becomes_one_spoke),
        TEST(ends_of_tokens_are_told_apart),
        TEST(a_key_that_the_operator_brings),
        TEST(a_pending_one_is_approved_by_its_key),
        TEST(a_name_is_taken_once),
        TEST(addresses_do_not_collide),
        TEST(keys_have_one_form),
        TEST(a_thousand_come_and_one_wins),
        TEST(a_code_is_used_once),
        TEST(approval_is_of_a_key),
        TEST(a_revoked_key_never_comes_back),
        TEST(a_pending_spoke_can_be_refused),
        TEST(publishing_is_per_spoke_and_for_all),
        TEST(the_hub_says_which_lan),
        TEST(a_spoke_has_room_for_eight_networks),
        TEST(networks_do_not_overlap_in_names_and_vnis),
        TEST(a_network_ends_after_warnings),
        TEST(a_network_may_be_prolonged),
        TEST(a_network_may_have_an_ipv6_range),
        TEST(tokens_are_peers_until_a_day_later),
        TEST(a_port_takes_every_step),
        TEST(every_step_of_a_port_is_in_the_table),
        TEST(a_port_that_fell_down_is_shut),
        TEST(ports_are_made_by_hand),
        TEST(a_failed_write_changes_nothing),
        TEST(a_new_tunnel_is_told_everything),
        TEST(who_asks_is_known_by_the_address),
        TEST(four_thousand_peers_and_not_one_more),
        TEST(profiles),
        TEST(machines),
        TEST(a_machine_does_something_once),
        TEST(a_machine_is_installed_again_if_asked),
        TEST(a_thousand_spokes_are_small),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
