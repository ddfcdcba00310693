/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The language of templates: what it says, what it refuses, and that no value gets out of its
 * place. */
#include "profile_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char variables[] = "[variable v]\ntype = lines\n"
                                "[variable n]\ntype = number\n"
                                "[variable yes]\ntype = yes-no\n"
                                "[variable list]\ntype = list\n"
                                "[secret password]\ntype = password\n"
                                "[secret code]\ntype = text\n";

/* FILE, quoted as QUOTE, rendered with v = VALUE; "!" and the sentence if it is refused. */
static char *render_with(const char *quote, const char *file, const char *name, const char *value)
{
    struct el_profile_templates *templates = el_profile_templates_new(NULL);
    struct el_profile *profile = el_profile_new("web", "debian-12", "sample", NULL);
    struct el_profile_template *t;
    struct el_err err = {""};
    char conf[1024], *text = NULL;
    size_t len = 0;

    snprintf(conf, sizeof conf, "about = x\n[file f]\nquote = %s\n%s", quote, variables);
    assert_non_null(templates);
    assert_non_null(profile);
    int rc = sample_template(conf, file, &t, &err);
    if (rc == 0)
        rc = el_profile_templates_add(templates, t, &err);
    if (rc == 0 && value)
        rc = el_profile_set(profile, EL_PROFILE_VARIABLE, name, value, &err);
    if (rc == 0)
        rc = el_profile_set(profile, EL_PROFILE_SSH_KEY, "", SAMPLE_KEY, &err);
    if (rc == 0)
        rc = el_profile_set(profile, EL_PROFILE_SSH_KEY, "", SAMPLE_KEY " me", &err);
    if (rc == 0)
        rc = el_profile_render(profile, templates, &sample_facts, "f", EL_PROFILE_HANDED, &text,
                               &len, &err);
    el_profile_free(profile);
    el_profile_templates_free(templates);
    if (rc == 0) {
        assert_int_equal(strlen(text), len);
        return text;
    }
    assert_int_not_equal(asprintf(&text, "!%s", err.text), -1);
    return text;
}

static void expect(const char *quote, const char *file, const char *value, const char *expected)
{
    char *text = render_with(quote, file, "v", value);

    assert_string_equal(text, expected);
    free(text);
}

static void expect_refusal(const char *quote, const char *file, const char *value, const char *part)
{
    char *text = render_with(quote, file, "v", value);

    assert_int_equal(text[0], '!');
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    free(text);
}

static void quotes(void **state)
{
    (void)state;
    expect("text", "{{v}}", "a'b", "a'b");
    expect("line", "d-i x string {{v}}", "a\\b 'c", "d-i x string a\\b 'c");
    expect("shell", "echo {{v}}", "it's $(id)\n`id`", "echo 'it'\\''s $(id)\n`id`'");
    expect("words", "--x={{v}}", "a' --y", "--x='a'\\'' --y'");
    expect("yaml", "x: {{v}}", "a: \"b\"\n- c\\", "x: \"a: \\\"b\\\"\\n- c\\\\\"");
    expect("json", "{{v}}", "\xe2\x80\xa8\xef\xbb\xbf\xc3\xa4", "\"\\u2028\\ufeff\xc3\xa4\"");
    expect("xml", "<a b='{{v}}'/>", "<&>\"'", "<a b='&lt;&amp;&gt;&quot;&apos;'/>");
    expect("url", "?x={{v}}", "a b&c=\xc3\xa4~", "?x=a%20b%26c%3D%C3%A4~");
    expect("args", "x={{v}}", "/dev/sda", "x=/dev/sda");
    expect("base64", "{{v}}", "a\nb", "YQpi");
}

static void a_place_refuses_what_it_cannot_hold(void **state)
{
    (void)state;
    expect_refusal("line", "\n{{v}}", "a\nb", "template sample, f:2: it has a line break");
    expect_refusal("line", "{{v}}", "a\\", "backslash");
    expect_refusal("words", "{{v}}", "a\n%end", "line break");
    expect_refusal("args", "{{v}}", "a b", "command line");
    expect_refusal("args", "{{v}}", "${x}", "command line");
    expect_refusal("words", "{{#shell}}{{v}}{{/shell}}", "a\nb", "a block cannot stand");
}

