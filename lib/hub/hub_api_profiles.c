/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's profiles and templates. */
#include "hub/hub_api_internal.h"

#include <sodium.h>
#include <string.h>

/* -- values -- */

static const struct el_schema_field by_name[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true, .about = "of it"}, {0}};
static const struct el_schema_field by_file[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true, .about = "of it"},
    {.name = "file", .format = EL_FORMAT_NAME, .required = true, .about = "one of its template's"},
    {0}};

static const struct el_schema_field value_fields[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true},
    {.name = "value",
     .format = EL_FORMAT_LINES,
     .required = true,
     .max = EL_PROFILE_VALUE - 1,
     .about = "empty: as if it had not been said"},
    {0}};
static const struct el_schema value = {"ProfileValue", "A variable or a secret.", value_fields};
static const struct el_schema_field value_item = {.type = EL_SCHEMA_OBJECT, .object = &value};
static const struct el_schema_field secret_fields[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true}, {0}};
static const struct el_schema secret = {"ProfileSecret", "A secret that is set; never its value.",
                                        secret_fields};
static const struct el_schema_field secret_item = {.type = EL_SCHEMA_OBJECT, .object = &secret};
static const struct el_schema_field key_item = {.min = 1, .max = EL_PROFILE_VALUE - 1};

#define VALUES(member, item, needed, text)                                                \
    {                                                                                     \
        .name = member, .type = EL_SCHEMA_ARRAY, .max = EL_PROFILE_VALUES, .items = item, \
        .required = needed, .about = text                                                 \
    }

static const struct el_schema_field profile_fields[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true},
    {.name = "image", .format = EL_FORMAT_NAME, .required = true},
    {.name = "template", .format = EL_FORMAT_NAME, .required = true},
    VALUES("variables", &value_item, true, "that were said"),
    VALUES("ssh_keys", &key_item, true, "who may come in"),
    VALUES("secrets", &secret_item, true, "their names"),
    {.name = "problem", .about = "why no machine can be installed with it; absent: all is well"},
    {0}};
static const struct el_schema profile_schema = {
    "Profile", "How machines of one kind are installed.", profile_fields};
static const struct el_schema_field profile_item = {.type = EL_SCHEMA_OBJECT,
                                                    .object = &profile_schema};
static const struct el_schema_field profiles_fields[] = {
    {.name = "profiles", .type = EL_SCHEMA_ARRAY, .required = true, .items = &profile_item}, {0}};
static const struct el_schema profiles_schema = {"Profiles", "All of them.", profiles_fields};

static const struct el_schema_field profile_new_fields[] = {
    {.name = "image", .format = EL_FORMAT_NAME, .required = true},
    {.name = "template", .format = EL_FORMAT_NAME, .required = true},
    VALUES("variables", &value_item, false, "of the template; the others have their defaults"),
    VALUES("ssh_keys", &key_item, false, "public keys of who may come in"),
    VALUES("secrets", &value_item, false, "passwords are kept as hashes"),
    {0}};
static const struct el_schema profile_new = {"ProfileNew", "A profile, all of it.",
                                             profile_new_fields};
static const struct el_schema_field profile_change_fields[] = {
    {.name = "image", .format = EL_FORMAT_NAME},
    {.name = "template", .format = EL_FORMAT_NAME},
    VALUES("variables", &value_item, false, "those that change"),
    VALUES("ssh_keys", &key_item, false, "all of them, from now on"),
    VALUES("secrets", &value_item, false, "those that change"),
    {0}};
static const struct el_schema profile_change = {
    "ProfileChange", "What is to be otherwise; what is not said stays.", profile_change_fields};

static const struct el_schema_field rendered_fields[] = {
    {.name = "file", .format = EL_FORMAT_NAME, .required = true},
    {.name = "args", .required = true, .about = "the kernel's arguments that lead to it"},
    {.name = "text",
     .format = EL_FORMAT_LINES,
     .required = true,
     .max = EL_PROFILE_RENDERED_BYTES,
     .about = "as a machine called n1 would get it, without secrets"},
    {0}};
const struct el_schema el_hub_rendered = {"Rendered", "A file of answers.", rendered_fields};

static const struct el_schema_field variable_fields[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true},
    {.name = "type", .required = true, .about = "as in template.conf"},
    {.name = "secret", .type = EL_SCHEMA_BOOLEAN, .required = true},
    {.name = "required", .type = EL_SCHEMA_BOOLEAN, .required = true},
    {.name = "default", .required = true, .nullable = true},
    {.name = "values", .required = true, .nullable = true, .about = "of a choice"},
    {.name = "about", .required = true},
    {0}};
