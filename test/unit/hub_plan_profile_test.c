/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles in a hub's file: said, checked, passed on to control, and applied again and again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "hub/hub_plan.h"

#include <sodium.h>

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKJ8ljPFBMRYMfnXHmSHGFqUWYbJmFYbQvGpV1kZ3tYH"

static struct {
    struct el_registry *registry;
    struct el_profile_templates *templates;
    struct el_hub_plan plan;
    struct el_err err;
    unsigned changes;
} w;

static void on_event(void *arg, const struct el_registry_event *event)
{
    (void)arg;
    w.changes += event->kind == EL_REGISTRY_PROFILE_CHANGED;
}

static int no_image(void *arg, const char *name, char installer[EL_HUB_INSTALLER])
{
    (void)arg;
    (void)name;
    (void)installer;
    return EL_ENOENT;
}

static int begin(void **state)
{
    static const struct el_registry_observer observer = {.event = on_event};

    (void)state;
    memset(&w, 0, sizeof w);
    w.templates = el_profile_templates_new(&w.err);
    return w.templates ? el_registry_new(NULL, &observer, &w.registry, &w.err) : -1;
}

static int end(void **state)
{
    (void)state;
    el_hub_plan_clear(&w.plan);
    el_registry_free(w.registry);
    el_profile_templates_free(w.templates);
    return 0;
}

static struct el_hub_plan_profile *say_web(void)
{
    struct el_hub_plan_profile *web = el_hub_plan_add_profile(&w.plan, "web", &w.err);

    assert_non_null(web);
    assert_int_equal(el_hub_plan_set_profile_image(web, "debian-12", &w.err), 0);
    assert_int_equal(el_hub_plan_set_profile_template(web, "debian", &w.err), 0);
    assert_int_equal(el_hub_plan_set_profile_value(web, false, "disk=/dev/sda", &w.err), 0);
    assert_int_equal(el_hub_plan_set_profile_value(web, true, "root-password=hunter2", &w.err), 0);
    assert_int_equal(el_hub_plan_set_profile_keys(web, KEY, &w.err), 0);
    return web;
}

static int apply(struct el_hub_plan *plan)
{
    struct el_hub_profiles profiles = {w.registry, w.templates, no_image, NULL};

    return el_hub_plan_apply_profiles(plan, &profiles, 1000, &w.err);
}

static void applied_again_it_changes_nothing(void **state)
{
    (void)state;
    say_web();
    assert_int_equal(el_hub_plan_check_profiles(&w.plan, &w.err), 0);
    assert_int_equal(apply(&w.plan), 0);
    assert_int_equal(w.changes, 1);
    const struct el_registry_profile *row = el_registry_profile(w.registry, "web");
    assert_string_equal(row->image, "debian-12");
    assert_null(strstr(row->text, "hunter2"));
    assert_non_null(strstr(row->text, "/dev/sda"));
    assert_int_equal(apply(&w.plan), 0);
    assert_int_equal(w.changes, 1);
    assert_int_equal(el_hub_plan_set_profile_value(w.plan.profiles, false, "disk=/dev/sdb", NULL),
                     0);
    assert_int_equal(apply(&w.plan), 0);
    assert_int_equal(w.changes, 2);
}

static void control_reads_what_was_printed_for_it(void **state)
{
    static const char begins[] = "[profile web]\njson = ";
    struct el_hub_plan passed = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    struct el_hub_plan_profile *web = say_web();
    assert_int_equal(el_profile_set(web->profile, EL_PROFILE_VARIABLE, "post", "a\nb", NULL), 0);
    el_hub_plan_print_profiles(out, &w.plan);
    fclose(out);
    assert_memory_equal(text, begins, strlen(begins));
    assert_ptr_equal(strchr(text + strlen(begins), '\n'), text + len - 1);
    text[len - 1] = '\0';
    struct el_hub_plan_profile *again = el_hub_plan_add_profile(&passed, "web", &w.err);
    assert_int_equal(el_hub_plan_set_profile_json(again, text + strlen(begins), &w.err), 0);
    assert_string_equal(el_profile_get(again->profile, EL_PROFILE_VARIABLE, "post"), "a\nb");
    again = el_hub_plan_add_profile(&passed, "other", &w.err);
    assert_int_equal(el_hub_plan_set_profile_json(again, text + strlen(begins), &w.err), EL_EINVAL);
    free(text);
    el_hub_plan_clear(&passed);
}

static void mistakes_are_said_at_the_start(void **state)
{
    (void)state;
    struct el_hub_plan_profile *web = say_web();
    assert_int_equal(el_hub_plan_set_profile_value(web, false, "dsk=/dev/sda", &w.err), 0);
    assert_int_equal(el_hub_plan_check_profiles(&w.plan, &w.err), EL_EINVAL);
    assert_non_null(strstr(w.err.text, "no variable dsk (did you mean disk?)"));
    assert_int_equal(el_hub_plan_set_profile_value(web, false, "dsk=", &w.err), 0);
    assert_int_equal(el_hub_plan_set_profile_template(web, "debain", &w.err), 0);
    assert_int_equal(el_hub_plan_check_profiles(&w.plan, &w.err), EL_EINVAL);
    assert_int_equal(el_hub_plan_set_profile_template(web, "debian", &w.err), 0);
    assert_int_equal(el_hub_plan_check_profiles(&w.plan, &w.err), 0);
    assert_non_null(el_hub_plan_add_profile(&w.plan, "db", &w.err));
    assert_int_equal(el_hub_plan_check_profiles(&w.plan, &w.err), EL_EINVAL);
    assert_non_null(strstr(w.err.text, "profile db: say its image and its template"));
    assert_null(el_hub_plan_add_profile(&w.plan, "../x", &w.err));
    assert_int_equal(el_hub_plan_set_profile_value(w.plan.profiles, false, "disk", &w.err),
                     EL_EINVAL);
    assert_int_equal(
        el_hub_plan_set_profile_value(w.plan.profiles, true, "x=@/does/not/exist", &w.err),
        EL_ENOENT);
    assert_int_equal(el_hub_plan_set_profile_keys(w.plan.profiles, "/does/not/exist", &w.err),
                     EL_ENOENT);
}

static void values_come_from_files(void **state)
{
    char path[] = "/tmp/el2w-profile-XXXXXX", said[64];
    static const char text[] = "# admins\n" KEY " me\n\n" KEY " you\n";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct el_hub_plan_profile *web = el_hub_plan_add_profile(&w.plan, "web", &w.err);
    assert_int_equal(el_hub_plan_set_profile_keys(web, path, &w.err), 0);
    assert_int_equal(web->profile->count, 2);
    snprintf(said, sizeof said, "post=@%s", path);
    assert_int_equal(el_hub_plan_set_profile_value(web, false, said, &w.err), 0);
    const char *post = el_profile_get(web->profile, EL_PROFILE_VARIABLE, "post");
    assert_int_equal(strlen(post), strlen(text) - 1); /* the last line break is not the value's */
    unlink(path);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(applied_again_it_changes_nothing),
        TEST(control_reads_what_was_printed_for_it),
        TEST(mistakes_are_said_at_the_start),
        TEST(values_come_from_files),
    };

    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