static void blocks_quote_for_the_place_around(void **state)
{
    (void)state;
    expect("yaml", "- {{#shell}}echo {{v}}{{/shell}}", "it's \"x\"",
           "- \"echo 'it'\\\\''s \\\"x\\\"'\"");
    expect("xml", "{{#shell}}echo {{v}} && x{{/shell}}", "<", "echo &apos;&lt;&apos; &amp;&amp; x");
    expect("json", "{{#text}}http://{{hub.address}}/{{v|url}}{{/text}}", "a/b",
           "\"http://192.168.77.1/a%2Fb\"");
    expect("line", "x {{v|shell}}", "a b", "x 'a b'");
    expect("line", "x {{v|base64}}", "a\nb", "x YQpi");
    expect("words", "%packages\n{{#in args}}{{v}}{{/in}}\n%end", "vim", "%packages\nvim\n%end");
    expect_refusal("words", "{{#in args}}{{v}}{{/in}}", "vim\n%end", "f:1");
}

static void conditions_and_lists(void **state)
{
    (void)state;
    expect("text", "{{#if v}}a{{else}}b{{/if}}", "x", "a");
    expect("text", "{{#if v}}a{{else}}b{{/if}}", NULL, "b");
    expect("text", "{{#if not v}}a{{/if}}.", "x", ".");
    expect("text", "{{#if v is x}}a{{else}}b{{/if}}", "x", "a");
    expect("text", "{{#if v is xy}}a{{else}}b{{/if}}", "x", "b");
    expect("text", "{{#each network.dns}}{{.}}{{#more}}, {{/more}}{{/each}}", NULL,
           "192.168.77.1, 9.9.9.9");
    expect("shell", "{{#each ssh-keys}}{{.}};{{/each}}", NULL,
           "'" SAMPLE_KEY "';'" SAMPLE_KEY " me';");
    expect("text", "{{#each v}}[{{.}}]{{/each}}", "a b\nc", "[a b][c]");
}

static void lines_of_tags_alone_go(void **state)
{
    (void)state;
    expect("text", "a\n  {{#if v}}\nb\n  {{/if}}\nc\n", "x", "a\nb\nc\n");
    expect("text", "{{! a\nb }}\nc", "x", "c");
    expect("text", "a {{#if v}}b{{/if}} c", "x", "a b c");
    expect("text", "{{#if v}}\n{{#if v}}\na\n{{/if}}\n{{/if}}", "x", "a\n");
    expect("text", "{{v}}\n{{v}}", "x", "x\nx");
    expect("text", "{{\"{{\"}}x{{\"}}\"}}", NULL, "{{x}}");
    expect("text", "", NULL, "\n");
}

static void numbers_and_truth_are_bare(void **state)
{
    char *text = render_with("json", "[{{n}}, {{yes}}]", "n", "7");

    (void)state;
    assert_string_equal(text, "[7, \"\"]");
    free(text);
    text = render_with("json", "{{yes}}{{#if yes}}!{{/if}}", "yes", "no");
    assert_string_equal(text, "false");
    free(text);
    text = render_with("line", "{{yes}}{{#if yes}}!{{/if}}", "yes", "yes");
    assert_string_equal(text, "true!");
    free(text);
}

static void facts(void **state)
{
    (void)state;
    expect("text", "{{machine.name}} {{machine.mac}} {{machine.bootif}} {{machine.ip}}", NULL,
           "n1 52:54:00:12:34:56 01-52-54-00-12-34-56 192.168.77.10");
    expect("text", "{{network.netmask}} {{network.prefix}} {{network.gateway}} {{network.domain}}",
           NULL, "255.255.255.0 24 192.168.77.1 example.org");
    expect("text", "{{hub.url}} {{image.url}} {{token.url}} {{profile.name}} {{machine.uuid}}",
           NULL,
           "http://192.168.77.1 http://192.168.77.1/images/debian-12 "
           "http://192.168.77.1/m/tok3n web ");
}

