/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles: what is checked, what is kept, what is handed out. */
#include "profile/crypt.h"
#include "profile/profile_json.h"
#include "profile_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct el_profile_templates *templates;

static int set_up(void **state)
{
    struct el_err err = {""};

    (void)state;
    templates = el_profile_templates_new(&err);
    if (!templates)
        print_error("%s\n", err.text);
    return templates ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    el_profile_templates_free(templates);
    return 0;
}

static struct el_profile *sample(const char *template_name)
{
    struct el_profile *profile = el_profile_new("web", "image", template_name, NULL);

    assert_non_null(profile);
    assert_int_equal(el_profile_set(profile, EL_PROFILE_SSH_KEY, "", SAMPLE_KEY, NULL), 0);
    return profile;
}

static void set(struct el_profile *profile, enum el_profile_kind kind, const char *name,
                const char *text)
{
    assert_int_equal(el_profile_set(profile, kind, name, text, NULL), 0);
}

static void refused(struct el_profile *profile, const char *installer, const char *part)
{
    struct el_err err = {""};
    int rc = el_profile_check(profile, templates, installer, &err);

    if (rc == 0 || !strstr(err.text, part))
        fail_msg("%d: \"%s\" is not in \"%s\"", rc, part, err.text);
}

static char *render(const struct el_profile *profile, const char *file,
                    enum el_profile_secrecy secrecy)
{
    struct el_err err = {""};
    char *text = NULL;
    size_t len = 0;

    if (el_profile_render(profile, templates, &sample_facts, file, secrecy, &text, &len, &err) < 0)
        fail_msg("%s", err.text);
    return text;
}

/* -- the templates that are shipped -- */

/* With defaults, and with everything said: a shell script that tries to get out of its place. */
static void shipped_templates_render(void **state)
{
    static const char post[] = "echo '%end' \"$x\"\n%end\n'''\"]]></source>\n{{v}}\n";
    const struct el_profile_template *t;
    struct el_err err = {""};
    size_t count = 0;

    (void)state;
    for (; (t = el_profile_templates_at(templates, count)) != NULL; count++) {
        struct el_profile *profile = sample(el_profile_template_name(t));
        for (size_t i = 0; el_profile_template_variable(t, i); i++) {
            const struct el_profile_variable *v = el_profile_template_variable(t, i);
            if (v->type == EL_PROFILE_DEVICE)
                set(profile, EL_PROFILE_VARIABLE, v->name, "/dev/vda");
            if (v->type == EL_PROFILE_LINES)
                set(profile, EL_PROFILE_VARIABLE, v->name, post);
            if (v->secret)
                set(profile, EL_PROFILE_SECRET, v->name, "it's a \"secret\"");
            assert_true(strlen(v->about) > 0);
        }
        if (el_profile_seal(profile, templates, NULL, &err) < 0 ||
            el_profile_check(profile, templates, el_profile_template_installer(t), &err) < 0)
            fail_msg("%s", err.text);
        el_profile_free(profile);
    }
    assert_int_equal(count, 7);
}

static void arguments_lead_to_the_answers(void **state)
{
    char args[EL_PROFILE_ARGS_BYTES];
    struct el_profile *profile = sample("debian");

    (void)state;
    assert_int_equal(el_profile_args(profile, templates, &sample_facts, args, NULL), 0);
    assert_non_null(strstr(args, "auto=true priority=critical"));
    assert_non_null(strstr(args, "preseed/url=http://192.168.77.1/m/tok3n/preseed.cfg"));
    assert_null(strchr(args, '\n'));
    el_profile_free(profile);
    profile = sample("ubuntu");
    assert_int_equal(el_profile_args(profile, templates, &sample_facts, args, NULL), 0);
    assert_non_null(strstr(args, "autoinstall ds=nocloud-net;s=http://192.168.77.1/m/tok3n/ "));
    el_profile_free(profile);
}

/* -- checks -- */

