/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w machines, machine: the machines that have come by, what they are to be, and how far they
 * are. */
#include "ask.h"

#include "base/addr.h"

#include <stdio.h>
#include <string.h>

/* -- machines -- */

static const struct el_conf_schema machines_schema = {
    .name = "machines",
    .summary = "the machines that have come by, and how far each is",
    .usage = "[--json] [OPTIONS]",
    .manual =
        "A machine is discovered when it has asked for something; known once something was said of "
        "it (el2w machine set); assigned when it has a profile, with which its next start from "
        "the network installs it; installing; installed, from when on it gets its own disk; or "
        "failed, after two attempts: STEP and WHY say where.\n\n"
        "  hub# el2w machines\n"
        "  hub# el2w machines --json | jq -r '.machines[] | select(.state == \"failed\") | .mac'",
    EL_CMD_ASK_PART,
};

static int list(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    static const struct el_cmd_column columns[] = {{"NAME", "name"},
                                                   {"MAC", "mac"},
                                                   {"STATE", "state"},
                                                   {"PROFILE", "profile"},
                                                   {"NETWORK", "network"},
                                                   {"ADDRESS", "address"},
                                                   {"SEEN", "seen"},
                                                   {"STEP", "step"},
                                                   {"ONCE", "once"},
                                                   {"WHY", "why"},
                                                   {0}};

    (void)conf;
    return el_cmd_ask_list(ask, "/v1/machines", "machines", columns, err);
}

static int run_machines(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&machines_schema, &values, argc, argv, list);
}

const struct el_applet el_applet_machines = {.schema = &machines_schema, .run = run_machines};

/* -- machine set -- */

struct set {
    struct el_cmd_ask ask;
    const char *name, *profile, *region, *address;
    json_t *options, *quirks; /* owned */
};

static int add_word(json_t **list, const char *text, struct el_err *err)
{
    if (!*list)
        *list = json_array();
    /* "none" alone takes all of them away */
    if (strcmp(text, "none") != 0 && json_array_append_new(*list, json_string(text)) < 0)
        return el_err(err, EL_EINVAL, "\"%s\" is no text", text);
    return 0;
}

static int add_option(void *values, const char *text, struct el_err *err)
{
    return add_word(&((struct set *)values)->options, text, err);
}

static int add_quirk(void *values, const char *text, struct el_err *err)
{
    return add_word(&((struct set *)values)->quirks, text, err);
}

#define AT(member) offsetof(struct set, member)

static const struct el_conf_option set_options[] = {
    {.name = "name",
     .type = EL_CONF_STRING,
     .offset = AT(name),
     .metavar = "NAME",
     .help = "What it is called from now on; also its host name."},
    {.name = "profile",
     .type = EL_CONF_STRING,
     .offset = AT(profile),
     .metavar = "PROFILE",
     .help = "What it is installed with, once. One that is installed stays as it is."},
    {.name = "address",
     .type = EL_CONF_STRING,
     .offset = AT(address),
     .metavar = "IP",
     .help = "Reserved for it, in the network of that range."},
    {.name = "region",
     .type = EL_CONF_STRING,
     .offset = AT(region),
     .metavar = "SPOKE",
     .help = "Where it counts as being, instead of where it is."},
    {.name = "option",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAME=VALUE",
     .help = "Of DHCP, for this machine; may come several times, and replaces those before. none: "
             "without.",
     .parse = add_option,
     .repeat = true},
    {.name = "quirk",
     .type = EL_CONF_CUSTOM,
     .metavar = "WORD",
     .help = "Of its firmware, likewise: local=exit leaves its own disk to the firmware's list, "
             "also under BIOS.",
     .parse = add_quirk,
     .repeat = true},
};