static void mistakes_have_their_place(void **state)
{
    static const struct {
        const char *file, *part;
    } mistakes[] = {
        {"a\n{{vv}}", "template sample, f:2: no variable vv (did you mean v?)"},
        {"{{v", "f:1: {{ is not closed"},
        {"\n\n{{#if v}}", "f:3: {{#if}} is not ended"},
        {"{{/if}}", "ends what was not begun"},
        {"{{#if v}}{{/each}}", "{{/if}} has to come first"},
        {"{{else}}", "an else without its if"},
        {"{{#if v}}{{else}}{{else}}{{/if}}", "an else without its if"},
        {"{{v|c}}", "no such filter"},
        {"{{v|shell shell}}", "one filter is enough"},
        {"{{v v}}", "a tag is"},
        {"{{}}", "a tag is"},
        {"{{#when v}}{{/when}}", "no such block"},
        {"{{#in x}}{{/in}}", "no such block"},
        {"{{.}}", "outside of an each"},
        {"{{#more}}{{/more}}", "outside of an each"},
        {"{{#each n}}{{/each}}", "n is no list"},
        {"{{#each list}}{{#each v}}{{/each}}{{/each}}", "each within an each"},
        {"{{#if v is}}{{/if}}", "if v what"},
        {"{{\"x}}", "is not closed"},
        {"\xff", "not a text of UTF-8"},
        {"\x01", "not a text of UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++)
        expect_refusal("text", mistakes[i].file, NULL, mistakes[i].part);
}

static void depth_and_length_have_bounds(void **state)
{
    char file[2048] = "", *value = malloc(4001);

    (void)state;
    for (int i = 0; i < EL_PROFILE_DEPTH + 1; i++)
        strcat(file, "{{#if v}}");
    expect_refusal("text", file, NULL, "deeper than");
    /* A quote grows fourfold with each shell around it. */
    memset(value, '\'', 4000);
    value[4000] = '\0';
    expect_refusal("shell",
                   "{{#shell}}{{#shell}}{{#shell}}{{#shell}}{{#shell}}{{v}}{{/shell}}{{/shell}}"
                   "{{/shell}}{{/shell}}{{/shell}}",
                   value, "too long");
    free(value);
}

static void configuration_has_mistakes_too(void **state)
{
    static const struct {
        const char *conf, *part;
    } mistakes[] = {
        {"[file f]\nquote = line\n", "say what it is about"},
        {"about = x\n[file f]\n", "say how its values are quoted"},
        {"about = x\n[file f]\nquote = lines\n", "template.conf:3: quote = lines: unknown"},
        {"about = x\nabuot = y\n", "template.conf:2: abuot: unknown"},
        {"about = x\n[file g]\nquote = line\n", "file g is not there"},
        {"about = x\n[variable v]\ntype = choice\n", "a choice of what?"},
        {"about = x\n[variable v]\ntype = number\ndefault = x\n", "is no number"},
        {"about = x\n[variable v]\ntype = password\n", "[secret v]"},
        {"about = x\n[variable v]\n[secret v]\n", "there twice"},
        {"about = x\n[variable ssh-keys]\n", "every template has this one"},
        {"about = x\n[secret s]\ndefault = x\n", "a secret has no default"},
        {"about = x\nargs = {{s}}\n[secret s]\n", "a secret in the kernel's arguments"},
        {"about = x\n[section v]\n", "a section is"},
        {"about = x\n[variable v\n", "a section ends with ]"},
        {"about\n", "NAME = VALUE"},
        {"about = x\nfetches = 0\n", "from 1 to"},
        {"about = x\n[variable ../v]\n", "a name has letters"},
    };
    struct el_profile_template *t;

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct el_err err = {""};
        assert_true(sample_template(mistakes[i].conf, "x", &t, &err) < 0);
        if (!strstr(err.text, mistakes[i].part))
            fail_msg("\"%s\" is not in \"%s\"", mistakes[i].part, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes),
        cmocka_unit_test(a_place_refuses_what_it_cannot_hold),
        cmocka_unit_test(blocks_quote_for_the_place_around),
        cmocka_unit_test(conditions_and_lists),
        cmocka_unit_test(lines_of_tags_alone_go),
        cmocka_unit_test(numbers_and_truth_are_bare),
        cmocka_unit_test(facts),
        cmocka_unit_test(mistakes_have_their_place),
        cmocka_unit_test(depth_and_length_have_bounds),
        cmocka_unit_test(configuration_has_mistakes_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