static void what_is_wrong_is_said(void **state)
{
    struct el_profile *profile = sample("debain");

    (void)state;
    refused(profile, NULL, "no template debain (have: agama, cloud-init, debian");
    el_profile_free(profile);
    profile = sample("debian");
    assert_int_equal(el_profile_check(profile, templates, "debian", NULL), 0);
    assert_int_equal(el_profile_check(profile, templates, NULL, NULL), 0);
    refused(profile, "redhat", "template debian is for images whose installer is debian");
    set(profile, EL_PROFILE_VARIABLE, "disc", "/dev/sda");
    refused(profile, "debian", "has no variable disc (did you mean disk?)");
    set(profile, EL_PROFILE_VARIABLE, "disc", "");
    set(profile, EL_PROFILE_VARIABLE, "disk", "sda");
    refused(profile, "debian", "variable disk: \"sda\" is no device");
    set(profile, EL_PROFILE_VARIABLE, "disk", "/dev/sda");
    set(profile, EL_PROFILE_VARIABLE, "layout", "raid");
    refused(profile, "debian", "is none of: plain lvm");
    set(profile, EL_PROFILE_VARIABLE, "layout", "");
    set(profile, EL_PROFILE_VARIABLE, "root-password", "x");
    refused(profile, "debian", "root-password is a secret: say --secret root-password=@FILE");
    set(profile, EL_PROFILE_VARIABLE, "root-password", "");
    set(profile, EL_PROFILE_SECRET, "disk", "/dev/sda");
    refused(profile, "debian", "disk is no secret: say --var disk=");
    set(profile, EL_PROFILE_SECRET, "disk", "");
    set(profile, EL_PROFILE_SECRET, "root-password", "plain");
    refused(profile, "debian", "secret root-password is no hash");
    el_profile_free(profile);
    profile = sample("ignition");
    refused(profile, "ignition",
            "template ignition needs disk, the disk that is erased: say --var");
    el_profile_free(profile);
}

static void types(void **state)
{
    static const char conf[] = "about = x\n[file f]\nquote = text\n"
                               "[variable number]\ntype = number\nmin = 1\nmax = 10\n"
                               "[variable url]\ntype = url\n[variable ip]\ntype = ip\n"
                               "[variable word]\ntype = word\n[variable text]\n"
                               "[variable yes]\ntype = yes-no\n[variable list]\ntype = list\n";
    static const struct {
        const char *name, *good, *bad;
    } values[] = {
        {"number", "10", "11"},
        {"number", "1", "0x1"},
        {"number", "7", "07"},
        {"number", "2", "2 "},
        {"url", "https://x/y?z=1", "x/y"},
        {"url", "http://x", "http://"},
        {"ip", "192.0.2.1", "1"},
        {"word", "a-b_c.d/e", "a b"},
        {"text", "a b", "a\nb"},
        {"yes", "yes", "true"},
        {"list", "a b", "a\nb"},
        {"ip", "2001:db8::1", "::g"},
    };
    struct el_profile *profile = sample("sample");
    struct el_profile_template *t;

    (void)state;
    assert_int_equal(sample_template(conf, "x", &t, NULL), 0);
    assert_int_equal(el_profile_templates_add(templates, t, NULL), 0);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        set(profile, EL_PROFILE_VARIABLE, values[i].name, values[i].bad);
        refused(profile, NULL, values[i].name);
        set(profile, EL_PROFILE_VARIABLE, values[i].name, values[i].good);
        assert_int_equal(el_profile_check(profile, templates, NULL, NULL), 0);
    }
    el_profile_free(profile);
}

static void keys_are_public_ones(void **state)
{
    static const char *const wrong[] = {
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIKJ8ljPFBMRYMfnXHmSHGFqUWYbJmFYbQvGpV1kZ3tYH",
        (SAMPLE_KEY "\n" SAMPLE_KEY),
        ("command=\"x\" " SAMPLE_KEY)};
    struct el_profile *profile = sample("debian");

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(el_profile_set(profile, EL_PROFILE_SSH_KEY, "", wrong[i], NULL),
                         EL_EINVAL);
    set(profile, EL_PROFILE_SSH_KEY, "", SAMPLE_KEY);
    assert_int_equal(profile->count, 1);
    set(profile, EL_PROFILE_SSH_KEY, "", SAMPLE_KEY " me@example.org");
    assert_int_equal(profile->count, 2);
    el_profile_drop_keys(profile);
    assert_int_equal(profile->count, 0);
    el_profile_free(profile);
}

