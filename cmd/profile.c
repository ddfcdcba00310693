/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w profile, template: how machines are installed. */
#include "ask.h"

#include "node/said.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* -- what is said of a profile -- */

struct profile {
    struct el_cmd_ask ask;
    const char *image, *template_name, *file;
    json_t *variables, *keys, *secrets; /* NULL: nothing was said */
};

/* Before jansson frees the texts. */
static void forget(const json_t *secrets)
{
    for (size_t i = 0; i < json_array_size(secrets); i++) {
        const char *said = json_string_value(json_object_get(json_array_get(secrets, i), "value"));
        char *text;
        memcpy(&text, &said, sizeof text);
        if (text)
            sodium_memzero(text, strlen(text));
    }
}

static void clear(struct profile *values)
{
    forget(values->secrets);
    json_decref(values->variables);
    json_decref(values->keys);
    json_decref(values->secrets);
}

static int add(json_t **list, json_t *item, struct el_err *err)
{
    if (!*list)
        *list = json_array();
    return json_array_append_new(*list, item) < 0
               ? el_err(err, EL_EINVAL, "this is no text (UTF-8)")
               : 0;
}

static int add_value(json_t **list, const char *text, struct el_err *err)
{
    char name[EL_NODE_SAID_NAME], *value;
    int rc = el_node_said_parse(text, name, &value, err);

    if (rc == 0)
        rc = add(list, json_pack("{s:s, s:s}", "name", name, "value", value), err);
    el_node_said_free(value);
    return rc;
}

static int add_variable(void *values, const char *text, struct el_err *err)
{
    return add_value(&((struct profile *)values)->variables, text, err);
}

static int add_secret(void *values, const char *text, struct el_err *err)
{
    return add_value(&((struct profile *)values)->secrets, text, err);
}

static int add_one_key(void *arg, const char *key, struct el_err *err)
{
    return add(&((struct profile *)arg)->keys, json_string(key), err);
}

static int add_keys(void *values, const char *text, struct el_err *err)
{
    return el_node_said_keys(text, add_one_key, values, err);
}

#define IMAGE(needed)                                                                       \
    {                                                                                       \
        .name = "image", .type = EL_CONF_STRING, .offset = offsetof(struct profile, image), \
        .metavar = "IMAGE", .help = "What is installed: an image of the hub's.",            \
        .required = needed                                                                  \
    }
#define TEMPLATE(needed)                                                                        \
    {                                                                                           \
        .name = "template", .type = EL_CONF_STRING,                                             \
        .offset = offsetof(struct profile, template_name), .metavar = "TEMPLATE",               \
        .help = "What its installer is answered with (el2w template list).", .required = needed \
    }
#define VALUES                                                                                   \
    {.name = "var",                                                                              \
     .type = EL_CONF_CUSTOM,                                                                     \
     .metavar = "NAME=VALUE|NAME=@FILE",                                                         \
     .help = "A variable of the template (el2w template show); an empty value is the default.",  \
     .parse = add_variable,                                                                      \
     .repeat = true},                                                                            \
        {.name = "ssh-key",                                                                      \
         .type = EL_CONF_CUSTOM,                                                                 \
         .metavar = "KEY|FILE",                                                                  \
         .help = "Public keys of who may come in, or a file of them.",                           \
         .parse = add_keys,                                                                      \
         .repeat = true},                                                                        \
    {                                                                                            \
        .name = "secret", .type = EL_CONF_CUSTOM, .metavar = "NAME=@FILE|NAME=TEXT",             \
        .help =                                                                                  \
            "A secret of the template; a text is seen by whoever lists processes, and @- reads " \
            "standard input. Passwords are kept as hashes.",                                     \
        .parse = add_secret, .repeat = true                                                      \
    }

static json_t *body_of(const struct profile *values)
{
    json_t *body =
        json_pack("{s:s*, s:s*}", "image", values->image, "template", values->template_name);

    if (body && values->variables)
        json_object_set(body, "variables", values->variables);
    if (body && values->keys)
        json_object_set(body, "ssh_keys", values->keys);
    if (body && values->secrets)
        json_object_set(body, "secrets", values->secrets);
    return body;
}

static int run_saying(const struct el_conf_schema *schema, int argc, char **argv,
                      el_cmd_ask_run *ask)
{
    struct profile values = {.image = NULL};
    int code = el_cmd_ask_main(schema, &values.ask, argc, argv, ask);

    clear(&values);
    return code;
}

/* -- profile add -- */

static const struct el_conf_option add_options[] = {IMAGE(true), TEMPLATE(true), VALUES};

