/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-512 crypt: the vectors of its specification. */
#include "profile/crypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void specification(void **state)
{
    static const struct {
        const char *setting, *password, *hash;
    } vectors[] = {
        {"$6$saltstring", "Hello world!",
         "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJu"
         "esI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
        {"$6$rounds=10000$saltstringsaltstring", "Hello world!",
         "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sb"
         "HbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."},
        {"$6$rounds=5000$toolongsaltstring", "This is just a test",
         "$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQ"
         "zQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0"},
        {"$6$rounds=1400$anotherlongsaltstring",
         "a very much longer text to encrypt.  This one even stretches over more"
         "than one line.",
         "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wP"
         "vMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1"},
        {"$6$rounds=77777$short", "we have a short salt string but not a short password",
         "$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0g"
         "ge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0"},
        {"$6$rounds=10$roundstoolow", "the minimum number is still observed",
         "$6$rounds=1000$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1x"
         "hLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX."},
    };
    char hash[EL_PROFILE_CRYPT_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        assert_int_equal(el_profile_crypt(vectors[i].password, vectors[i].setting, hash), 0);
        assert_string_equal(hash, vectors[i].hash);
        assert_true(el_profile_crypt_verify(vectors[i].password, vectors[i].hash));
        assert_false(el_profile_crypt_verify("another", vectors[i].hash));
        assert_true(el_profile_crypt_is_hash(hash));
    }
}

static void new_hashes_differ_and_verify(void **state)
{
    char one[EL_PROFILE_CRYPT_TEXT], two[EL_PROFILE_CRYPT_TEXT];

    (void)state;
    assert_int_equal(el_profile_crypt_new("secret", one), 0);
    assert_int_equal(el_profile_crypt_new("secret", two), 0);
    assert_string_not_equal(one, two);
    assert_true(el_profile_crypt_verify("secret", one));
    assert_true(el_profile_crypt_verify("secret", two));
}

static void refuses(void **state)
{
    char hash[EL_PROFILE_CRYPT_TEXT], longest[EL_PROFILE_CRYPT_PASSWORD + 1];

    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(el_profile_crypt("x", "$5$salt", hash), EL_EINVAL);
    assert_int_equal(el_profile_crypt("x", "$6$rounds=1000000$salt", hash), EL_EINVAL);
    assert_int_equal(el_profile_crypt("x", "$6$rounds=-1$salt", hash), EL_EINVAL);
    assert_int_equal(el_profile_crypt_new(longest, hash), EL_EINVAL);
    longest[EL_PROFILE_CRYPT_PASSWORD - 1] = '\0';
    assert_int_equal(el_profile_crypt_new(longest, hash), 0);
    assert_true(el_profile_crypt_verify(longest, hash));
}

static void knows_hashes(void **state)
{
    (void)state;
    assert_true(el_profile_crypt_is_hash("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o."));
    assert_true(el_profile_crypt_is_hash("$2b$05$abcdefghijklmnopqrstuuMTeYPvbuKbJBQWjSYEbmFgF"));
    assert_false(el_profile_crypt_is_hash("secret"));
    assert_false(el_profile_crypt_is_hash("$6$short"));
    assert_false(el_profile_crypt_is_hash("$6$salt$with a space in it, and long enough"));
    assert_false(el_profile_crypt_is_hash("$6$salt$with'a'quote'in'it,and'long'enough"));
    assert_false(el_profile_crypt_is_hash(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specification),
        cmocka_unit_test(new_hashes_differ_and_verify),
        cmocka_unit_test(refuses),
        cmocka_unit_test(knows_hashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
