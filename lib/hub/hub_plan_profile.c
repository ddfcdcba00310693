/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles as a hub's file says them. */
#include "base/log.h"
#include "hub/hub_plan.h"
#include "node/said.h"
#include "profile/profile_json.h"
#include "profile/templates_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char unsaid[] = "unsaid"; /* in the place of an image or template, until it is said */

void el_hub_plan_clear_profiles(struct el_hub_plan *plan)
{
    for (unsigned i = 0; i < plan->profile_count; i++)
        el_profile_free(plan->profiles[i].profile);
    free(plan->profiles);
    plan->profiles = NULL;
    plan->profile_count = 0;
}

struct el_hub_plan_profile *el_hub_plan_add_profile(struct el_hub_plan *plan, const char *name,
                                                    struct el_err *err)
{
    struct el_profile *profile = el_profile_new(name, unsaid, unsaid, err);
    struct el_hub_plan_profile *items =
        profile ? realloc(plan->profiles, (plan->profile_count + 1) * sizeof *items) : NULL;

    if (!profile)
        return NULL;
    if (!items) {
        el_profile_free(profile);
        el_err(err, EL_ENOMEM, "out of memory");
        return NULL;
    }
    plan->profiles = items;
    items[plan->profile_count] = (struct el_hub_plan_profile){.profile = profile};
    return &items[plan->profile_count++];
}

/* -- texts -- */

static int set_name(char *to, size_t capacity, const char *text, bool *said, struct el_err *err)
{
    if (*text == '\0' || strlen(text) >= capacity)
        return el_err(err, EL_EINVAL, "a name has 1 to %zu characters", capacity - 1);
    strcpy(to, text);
    *said = true;
    return 0;
}

int el_hub_plan_set_profile_image(struct el_hub_plan_profile *profile, const char *text,
                                  struct el_err *err)
{
    return set_name(profile->profile->image, EL_PROFILE_IMAGE, text, &profile->has_image, err);
}

int el_hub_plan_set_profile_template(struct el_hub_plan_profile *profile, const char *text,
                                     struct el_err *err)
{
    return set_name(profile->profile->template_name, EL_PROFILE_NAME, text, &profile->has_template,
                    err);
}

int el_hub_plan_set_profile_value(struct el_hub_plan_profile *profile, bool secret,
                                  const char *text, struct el_err *err)
{
    char name[EL_NODE_SAID_NAME], *value;
    int rc = el_node_said_parse(text, name, &value, err);

    if (rc == 0)
        rc = el_profile_set(profile->profile, secret ? EL_PROFILE_SECRET : EL_PROFILE_VARIABLE,
                            name, value, err);
    el_node_said_free(value);
    return rc;
}

static int add_key(void *profile, const char *key, struct el_err *err)
{
    return el_profile_set(profile, EL_PROFILE_SSH_KEY, "", key, err);
}

int el_hub_plan_set_profile_keys(struct el_hub_plan_profile *profile, const char *text,
                                 struct el_err *err)
{
    return el_node_said_keys(text, add_key, profile->profile, err);
}

int el_hub_plan_set_profile_json(struct el_hub_plan_profile *profile, const char *text,
                                 struct el_err *err)
{
    struct el_profile *read;
    int rc = el_profile_from_text(text, strlen(text), &read, err);

    if (rc < 0)
        return rc;
    if (strcmp(read->name, profile->profile->name) != 0) {
        el_profile_free(read);
        return el_err(err, EL_EINVAL, "it is another profile's");
    }
    el_profile_free(profile->profile);
    *profile = (struct el_hub_plan_profile){read, true, true};
    return 0;
}

/* -- whether it can be -- */

/* A copy, as its passwords become hashes on the way. */
static int check(const struct el_hub_plan_profile *said,
                 const struct el_profile_templates *templates, struct el_err *err)
{
    struct el_profile *copy = el_profile_copy(said->profile, err);
    int rc = copy ? el_profile_seal(copy, templates, NULL, err) : EL_ENOMEM;

    if (rc == 0)
        rc = el_profile_check(copy, templates, NULL, err);
    el_profile_free(copy);
    return rc < 0 && rc != EL_ENOMEM ? EL_EINVAL : rc;
}

static int read_own(struct el_profile_templates *templates, const char *path, struct el_err *err)
{
    int fd = el_hub_plan_open_templates(path, err);

    if (fd < 0)
        return fd;
    int rc = el_profile_templates_read(templates, fd, err);
    close(fd);
    return rc < 0 ? rc : 0;
}

int el_hub_plan_open_templates(const char *path, struct el_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? el_err_os(err, errno, "templates %s: cannot open the directory", path) : fd;
}

int el_hub_plan_check_profiles(const struct el_hub_plan *plan, struct el_err *err)
{
    struct el_profile_templates *templates =
        plan->profile_count ? el_profile_templates_new(err) : NULL;
    int rc = plan->profile_count && !templates ? EL_ENOMEM : 0;

    if (rc == 0 && templates && plan->templates)
        rc = read_own(templates, plan->templates, err);

    for (unsigned i = 0; rc == 0 && i < plan->profile_count; i++) {
        const struct el_hub_plan_profile *said = &plan->profiles[i];
        if (said->has_image && said->has_template)
            rc = check(said, templates, err);
        else
            rc = el_err(err, EL_EINVAL, "profile %s: say its image and its template",
                        said->profile->name);
    }
    el_profile_templates_free(templates);
    return rc;
}

/* -- for control -- */

void el_hub_plan_print_profiles(FILE *out, const struct el_hub_plan *plan)
{
    for (unsigned i = 0; i < plan->profile_count; i++) {
        const struct el_profile *profile = plan->profiles[i].profile;
        struct el_err err = {""};
        char *text;
        int len = el_profile_to_text(profile, &text, &err);
        if (len < 0)
            continue; /* too long, as el_hub_plan_apply_profiles() would say too */
        fprintf(out, "[profile %s]\njson = %s\n", profile->name, text);
        el_profile_text_free(text, (size_t)len);
    }
}

/* An image that is not there may come yet: whoever boots by the profile is told so. */
int el_hub_plan_apply_profiles(const struct el_hub_plan *plan,
                               const struct el_hub_profiles *profiles, int64_t now_s,
                               struct el_err *err)
{
    struct el_hub_profiles without_images = {profiles->registry, profiles->templates, NULL, NULL};
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < plan->profile_count; i++) {
        struct el_profile *copy = el_profile_copy(plan->profiles[i].profile, err);
        struct el_err why = {""};
        rc = copy ? el_hub_profile_keep(&without_images, copy, now_s, err) : EL_ENOMEM;
        const struct el_registry_profile *row =
            rc == 0 ? el_registry_profile(profiles->registry, copy->name) : NULL;
        if (row && el_hub_profile_sound(profiles, row, &why) < 0)
            EL_LOG(EL_LOG_WARN, "node", "config", EL_STR("profile", copy->name),
                   EL_STR("error", why.text));
        el_profile_free(copy);
    }
    return rc;
}