static const struct el_conf_schema add_schema = {
    .name = "profile add",
    .summary = "make a profile, or replace it",
    .usage = "NAME --image IMAGE --template TEMPLATE [--var NAME=VALUE]... [OPTIONS]",
    .manual =
        "Everything is checked at once, not when a machine starts: that image and template are "
        "there and fit each other, that the template has these variables and these have what they "
        "need, and that all its files can be made of them. Doing it twice is doing it once.\n\n"
        "  hub# el2w template show debian\n"
        "  hub# el2w profile add web --image debian-12 --template debian --var disk=/dev/sda \\\n"
        "         --ssh-key ~/.ssh/id_ed25519.pub --secret root-password=@web.password",
    .options = add_options,
    .count = sizeof add_options / sizeof add_options[0],
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int put(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    return el_cmd_ask_only(ask, "PUT", el_cmd_path("/v1/profiles/%s", el_cmd_argument(conf, 0)),
                           body_of((const struct profile *)ask), err);
}

static int run_add(int argc, char **argv)
{
    return run_saying(&add_schema, argc, argv, put);
}

const struct el_applet el_applet_profile_add = {.schema = &add_schema, .run = run_add};

/* -- profile set -- */

static const struct el_conf_option set_options[] = {IMAGE(false), TEMPLATE(false), VALUES};

static const struct el_conf_schema set_schema = {
    .name = "profile set",
    .summary = "change a profile",
    .usage = "NAME [--image IMAGE] [--template TEMPLATE] [--var NAME=VALUE]... [OPTIONS]",
    .manual = "What is not said stays as it is; of --ssh-key, those that are said are all from now "
              "on. It acts on installations that begin from now on.\n\n"
              "  hub# el2w profile set web --image debian-12.6 --var packages='nginx curl'",
    .options = set_options,
    .count = sizeof set_options / sizeof set_options[0],
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int patch(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    return el_cmd_ask_only(ask, "PATCH", el_cmd_path("/v1/profiles/%s", el_cmd_argument(conf, 0)),
                           body_of((const struct profile *)ask), err);
}

static int run_set(int argc, char **argv)
{
    return run_saying(&set_schema, argc, argv, patch);
}

const struct el_applet el_applet_profile_set = {.schema = &set_schema, .run = run_set};

/* -- profile list -- */

static const struct el_conf_schema list_schema = {
    .name = "profile list",
    .summary = "the profiles of a hub",
    .usage = "[OPTIONS]",
    .manual = "With what is wrong with one, if its image has gone since it was made.",
    EL_CMD_ASK_PART,
};

static int list(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    static const struct el_cmd_column columns[] = {{"NAME", "name"},
                                                   {"IMAGE", "image"},
                                                   {"TEMPLATE", "template"},
                                                   {"PROBLEM", "problem"},
                                                   {0}};

    (void)conf;
    return el_cmd_ask_list(ask, "/v1/profiles", "profiles", columns, err);
}

static int run_list(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&list_schema, &values, argc, argv, list);
}

const struct el_applet el_applet_profile_list = {.schema = &list_schema, .run = run_list};

/* -- profile show -- */

static const struct el_conf_option show_options[] = {
    {.name = "file",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct profile, file),
     .metavar = "NAME",
     .help = "Show this file of its template instead, as a machine called n1 would get it, with "
             "its secrets hidden."},
};

static const struct el_conf_schema show_schema = {
    .name = "profile show",
    .summary = "show a profile, or what comes of it",
    .usage = "NAME [--file FILE] [OPTIONS]",
    .manual = "Secrets are never shown, not even as hashes.\n\n"
              "  hub# el2w profile show web --file preseed.cfg",
    .options = show_options,
    .count = sizeof show_options / sizeof show_options[0],
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text ? text : "";
}

/* A value of several lines is shown by its first. */
static void print_values(const json_t *list, const char *what)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *text = json_is_string(item) ? json_string_value(item) : text_of(item, "value");
        size_t line = strcspn(text, "\n");
        printf("%-10s %s%s%.*s%s\n", what, text_of(item, "name"),
               json_is_string(item) || !*text ? "" : "=", (int)line, text,
               text[line] ? " ..." : "");
    }
}

static void print_profile(const json_t *answer)
{
    printf("%-10s %s\n", "profile", text_of(answer, "name"));
    printf("%-10s %s\n", "image", text_of(answer, "image"));
    printf("%-10s %s\n", "template", text_of(answer, "template"));
    print_values(json_object_get(answer, "variables"), "variable");
    print_values(json_object_get(answer, "ssh_keys"), "ssh-key");
    print_values(json_object_get(answer, "secrets"), "secret");
    if (json_object_get(answer, "problem"))
        printf("%-10s %s\n", "problem", text_of(answer, "problem"));
}

static int show(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    const char *file = ((const struct profile *)ask)->file, *name = el_cmd_argument(conf, 0);
    json_t *answer;
    int rc = el_cmd_ask(ask, "GET",
                        file ? el_cmd_path("/v1/profiles/%s/files/%s", name, file)
                             : el_cmd_path("/v1/profiles/%s", name),
                        NULL, &answer, err);

    if (rc == 0 && ask->json)
        el_cmd_print_json(answer);
    else if (rc == 0 && file)
        fputs(text_of(answer, "text"), stdout);
    else if (rc == 0)
        print_profile(answer);
    json_decref(answer);
    return rc;
}

