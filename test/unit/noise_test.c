/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handshake's cryptography against published vectors: RFC 7693, 7748, the Noise vectors of
 * "cacophony" (Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s); where none are published for our
 * combination, against values computed by Python's hashlib, hmac and cryptography.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/csprng.h"
#include "base/err.h"
#include "tunnel/aead.h"
#include "tunnel/noise.h"
#include "tunnel/tunnel.h"
#include "tunnel_hex.h"

static const char counting[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

static void blake2s_rfc7693(void **state)
{
    uint8_t out[32];

    (void)state;
    el_tunnel_hash(out, "abc", 3, NULL, 0);
    assert_hex_equal(out, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
    el_tunnel_hash(out, "a", 1, "bc", 2);
    assert_hex_equal(out, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
    el_tunnel_mac(out, hex(counting), 32, "WireGuard", 9);
    assert_hex_equal(out, "c44bc1a201f2ff374d10eda15244ad8a");
    el_tunnel_mac(out, hex(counting), 16, "WireGuard", 9);
    assert_hex_equal(out, "d1e1bb5b57bb4d87292940c814de9239");
}

static void hmac_and_kdf(void **state)
{
    uint8_t out[3][32];
    uint8_t *const all[] = {out[0], out[1], out[2]};
    uint8_t *const last[] = {NULL, NULL, out[0]};
    uint8_t key[32];

    (void)state;
    memcpy(key, hex(counting), sizeof key);
    el_tunnel_hmac(out[0], key, sizeof key, "WireGuard", 9);
    assert_hex_equal(out[0], "5415924543576b3f5ee867c94e1aab70586d33b32fae3fccd2c635b3e1d7198d");
    el_tunnel_kdf(all, 3, key, "WireGuard", 9);
    assert_hex_equal(out[0], "7e615ce2573f4139b960d562ec463daf7164bd86a0a64c0adc374ff2655769f3");
    assert_hex_equal(out[1], "42dbbd4438e101cd2c2ea8d05ed6716bf87489aea47ece2f06358835670130bf");
    assert_hex_equal(out[2], "5c58c1d9808a5bfdf8f38f6487248985c04f4b6d0fe427516935a0f6903b0157");
    el_tunnel_kdf(last, 3, key, "WireGuard", 9);
    assert_hex_equal(out[0], "5c58c1d9808a5bfdf8f38f6487248985c04f4b6d0fe427516935a0f6903b0157");
}

static void x25519_rfc7748(void **state)
{
    struct el_tunnel_identity us;
    struct el_tunnel_pairing pairing;

    (void)state;
    memcpy(us.private_key, hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
           32);
    memcpy(pairing.public_key,
           hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"), 32);
    assert_int_equal(el_tunnel_pairing_complete(&us, &pairing), 0);
    assert_hex_equal(pairing.shared,
                     "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    memcpy(us.private_key, hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
           32);
    memcpy(pairing.public_key,
           hex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"), 32);
    assert_int_equal(el_tunnel_pairing_complete(&us, &pairing), 0);
    assert_hex_equal(pairing.shared,
                     "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
    el_tunnel_identity_complete(&us);
    el_tunnel_key_public(us.private_key, pairing.public_key);
    assert_memory_equal(us.public_key, pairing.public_key, 32);
}

/* Points of low order (RFC 7748 §6.1 wants the zero result refused). */
static void low_order_keys_are_refused(void **state)
{
    static const char *const low[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    struct el_tunnel_identity us;
    struct el_tunnel_pairing pairing;
    struct el_tunnel_noise_state noise;

    (void)state;
    el_tunnel_key_make(us.private_key);
    el_tunnel_identity_complete(&us);
    for (size_t i = 0; i < sizeof low / sizeof low[0]; i++) {
        memcpy(pairing.public_key, hex(low[i]), 32);
        assert_int_equal(el_tunnel_pairing_complete(&us, &pairing), EL_EINVAL);
        el_tunnel_noise_begin(&noise, "", 0, us.public_key);
        assert_int_equal(el_tunnel_noise_mix_dh(&noise, us.private_key, hex(low[i])), EL_EAUTH);
    }
}

static void data_cipher(void **state)
{
    static const char text[] = "sunscreen would be it.";
    const struct el_tunnel_aead *aead = &el_tunnel_chacha20poly1305;
    uint8_t sealed[sizeof text - 1 + 16];

    (void)state;
    aead->seal(sealed, (const uint8_t *)text, sizeof text - 1, 0x0123456789abcdef, hex(counting));
    assert_hex_equal(sealed, "19d40d748a6c04f3716d310d803f93845508ed911e1abf4889d16818c4b0920569660"
                             "c47297e");
    for (size_t i = 0; i < sizeof sealed; i++) {
        uint8_t forged[sizeof sealed];
        memcpy(forged, sealed, sizeof sealed);
        forged[i] ^= 1;
        assert_false(aead->open(forged, sizeof text - 1, 0x0123456789abcdef, hex(counting)));
    }
    uint8_t copy[sizeof sealed];
    memcpy(copy, sealed, sizeof copy);
    assert_false(aead->open(copy, sizeof text - 1, 0x0123456789abcdee, hex(counting)));
    assert_true(aead->open(sealed, sizeof text - 1, 0x0123456789abcdef, hex(counting)));
    assert_memory_equal(sealed, text, sizeof text - 1);
}

static uint64_t tick(void)
{
    static uint64_t now;

    return ++now;
}

/* Whatever does the work gives the same bytes, for every length, and opens what the others sealed.
 */
static void data_ciphers_agree(void **state)
{
    enum { LONGEST = 1600 };
    static uint8_t text[LONGEST], first[LONGEST + 16], sealed[LONGEST + 16];

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7);
    for (size_t i = 0; el_tunnel_chachas[i]; i++)
        for (size_t len = 0; len <= LONGEST; len++) {
            const struct el_tunnel_aead *aead = el_tunnel_chachas[i];
            uint64_t counter = UINT64_C(0x123456789) * len;
            el_tunnel_chachas[0]->seal(first, text, len, counter, hex(counting));
            memset(sealed, 0xee, sizeof sealed);
            aead->seal(sealed, text, len, counter, hex(counting));
            assert_memory_equal(sealed, first, len + aead->tag_bytes);
            for (size_t j = len + aead->tag_bytes; j < sizeof sealed; j++)
                assert_int_equal(sealed[j], 0xee);
            sealed[len % 97 < len ? len % 97 : len] ^= 0x40;
            assert_false(aead->open(sealed, len, counter, hex(counting)));
            assert_false(aead->open(first, len, counter + 1, hex(counting)));
            el_tunnel_chachas[0]->seal(first, text, len, counter, hex(counting));
            assert_true(aead->open(first, len, counter, hex(counting)));
            assert_memory_equal(first, text, len);
        }
    assert_non_null(el_tunnel_chacha20poly1305_choose(tick));
    data_cipher(state);
}

/* The library's AEGIS-128L is that of RFC 10032 (its test vectors, with tags of 256 bits), and ours
 * is the library's, with half of the key and the counter at the end of the nonce. */
static void fast_data_cipher(void **state)
{
#ifdef crypto_aead_aegis128l_KEYBYTES
    static const struct {
        const char *ad, *msg, *ct, *tag;
    } rows[] = {
        {"", "00000000000000000000000000000000", "c1c0e58bd913006feba00f4b3cc3594e",
         "25835bfbb21632176cf03840687cb968cace4617af1bd0f7d064c639a5c79ee4"},
        {"", "", "", "1360dc9db8ae42455f6e5b6a9d488ea4f2184c4e12120249335c4ee84bafe25d"},
        {"0001020304050607", "000102030405060708090a0b0c0d", "79d94593d8c2119d7e8fd9b8fc77",
         "86f1b80bfb463aba711d15405d094baf4a55a15dbfec81a76f35ed0b9c8b04ac"},
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829",
         "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637",
         "b31052ad1cca4e291abcf2df3502e6bdb1bfd6db36798be3607b1f94d34478aa7ede7f7a990fec10",
         "b91e2947a33da8bee89b6794e647baf0fc835ff574aca3fc27c33be0db2aff98"},
    };
    static const char key[] = "10010000000000000000000000000000";
    static const char nonce[] = "10000200000000000000000000000000";
    static const char text[] = "sunscreen would be it.";
    uint8_t sealed[64], tag[32], ours[64];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].msg) / 2;
        crypto_aead_aegis128l_encrypt_detached(sealed, tag, NULL, hex(rows[i].msg), len,
                                               hex(rows[i].ad), strlen(rows[i].ad) / 2, NULL,
                                               hex(nonce), hex(key));
        assert_hex_equal(sealed, rows[i].ct);
        assert_hex_equal(tag, rows[i].tag);
    }
    crypto_aead_aegis128l_encrypt(sealed, NULL, (const uint8_t *)text, sizeof text, NULL, 0, NULL,
                                  hex("0000000000000000efcdab8967452301"), hex(counting));
    const struct el_tunnel_aead *aead = &el_tunnel_aegis128l;
    assert_int_equal(aead->tag_bytes, 32);
    aead->seal(ours, (const uint8_t *)text, sizeof text, 0x0123456789abcdef, hex(counting));
    assert_memory_equal(ours, sealed, sizeof text + 32);
    for (size_t i = 0; i < sizeof text + 32; i++) {
        uint8_t forged[sizeof ours];
        memcpy(forged, ours, sizeof ours);
        forged[i] ^= 1;
        assert_false(aead->open(forged, sizeof text, 0x0123456789abcdef, hex(counting)));
    }
    assert_true(aead->open(ours, sizeof text, 0x0123456789abcdef, hex(counting)));
    assert_memory_equal(ours, text, sizeof text);
#else
    (void)state;
    skip();
#endif
}

/* What every WireGuard handshake begins with: HASH(construction), HASH(that || identifier). */
static void begins_as_wireguard_does(void **state)
{
    struct el_tunnel_noise_state noise;
    uint8_t expected[32];
    uint8_t key[32] = {1};

    (void)state;
    el_tunnel_noise_begin(&noise, "WireGuard v1 zx2c4 Jason@zx2c4.com", 34, key);
    assert_hex_equal(noise.chaining_key,
                     "60e26daef327efc02ec335e2a025d2d016eb4206f87277f52d38d1988b78cd36");
    el_tunnel_hash(expected,
                   hex("2211b361081ac566691243db458ad5322d9c6c662293e8b70ee19c65ba079ef3"), 32, key,
                   32);
    assert_memory_equal(noise.hash, expected, 32);
}

/* One side of the published handshake: e, es, s, ss, payload / e, ee, se, psk, payload. */
struct side {
    const char *own_static, *own_ephemeral; /* private */
};

static void public_of(const char *private_key, uint8_t public_key[32])
{
    el_tunnel_key_public(hex(private_key), public_key);
}

static void matches_the_published_handshake(void **state)
{
    static const struct side init = {
        "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
        "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a"};
    static const struct side resp = {
        "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
        "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b"};
    static const char psk[] = "54686973206973206d7920417573747269616e20706572737065637469766521";
    struct el_tunnel_noise_state noise;
    uint8_t init_static[32], resp_static[32], init_ephemeral[32], resp_ephemeral[32];
    uint8_t sealed[64], forward[32], back[32];

    (void)state;
    public_of(init.own_static, init_static);
    public_of(resp.own_static, resp_static);
    public_of(init.own_ephemeral, init_ephemeral);
    public_of(resp.own_ephemeral, resp_ephemeral);

    el_tunnel_noise_begin(&noise, "John Galt", 9, resp_static);
    assert_hex_equal(init_ephemeral,
                     "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944");
    el_tunnel_noise_mix_ephemeral(&noise, init_ephemeral);
    assert_int_equal(el_tunnel_noise_mix_dh(&noise, hex(init.own_ephemeral), resp_static), 0);
    el_tunnel_noise_seal(&noise, sealed, init_static, 32);
    assert_hex_equal(sealed, "001e21de9f98ddd8e2ad57527207feb56253c9c94a9e496782ecfcb2a75fbcaf"
                             "1b52948cc48daefe660c62119ab50009");
    assert_int_equal(el_tunnel_noise_mix_dh(&noise, hex(init.own_static), resp_static), 0);
    el_tunnel_noise_seal(&noise, sealed, "Ludwig von Mises", 16);
    assert_hex_equal(sealed, "80c84831215f2441eba616548e832985464cf17e51ee93109008399a21f7e13f");

    assert_hex_equal(resp_ephemeral,
                     "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843");
    el_tunnel_noise_mix_ephemeral(&noise, resp_ephemeral);
    assert_int_equal(el_tunnel_noise_mix_dh(&noise, hex(resp.own_ephemeral), init_ephemeral), 0);
    assert_int_equal(el_tunnel_noise_mix_dh(&noise, hex(resp.own_ephemeral), init_static), 0);
    el_tunnel_noise_mix_psk(&noise, hex(psk));
    el_tunnel_noise_seal(&noise, sealed, "Murray Rothbard", 15);
    assert_hex_equal(sealed, "cb765f2caef0751b8f007572dab0322217755c0632f365717edbf34d33e87a");

    el_tunnel_noise_split(&noise, forward, back);
    const struct el_tunnel_aead *aead = &el_tunnel_chacha20poly1305;
    aead->seal(sealed, (const uint8_t *)"F. A. Hayek", 11, 0, forward);
    assert_hex_equal(sealed, "8153ca9833bc3c1b91a7e66e5f4d4f5b59bf9e64c2f20d15f0bba7");
    aead->seal(sealed, (const uint8_t *)"Carl Menger", 11, 0, back);
    assert_hex_equal(sealed, "07af0c9c86e1b4e80f36b04ff7688d51141af3debd0332f0a705ef");
    aead->seal(sealed, (const uint8_t *)"Jean-Baptiste Say", 17, 1, forward);
    assert_hex_equal(sealed, "6ab1467c0448cc78394494abaaf23afce0e234315d6e2624dcbfa8a21c1c4d073d");
}

/* Two identities that know each other. */
struct pair {
    struct el_tunnel_identity a, b;
    struct el_tunnel_pairing a_to_b, b_to_a;
    struct el_tunnel_handshake a_hand, b_hand;
    struct el_tunnel_initiation initiation;
    struct el_tunnel_response response;
    struct el_tunnel_keys a_keys, b_keys;
};

static const uint8_t stamp[12] = "timestamp12";

static void make_pair(struct pair *p)
{
    memset(p, 0, sizeof *p);
    el_random_seed_for_test(7);
    el_tunnel_key_make(p->a.private_key);
    el_tunnel_key_make(p->b.private_key);
    el_tunnel_identity_complete(&p->a);
    el_tunnel_identity_complete(&p->b);
    memcpy(p->a_to_b.public_key, p->b.public_key, 32);
    memcpy(p->b_to_a.public_key, p->a.public_key, 32);
    memset(p->a_to_b.psk, 9, 32);
    memset(p->b_to_a.psk, 9, 32);
    assert_int_equal(el_tunnel_pairing_complete(&p->a, &p->a_to_b), 0);
    assert_int_equal(el_tunnel_pairing_complete(&p->b, &p->b_to_a), 0);
    assert_int_equal(el_tunnel_noise_initiate(&p->a_to_b, &p->a, stamp, &p->a_hand, &p->initiation),
                     0);
}

/* B reads A's initiation and responds. */
static int respond(struct pair *p)
{
    uint8_t who[32], when[12];

    if (el_tunnel_noise_read_static(&p->b, &p->initiation, &p->b_hand, who) < 0)
        return EL_EAUTH;
    assert_memory_equal(who, p->a.public_key, 32);
    if (el_tunnel_noise_read_timestamp(&p->b_to_a, &p->initiation, &p->b_hand, when) < 0)
        return EL_EAUTH;
    assert_memory_equal(when, stamp, 12);
    return el_tunnel_noise_respond(&p->b_to_a, &p->initiation, &p->b_hand, &p->response,
                                   &p->b_keys);
}

static int finish(struct pair *p)
{
    struct el_tunnel_handshake scratch;

    return el_tunnel_noise_finish(&p->a_to_b, &p->a, &p->a_hand, &p->response, &scratch,
                                  &p->a_keys);
}

static void both_sides_get_the_same_keys(void **state)
{
    struct pair p;

    (void)state;
    make_pair(&p);
    assert_int_equal(respond(&p), 0);
    assert_int_equal(finish(&p), 0);
    assert_memory_equal(p.a_keys.send, p.b_keys.receive, 32);
    assert_memory_equal(p.a_keys.receive, p.b_keys.send, 32);
    assert_memory_not_equal(p.a_keys.send, p.a_keys.receive, 32);
}

/* Every single bit of both messages counts, and a forged response leaves the handshake as it was.
 */
static void every_bit_is_authenticated(void **state)
{
    struct pair p;

    (void)state;
    make_pair(&p);
    uint8_t *bytes = p.initiation.ephemeral;
    for (size_t bit = 0; bit < 8 * (32 + 48 + 28); bit += 3) {
        if (bit == 255) /* the one bit of a coordinate that X25519 ignores; the hash does not */
            continue;
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(respond(&p), EL_EAUTH);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(respond(&p), 0);
    bytes = p.response.ephemeral;
    for (size_t bit = 0; bit < 8 * (32 + 16); bit += 3) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(finish(&p), EL_EAUTH);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(finish(&p), 0);
    assert_memory_equal(p.a_keys.send, p.b_keys.receive, 32);
}

static void another_psk_or_key_fails(void **state)
{
    struct pair p;

    (void)state;
    make_pair(&p);
    p.b_to_a.psk[0] ^= 1;
    assert_int_equal(respond(&p), 0); /* the psk comes in with the response */
    assert_int_equal(finish(&p), EL_EAUTH);

    make_pair(&p);
    p.b_to_a.shared[0] ^= 1;
    assert_int_equal(respond(&p), EL_EAUTH);

    make_pair(&p);
    el_tunnel_key_make(p.b.private_key);
    el_tunnel_identity_complete(&p.b);
    assert_int_equal(respond(&p), EL_EAUTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blake2s_rfc7693),
        cmocka_unit_test(hmac_and_kdf),
        cmocka_unit_test(x25519_rfc7748),
        cmocka_unit_test(low_order_keys_are_refused),
        cmocka_unit_test(data_cipher),
        cmocka_unit_test(data_ciphers_agree),
        cmocka_unit_test(fast_data_cipher),
        cmocka_unit_test(begins_as_wireguard_does),
        cmocka_unit_test(matches_the_published_handshake),
        cmocka_unit_test(both_sides_get_the_same_keys),
        cmocka_unit_test(every_bit_is_authenticated),
        cmocka_unit_test(another_psk_or_key_fails),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