static void values_have_bounds(void **state)
{
    struct el_profile *profile = sample("debian");
    char name[16], *text = calloc(1, EL_PROFILE_VALUE + 1);

    (void)state;
    memset(text, 'x', EL_PROFILE_VALUE);
    assert_int_equal(el_profile_set(profile, EL_PROFILE_VARIABLE, "x", text, NULL), EL_EINVAL);
    assert_int_equal(el_profile_set(profile, EL_PROFILE_VARIABLE, "x", "\x1b[2J", NULL), EL_EINVAL);
    assert_int_equal(el_profile_set(profile, EL_PROFILE_VARIABLE, "x", "\xc0\xaf", NULL),
                     EL_EINVAL);
    assert_int_equal(el_profile_set(profile, EL_PROFILE_VARIABLE, "../x", "y", NULL), EL_EINVAL);
    while (profile->count < EL_PROFILE_VALUES) {
        snprintf(name, sizeof name, "v%zu", profile->count);
        set(profile, EL_PROFILE_VARIABLE, name, "y");
    }
    assert_int_equal(el_profile_set(profile, EL_PROFILE_VARIABLE, "more", "y", NULL), EL_EFULL);
    free(text);
    el_profile_free(profile);
    assert_null(el_profile_new("we b", "i", "t", NULL));
    assert_null(el_profile_new("web", "../i", "t", NULL));
    assert_null(el_profile_new("web", "i", "", NULL));
}

/* -- secrets -- */

static void passwords_are_kept_as_hashes(void **state)
{
    struct el_profile *one = sample("debian"), *two = sample("debian");

    (void)state;
    set(one, EL_PROFILE_SECRET, "root-password", "hunter2");
    assert_int_equal(el_profile_seal(one, templates, NULL, NULL), 0);
    const char *hash = el_profile_get(one, EL_PROFILE_SECRET, "root-password");
    assert_true(el_profile_crypt_verify("hunter2", hash));
    assert_int_equal(el_profile_check(one, templates, "debian", NULL), 0);

    /* The same again is no change; another is one. */
    set(two, EL_PROFILE_SECRET, "root-password", "hunter2");
    assert_int_equal(el_profile_seal(two, templates, one, NULL), 0);
    assert_string_equal(el_profile_get(two, EL_PROFILE_SECRET, "root-password"), hash);
    set(two, EL_PROFILE_SECRET, "root-password", "hunter3");
    assert_int_equal(el_profile_seal(two, templates, one, NULL), 0);
    assert_string_not_equal(el_profile_get(two, EL_PROFILE_SECRET, "root-password"), hash);
    el_profile_free(one);
    el_profile_free(two);
}

static void secrets_are_handed_hidden_or_withheld(void **state)
{
    struct el_profile *profile = sample("suse");

    (void)state;
    set(profile, EL_PROFILE_SECRET, "registration-code", "C0DE");
    char *text = render(profile, "autoinst.xml", EL_PROFILE_HANDED);
    assert_non_null(strstr(text, "<reg_code>C0DE</reg_code>"));
    el_profile_text_free(text, strlen(text));
    text = render(profile, "autoinst.xml", EL_PROFILE_HIDDEN);
    assert_null(strstr(text, "C0DE"));
    assert_non_null(strstr(text, "<reg_code>********</reg_code>"));
    el_profile_text_free(text, strlen(text));
    text = render(profile, "autoinst.xml", EL_PROFILE_WITHHELD);
    assert_null(strstr(text, "reg_code"));
    el_profile_text_free(text, strlen(text));
    const struct el_profile_template *t = el_profile_templates_find(templates, "ignition");
    assert_true(el_profile_template_find_file(t, "config.ign")->secrets);
    assert_false(el_profile_template_find_file(t, "live.ign")->secrets);
    el_profile_free(profile);
}