static int run_show(int argc, char **argv)
{
    return run_saying(&show_schema, argc, argv, show);
}

const struct el_applet el_applet_profile_show = {.schema = &show_schema, .run = run_show};

/* -- profile remove -- */

static const struct el_conf_schema remove_schema = {
    .name = "profile remove",
    .summary = "take a profile away",
    .usage = "NAME [OPTIONS]",
    .manual = "Its secrets go with it. Machines that have it, and are not installed yet, wait for "
              "another.",
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int take_away(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    return el_cmd_ask_only(ask, "DELETE", el_cmd_path("/v1/profiles/%s", el_cmd_argument(conf, 0)),
                           NULL, err);
}

static int run_remove(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&remove_schema, &values, argc, argv, take_away);
}

const struct el_applet el_applet_profile_remove = {.schema = &remove_schema, .run = run_remove};

/* -- profile -- */

static const struct el_conf_schema profile_schema = {
    .name = "profile",
    .summary = "how machines are installed: image, template, and its variables",
    .usage = "[add NAME ... | set NAME ... | list | show NAME | remove NAME] [OPTIONS]",
    .manual = "Alone it lists them, as profile list does; profile show shows one, and what comes "
              "of it. profile add makes one, profile set changes it, profile remove takes it away. "
              "A profile is given to machines, which are then installed by it without a question.",
    EL_CMD_ASK_PART,
};

static int run_profile(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&profile_schema, &values, argc, argv, list);
}

static const struct el_applet *const profile_commands[] = {
    &el_applet_profile_add,  &el_applet_profile_set,    &el_applet_profile_list,
    &el_applet_profile_show, &el_applet_profile_remove, NULL};

const struct el_applet el_applet_profile = {
    .schema = &profile_schema, .run = run_profile, .commands = profile_commands};

/* -- template list, template show -- */

static const struct el_conf_schema templates_schema = {
    .name = "template list",
    .summary = "the templates of a hub",
    .usage = "[OPTIONS]",
    .manual = "With the kind of installer that each is for: that of the image in a profile.",
    EL_CMD_ASK_PART,
};

static int list_templates(const struct el_cmd_ask *ask, const struct el_conf *conf,
                          struct el_err *err)
{
    static const struct el_cmd_column columns[] = {
        {"NAME", "name"}, {"INSTALLER", "installer"}, {"FILES", "files"}, {"ABOUT", "about"}, {0}};

    (void)conf;
    return el_cmd_ask_list(ask, "/v1/templates", "templates", columns, err);
}

static int run_templates(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&templates_schema, &values, argc, argv, list_templates);
}

const struct el_applet el_applet_template_list = {.schema = &templates_schema,
                                                  .run = run_templates};

static const struct el_conf_schema template_schema = {
    .name = "template show",
    .summary = "show what a template asks for",
    .usage = "NAME [OPTIONS]",
    .manual = "Its variables (--var) and secrets (--secret), with their types and defaults.",
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static void print_template(const json_t *answer)
{
    static const struct el_cmd_column columns[] = {{"NAME", "name"},       {"TYPE", "type"},
                                                   {"SECRET", "secret"},   {"REQUIRED", "required"},
                                                   {"DEFAULT", "default"}, {"VALUES", "values"},
                                                   {"ABOUT", "about"},     {0}};

    printf("%s: %s\n\n", text_of(answer, "name"), text_of(answer, "about"));
    el_cmd_print_table(json_object_get(answer, "variables"), columns);
}

static int show_template(const struct el_cmd_ask *ask, const struct el_conf *conf,
                         struct el_err *err)
{
    json_t *answer;
    int rc = el_cmd_ask(ask, "GET", el_cmd_path("/v1/templates/%s", el_cmd_argument(conf, 0)), NULL,
                        &answer, err);

    if (rc == 0 && ask->json)
        el_cmd_print_json(answer);
    else if (rc == 0)
        print_template(answer);
    json_decref(answer);
    return rc;
}

static int run_template(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&template_schema, &values, argc, argv, show_template);
}

const struct el_applet el_applet_template_show = {.schema = &template_schema, .run = run_template};

/* -- template -- */

static const struct el_conf_schema schema = {
    .name = "template",
    .summary = "what installers are answered with",
    .usage = "[list | show NAME] [OPTIONS]",
    .manual = "Alone it lists them, as template list does; template show says what one asks for.",
    EL_CMD_ASK_PART,
};

static int run(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&schema, &values, argc, argv, list_templates);
}

static const struct el_applet *const commands[] = {&el_applet_template_list,
                                                   &el_applet_template_show, NULL};

const struct el_applet el_applet_template = {.schema = &schema, .run = run, .commands = commands};