static const struct el_conf_schema set_schema = {
    .name = "machine set",
    .summary = "say what a machine is to be",
    .usage = "MAC|NAME [--name NAME] [--profile PROFILE] [OPTIONS]",
    .manual =
        "A new machine is named by its MAC, also before it has ever come. What is not said stays "
        "as it is; an empty text (--profile '') takes it away. It can be said again and again.\n\n"
        "  hub# el2w machine set 52:54:00:12:34:56 --name n1 --profile web",
    .options = set_options,
    .count = sizeof set_options / sizeof set_options[0],
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static void put_said(json_t *body, const char *name, const char *text)
{
    if (text)
        json_object_set_new(body, name, json_string(text));
}

static int set(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    const struct set *values = (const struct set *)ask;
    json_t *body = json_object();

    if (!body)
        return el_err(err, EL_ENOMEM, "out of memory");
    put_said(body, "name", values->name);
    put_said(body, "profile", values->profile);
    put_said(body, "address", values->address);
    put_said(body, "region", values->region);
    if (values->options)
        json_object_set(body, "options", values->options);
    if (values->quirks)
        json_object_set(body, "quirks", values->quirks);
    return el_cmd_ask_only(ask, "PUT", el_cmd_path("/v1/machines/%s", el_cmd_argument(conf, 0)),
                           body, err);
}

static int run_set(int argc, char **argv)
{
    struct set values = {.name = NULL};
    int code = el_cmd_ask_main(&set_schema, &values.ask, argc, argv, set);

    json_decref(values.options);
    json_decref(values.quirks);
    return code;
}

static const struct el_applet machine_set = {.schema = &set_schema, .run = run_set};

/* -- machine show -- */

static const struct el_conf_schema show_schema = {
    .name = "machine show",
    .summary = "all that is known of a machine",
    .usage = "MAC|NAME [--json] [OPTIONS]",
    .manual =
        "Besides what el2w machines lists: a conflict (another machine with this MAC, by its UUID) "
        "and same_uuid (another MAC with this UUID: a second card of the same machine, or firmware "
        "that has no UUID of its own). judged says that an installation counts as done by what the "
        "machine did, since nobody said so.",
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static void print_member(const char *name, const json_t *value)
{
    if (json_is_string(value))
        printf("%-14s%s\n", name, json_string_value(value));
    else if (json_is_integer(value))
        printf("%-14s%lld\n", name, (long long)json_integer_value(value));
    else if (json_is_boolean(value))
        printf("%-14s%s\n", name, json_is_true(value) ? "yes" : "no");
    for (size_t i = 0; i < json_array_size(value); i++)
        print_member(i ? "" : name, json_array_get(value, i));
}

static int show(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    const char *name;
    json_t *answer, *value;
    int rc = el_cmd_ask(ask, "GET", el_cmd_path("/v1/machines/%s", el_cmd_argument(conf, 0)), NULL,
                        &answer, err);

    if (rc < 0)
        return rc;
    if (ask->json)
        el_cmd_print_json(answer);
    else
        json_object_foreach(answer, name, value)
        {
            print_member(name, value);
        }
    json_decref(answer);
    return 0;
}

static int run_show(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&show_schema, &values, argc, argv, show);
}

static const struct el_applet machine_show = {.schema = &show_schema, .run = run_show};

/* -- machine boot -- */

struct boot {
    struct el_cmd_ask ask;
    bool once; /* which is how it is anyway */
};

static const struct el_conf_option boot_options[] = {
    {.name = "once",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct boot, once),
     .help = "The next start only, which is the default."},
};

static const struct el_conf_schema boot_schema = {
    .name = "machine boot",
    .summary = "start a machine with something else, once",
    .usage = "MAC|NAME [--once] ENTRY|local|menu|none [OPTIONS]",
    .manual =
        "Its next start from the network is with that entry of the menu, with its own disk "
        "(local), or shows the menu; the one after it is as if nothing had been said. It happens "
        "exactly once, whatever is restarted meanwhile. none takes it back.\n\n"
        "  hub# el2w machine boot n1 --once memtest",
    .options = boot_options,
    .count = sizeof boot_options / sizeof boot_options[0],
    EL_CMD_ASK_PART,
    .positional_min = 2,
    .positional_max = 2,
};

static int boot(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    const char *entry = el_cmd_argument(conf, 1);
    json_t *value = strcmp(entry, "none") == 0 ? json_null() : json_string(entry);

    return el_cmd_ask_only(ask, "POST",
                           el_cmd_path("/v1/machines/%s/boot", el_cmd_argument(conf, 0)),
                           json_pack("{s:o}", "entry", value), err);
}

static int run_boot(int argc, char **argv)
{
    struct boot values = {.once = false};

    return el_cmd_ask_main(&boot_schema, &values.ask, argc, argv, boot);
}

static const struct el_applet machine_boot = {.schema = &boot_schema, .run = run_boot};

/* -- machine render -- */

static const struct el_conf_schema render_schema = {
    .name = "machine render",
    .summary = "what a machine's installer will be answered with",
    .usage = "MAC|NAME [FILE] [OPTIONS]",
    .manual =
        "A file of its profile's template, with what is known of this machine; without FILE all of "
        "them. Secrets are hidden: they are handed to the machine alone, once.\n\n"
        "  hub# el2w machine render n1 preseed.cfg",
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 2,
};

static int render_file(const struct el_cmd_ask *ask, const char *machine, const char *file,
                       struct el_err *err)
{
    json_t *answer;
    int rc = el_cmd_ask(ask, "GET", el_cmd_path("/v1/machines/%s/files/%s", machine, file), NULL,
                        &answer, err);

    if (rc < 0)
        return rc;
    if (ask->json)
        el_cmd_print_json(answer);
    else
        fputs(json_string_value(json_object_get(answer, "text")), stdout);
    json_decref(answer);
    return 0;
}