static const struct el_schema variable_schema = {"TemplateVariable", "What a template asks for.",
                                                 variable_fields};
static const struct el_schema_field variable_item = {.type = EL_SCHEMA_OBJECT,
                                                     .object = &variable_schema};
static const struct el_schema_field file_item = {.format = EL_FORMAT_NAME};
static const struct el_schema_field template_fields[] = {
    {.name = "name", .format = EL_FORMAT_NAME, .required = true},
    {.name = "installer", .required = true, .about = "of its images; empty: any"},
    {.name = "about", .required = true},
    {.name = "files", .type = EL_SCHEMA_ARRAY, .required = true, .items = &file_item},
    {.name = "variables", .type = EL_SCHEMA_ARRAY, .required = true, .items = &variable_item},
    {0}};
static const struct el_schema template_schema = {
    "Template", "Answers to an installer, with holes in them.", template_fields};
static const struct el_schema_field template_item = {.type = EL_SCHEMA_OBJECT,
                                                     .object = &template_schema};
static const struct el_schema_field templates_fields[] = {
    {.name = "templates", .type = EL_SCHEMA_ARRAY, .required = true, .items = &template_item}, {0}};
static const struct el_schema templates_schema = {"Templates", "All of them.", templates_fields};

static const struct el_api_response profiles_200[] = {
    {.status = 200, .schema = &profiles_schema, .about = "all profiles"}, {0}};
static const struct el_api_response profile_200[] = {
    {.status = 200, .schema = &profile_schema, .about = "the profile"}, {0}};
static const struct el_api_response profile_201[] = {
    {.status = 200, .schema = &profile_schema, .about = "it was there, and is so now"},
    {.status = 201, .schema = &profile_schema, .about = "it is new"},
    {0}};
static const struct el_api_response rendered_200[] = {
    {.status = 200, .schema = &el_hub_rendered, .about = "the file"}, {0}};
static const struct el_api_response gone_204[] = {{.status = 204, .about = "it is gone"}, {0}};
static const struct el_api_response templates_200[] = {
    {.status = 200, .schema = &templates_schema, .about = "all templates"}, {0}};
static const struct el_api_response template_200[] = {
    {.status = 200, .schema = &template_schema, .about = "the template"}, {0}};

/* -- profiles -- */

static json_t *profile_json(const struct el_node_hub_api *hub,
                            const struct el_registry_profile *row)
{
    struct el_err err = {""};
    struct el_profile *profile;
    int rc = el_profile_from_text(row->text, strlen(row->text), &profile, &err);
    json_t *json =
        rc == 0 ? el_profile_json(profile, false)
                : json_pack("{s:s, s:s, s:s, s:[], s:[], s:[]}", "name", row->name, "image",
                            row->image, "template", "unknown", "variables", "ssh_keys", "secrets");

    if (rc == 0)
        rc = el_hub_profile_sound(&hub->config.profiles, row, &err);
    if (json && rc < 0)
        json_object_set_new(json, "problem", el_json_string(err.text));
    el_profile_free(profile);
    return json;
}

static json_t *profile_row(const struct el_node_hub_api *hub, size_t i, int64_t now_s)
{
    (void)now_s;
    return profile_json(hub, el_registry_profile_at(hub->registry, i));
}

static void list_profiles(void *arg, const struct el_api_request *request,
                          struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;

    el_api_answer(answer, 200,
                  el_hub_list("profiles", el_registry_profile_count(hub->registry), profile_row,
                              hub, request->wall_s));
}

static void answer_profile(const struct el_node_hub_api *hub, int status, const char *name,
                           struct el_api_answer *answer)
{
    const struct el_registry_profile *row = el_registry_profile(hub->registry, name);

    if (row)
        el_api_answer(answer, status, profile_json(hub, row));
    else
        el_api_refuse(answer, &el_problem_not_found, "profile %s: no such profile", name);
}

static void show_profile(void *arg, const struct el_api_request *request,
                         struct el_api_answer *answer)
{
    answer_profile(arg, 200, el_api_param(request, "name"), answer);
}