static void handings_are_counted(void **state)
{
    const struct el_profile_template *t = el_profile_templates_find(templates, "suse");
    unsigned handed = 0, bit = 0, times = 0;

    (void)state;
    while (el_profile_template_hand(t, "autoinst.xml", handed, &bit) == 0) {
        assert_int_equal(handed & bit, 0);
        handed |= bit;
        times++;
    }
    assert_int_equal(times, 3);
}

/* -- as text -- */

static void text_there_and_back(void **state)
{
    struct el_profile *profile = sample("debian"), *again;
    char *text, *second;

    (void)state;
    set(profile, EL_PROFILE_VARIABLE, "post", "echo \"a\"\n\techo 'b'\n");
    set(profile, EL_PROFILE_SECRET, "root-password", "x");
    int len = el_profile_to_text(profile, &text, NULL);
    assert_true(len > 0);
    assert_null(strchr(text, '\n'));
    assert_int_equal(el_profile_from_text(text, (size_t)len, &again, NULL), 0);
    assert_int_equal(el_profile_to_text(again, &second, NULL), len);
    assert_string_equal(text, second);
    free(text);
    free(second);
    json_t *json = el_profile_json(profile, false);
    assert_null(json_object_get(json_array_get(json_object_get(json, "secrets"), 0), "value"));
    json_decref(json);
    struct el_profile *copy = el_profile_copy(profile, NULL);
    assert_string_equal(el_profile_get(copy, EL_PROFILE_SECRET, "root-password"), "x");
    el_profile_free(copy);
    el_profile_free(profile);
    el_profile_free(again);
}

static void text_of_others(void **state)
{
    static const char *const wrong[] = {
        "",
        "{",
        "[]",
        "{\"name\": \"web\"}",
        "{\"name\": \"web\", \"image\": \"i\", \"template\": \"t\", \"variables\": [{}]}",
        "{\"name\": \"web\", \"image\": \"i\", \"template\": \"t\", \"variables\": [\"x\"]}",
        "{\"name\": \"web\", \"image\": \"i\", \"template\": \"t\", \"ssh_keys\": [\"x\"]}",
        ("{\"name\": \"web\", \"image\": \"i\", \"template\": \"t\", \"secrets\": [{\"name\": "
         "\"x\"}]}"),
        "{\"name\": \"web\", \"name\": \"web\", \"image\": \"i\", \"template\": \"t\"}",
    };
    struct el_profile *profile;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_true(el_profile_from_text(wrong[i], strlen(wrong[i]), &profile, NULL) < 0);
        assert_null(profile);
    }
}

static void too_much_together(void **state)
{
    struct el_profile *profile = sample("debian");
    char *value = calloc(1, EL_PROFILE_VALUE), *text;

    (void)state;
    memset(value, 'x', EL_PROFILE_VALUE - 1);
    set(profile, EL_PROFILE_VARIABLE, "a", value);
    set(profile, EL_PROFILE_VARIABLE, "b", value);
    set(profile, EL_PROFILE_VARIABLE, "c", value);
    set(profile, EL_PROFILE_VARIABLE, "d", value);
    assert_int_equal(el_profile_to_text(profile, &text, NULL), EL_EFULL);
    assert_null(text);
    free(value);
    el_profile_free(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_templates_render),
        cmocka_unit_test(arguments_lead_to_the_answers),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(types),
        cmocka_unit_test(keys_are_public_ones),
        cmocka_unit_test(values_have_bounds),
        cmocka_unit_test(passwords_are_kept_as_hashes),
        cmocka_unit_test(secrets_are_handed_hidden_or_withheld),
        cmocka_unit_test(handings_are_counted),
        cmocka_unit_test(text_there_and_back),
        cmocka_unit_test(text_of_others),
        cmocka_unit_test(too_much_together),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