/* What GET PATH has under MEMBER, which becomes the answer's; PATH is formatted with NAME. */
static int look_up(const struct el_cmd_ask *ask, const char *path, const char *name,
                   const char *member, json_t **value, struct el_err *err)
{
    json_t *answer;
    int rc = el_cmd_ask(ask, "GET", el_cmd_path(path, name), NULL, &answer, err);

    *value = rc == 0 ? json_incref(json_object_get(answer, member)) : NULL;
    json_decref(answer);
    return rc;
}

/* The files of its profile's template. */
static int find_files(const struct el_cmd_ask *ask, const char *machine, json_t **files,
                      struct el_err *err)
{
    json_t *profile, *template = NULL;
    int rc = look_up(ask, "/v1/machines/%s", machine, "profile", &profile, err);

    *files = NULL;
    if (rc == 0 && !profile)
        rc = el_err(err, EL_EINVAL, "machine %s: it has no profile", machine);
    if (rc == 0)
        rc =
            look_up(ask, "/v1/profiles/%s", json_string_value(profile), "template", &template, err);
    if (rc == 0)
        rc = look_up(ask, "/v1/templates/%s", json_string_value(template), "files", files, err);
    json_decref(profile);
    json_decref(template);
    return rc;
}

static int render(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    const char *machine = el_cmd_argument(conf, 0), *file = el_cmd_argument(conf, 1);
    json_t *files;

    if (file)
        return render_file(ask, machine, file, err);
    int rc = find_files(ask, machine, &files, err);
    size_t count = json_array_size(files);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        file = json_string_value(json_array_get(files, i));
        if (count > 1 && !ask->json)
            printf("==> %s <==\n", file);
        rc = render_file(ask, machine, file, err);
    }
    json_decref(files);
    return rc;
}

static int run_render(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&render_schema, &values, argc, argv, render);
}

static const struct el_applet machine_render = {.schema = &render_schema, .run = run_render};

/* -- machine reinstall, forget -- */

static const struct el_conf_schema reinstall_schema = {
    .name = "machine reinstall",
    .summary = "install a machine again, at its next start",
    .usage = "MAC|NAME [OPTIONS]",
    .manual = "What is on its disks is lost. Also for one whose installation has failed: it begins "
              "anew, with two attempts.",
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int reinstall(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    char *path = el_cmd_path("/v1/machines/%s/reinstall", el_cmd_argument(conf, 0));

    return el_cmd_ask_only(ask, "POST", path, NULL, err);
}

static int run_reinstall(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&reinstall_schema, &values, argc, argv, reinstall);
}

static const struct el_applet machine_reinstall = {.schema = &reinstall_schema,
                                                   .run = run_reinstall};

static const struct el_conf_schema forget_schema = {
    .name = "machine forget",
    .summary = "forget a machine, and what has happened to it",
    .usage = "MAC|NAME [OPTIONS]",
    .manual = "When it comes again it is new. A boot service that does not run at the moment still "
              "remembers what has happened to it, and says so when it is back.",
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int forget(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    char *path = el_cmd_path("/v1/machines/%s", el_cmd_argument(conf, 0));

    return el_cmd_ask_only(ask, "DELETE", path, NULL, err);
}

static int run_forget(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&forget_schema, &values, argc, argv, forget);
}

static const struct el_applet machine_forget = {.schema = &forget_schema, .run = run_forget};

/* -- machine -- */

static const struct el_conf_schema machine_schema = {
    .name = "machine",
    .summary = "say what a machine is to be, and what it is to do next",
    .usage = "COMMAND [OPTIONS]",
    .manual =
        "Without a command it lists them, as el2w machines does. machine set says what one is to "
        "be, machine show all that is known of it, machine render what its installer will be "
        "answered with; machine boot starts it with something else, once; machine reinstall "
        "installs it again; machine forget forgets it; machine timeline shows what it did at its "
        "last starts, machine capture what was said then.\n\n"
        "  hub# el2w machines\n"
        "  hub# el2w machine set 52:54:00:12:34:56 --name n1 --profile web\n"
        "  hub# el2w machine boot n1 --once memtest",
    EL_CMD_ASK_PART,
};

static int run_machine(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&machine_schema, &values, argc, argv, list);
}

static const struct el_applet *const commands[] = {&machine_set,
                                                   &machine_show,
                                                   &machine_render,
                                                   &machine_boot,
                                                   &machine_reinstall,
                                                   &machine_forget,
                                                   &el_applet_machine_timeline,
                                                   &el_applet_machine_capture,
                                                   NULL};

const struct el_applet el_applet_machine = {
    .schema = &machine_schema, .run = run_machine, .commands = commands};