static int take_values(struct el_profile *profile, enum el_profile_kind kind, const json_t *list,
                       struct el_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        rc = el_profile_set(profile, kind, json_string_value(json_object_get(item, "name")),
                            json_string_value(json_object_get(item, "value")), err);
    }
    return rc;
}

static int take_keys(struct el_profile *profile, const json_t *list, struct el_err *err)
{
    int rc = 0;

    if (list)
        el_profile_drop_keys(profile);
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
        rc = el_profile_set(profile, EL_PROFILE_SSH_KEY, "",
                            json_string_value(json_array_get(list, i)), err);
    return rc;
}

/* What REQUEST says, into PROFILE; what it says in secret is wiped from it. */
static int take_request(struct el_profile *profile, const struct el_api_request *request,
                        struct el_err *err)
{
    const json_t *secrets = json_object_get(request->body, "secrets");
    int rc =
        take_values(profile, EL_PROFILE_VARIABLE, json_object_get(request->body, "variables"), err);

    if (rc == 0)
        rc = take_keys(profile, json_object_get(request->body, "ssh_keys"), err);
    if (rc == 0)
        rc = take_values(profile, EL_PROFILE_SECRET, secrets, err);
    for (size_t i = 0; i < json_array_size(secrets); i++) {
        const char *said = json_string_value(json_object_get(json_array_get(secrets, i), "value"));
        char *text;
        memcpy(&text, &said, sizeof text);
        if (text)
            sodium_memzero(text, strlen(text));
    }
    return rc;
}

static void keep(struct el_node_hub_api *hub, struct el_profile *profile,
                 const struct el_api_request *request, struct el_api_answer *answer)
{
    char path[16 + EL_REGISTRY_NAME] = "/v1/profiles/";
    bool is_new = !el_registry_profile(hub->registry, profile->name);
    struct el_err err = {""};
    int rc = take_request(profile, request, &err);

    if (rc == 0)
        rc = el_hub_profile_keep(&hub->config.profiles, profile, request->wall_s, &err);
    /* What is named in a request and is not there is the request's mistake. */
    if (rc < 0)
        el_hub_refuse(answer, rc == EL_ENOENT ? EL_EINVAL : rc, &err);
    else
        answer_profile(hub, is_new ? 201 : 200, profile->name, answer);
    if (rc == 0 && is_new)
        el_api_location(answer, strcat(path, profile->name));
    el_profile_free(profile);
}

static void put_profile(void *arg, const struct el_api_request *request,
                        struct el_api_answer *answer)
{
    struct el_err err = {""};
    struct el_profile *profile =
        el_profile_new(el_api_param(request, "name"), el_api_string(request, "image"),
                       el_api_string(request, "template"), &err);

    if (profile)
        keep(arg, profile, request, answer);
    else
        el_hub_refuse(answer, EL_EINVAL, &err);
}

static void change_profile(void *arg, const struct el_api_request *request,
                           struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    const char *image = el_api_string(request, "image");
    const char *template_name = el_api_string(request, "template");
    struct el_profile *profile;
    struct el_err err = {""};
    int rc = el_hub_profile_get(hub->registry, el_api_param(request, "name"), &profile, &err);

    if (rc < 0) {
        el_hub_refuse(answer, rc, &err);
        return;
    }
    if (image) /* the schema knows how long they are */
        strcpy(profile->image, image);
    if (template_name)
        strcpy(profile->template_name, template_name);
    keep(hub, profile, request, answer);
}

static void delete_profile(void *arg, const struct el_api_request *request,
                           struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    struct el_err err = {""};
    int rc = el_registry_profile_remove(hub->registry, el_api_param(request, "name"),
                                        request->wall_s, &err);

    if (rc < 0)
        el_hub_refuse(answer, rc, &err);
    else
        el_api_answer(answer, 204, NULL);
}

/* -- what comes of them -- */

static const struct el_profile_facts example = {
    .name = "n1",
    .mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}},
    .ip = {4, {192, 0, 2, 77}},
    .prefix_len = 24,
    .gateway = {4, {192, 0, 2, 1}},
    .hub = "192.0.2.1",
    .token = "TOKEN",
};

json_t *el_hub_render(const struct el_node_hub_api *hub, const struct el_profile *profile,
                      const struct el_profile_facts *facts, const char *file, int *rc,
                      struct el_err *err)
{
    const struct el_profile_templates *templates = hub->config.profiles.templates;
    char args[EL_PROFILE_ARGS_BYTES], *text = NULL;
    size_t len = 0;
    json_t *json = NULL;

    *rc = el_profile_args(profile, templates, facts, args, err);
    if (*rc == 0)
        *rc =
            el_profile_render(profile, templates, facts, file, EL_PROFILE_HIDDEN, &text, &len, err);
    if (*rc == 0)
        json = json_pack("{s:s, s:s, s:s}", "file", file, "args", args, "text", text);
    el_profile_text_free(text, len);
    return json;
}

static void render_profile(void *arg, const struct el_api_request *request,
                           struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    struct el_profile *profile;
    struct el_err err = {""};
    json_t *json = NULL;
    int rc = el_hub_profile_get(hub->registry, el_api_param(request, "name"), &profile, &err);

    if (rc == 0)
        json = el_hub_render(hub, profile, &example, el_api_param(request, "file"), &rc, &err);
    if (rc < 0)
        el_hub_refuse(answer, rc, &err);
    else
        el_api_answer(answer, 200, json);
    el_profile_free(profile);
}

/* -- templates -- */

static json_t *variables_json(const struct el_profile_template *t)
{
    json_t *list = json_array();
    const struct el_profile_variable *v;

    for (size_t i = 0; (v = el_profile_template_variable(t, i)) != NULL; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:b, s:b, s:s?, s:s?, s:s}", "name", v->name,
                                        "type", el_profile_type_names[v->type], "secret", v->secret,
                                        "required", v->required, "default", v->fallback, "values",
                                        v->values, "about", v->about));
    return list;
}

static json_t *template_json(const struct el_profile_template *t)
{
    json_t *files = json_array();

    for (size_t i = 0; el_profile_template_file(t, i); i++)
        json_array_append_new(files, json_string(el_profile_template_file(t, i)->name));
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", el_profile_template_name(t), "installer",
                     el_profile_template_installer(t), "about", el_profile_template_about(t),
                     "files", files, "variables", variables_json(t));
}

static void list_templates(void *arg, const struct el_api_request *request,
                           struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    const struct el_profile_templates *templates = hub->config.profiles.templates;
    json_t *list = json_array();

    (void)request;
    for (size_t i = 0; el_profile_templates_at(templates, i); i++)
        json_array_append_new(list, template_json(el_profile_templates_at(templates, i)));
    el_api_answer(answer, 200, json_pack("{s:o}", "templates", list));
}

static void show_template(void *arg, const struct el_api_request *request,
                          struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    const char *name = el_api_param(request, "name");
    const struct el_profile_template *t =
        el_profile_templates_find(hub->config.profiles.templates, name);

    if (t)
        el_api_answer(answer, 200, template_json(t));
    else
        el_api_refuse(answer, &el_problem_not_found, "template %s: no such template", name);
}

/* -- the table -- */

/* clang-format off */
#define OPERATOR(what, where, name, does, how, ...) \
    {.method = EL_API_##what, .path = where, .id = name, .about = does, .scopes = EL_API_OPERATOR, \
     .handler = how, __VA_ARGS__}
/* clang-format on */

const struct el_api_operation el_hub_profile_operations[] = {
    OPERATOR(GET, "/v1/profiles", "listProfiles", "All profiles.", list_profiles,
             .responses = profiles_200),
    OPERATOR(GET, "/v1/profiles/{name}", "showProfile", "One profile.", show_profile,
             .params = by_name, .responses = profile_200),
    OPERATOR(PUT, "/v1/profiles/{name}", "putProfile", "Makes a profile, or replaces it.",
             put_profile, .params = by_name, .request = &profile_new, .responses = profile_201),
    OPERATOR(PATCH, "/v1/profiles/{name}", "changeProfile", "Changes a profile.", change_profile,
             .params = by_name, .request = &profile_change, .responses = profile_200),
    OPERATOR(DELETE, "/v1/profiles/{name}", "deleteProfile", "Takes a profile away.",
             delete_profile, .params = by_name, .responses = gone_204),
    OPERATOR(GET, "/v1/profiles/{name}/files/{file}", "renderProfile",
             "A file of a profile as a machine gets it.", render_profile, .params = by_file,
             .responses = rendered_200),
    OPERATOR(GET, "/v1/templates", "listTemplates", "All templates.", list_templates,
             .responses = templates_200),
    OPERATOR(GET, "/v1/templates/{name}", "showTemplate", "One template.", show_template,
             .params = by_name, .responses = template_200),
    {0}};
