/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w image: what machines may boot. */
#include "image.h"

#include "image/library.h"
#include "image/verify.h"
#include "node/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct el_conf_option el_cmd_image_options[EL_CMD_IMAGE_OPTIONS] = {
    {.name = "images",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct el_cmd_image, images),
     .metavar = "DIR",
     .help = "Where the images are, instead of asking the hub that runs."},
    {.name = "api",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct el_cmd_image, ask.api),
     .metavar = "PATH",
     .help = "The hub's socket, if it was given another than its own place."},
    {.name = "json",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct el_cmd_image, ask.json),
     .help = "For programs: one line of JSON."},
};

/* -- where -- */

/* Of the hub that runs, or, if none does, of one that would be started without options. */
static int find_library(const struct el_cmd_image *values, char path[EL_PLACES_PATH],
                        struct el_err *err)
{
    struct el_err why = {""};
    json_t *answer = NULL;
    int rc = el_cmd_ask(&values->ask, "GET", el_cmd_path("/v1/images"), NULL, &answer, &why);
    const char *directory = json_string_value(json_object_get(answer, "directory"));

    if (rc == 0 && directory && strlen(directory) < EL_PLACES_PATH) {
        strcpy(path, directory);
        json_decref(answer);
        return 0;
    }
    json_decref(answer);
    if (values->ask.api)
        return el_err(err, rc < 0 ? rc : EL_ENOENT, "%s", rc < 0 ? why.text : "it has no images");
    rc = el_places_state(path, err);
    if (rc == 0 && strlen(path) + sizeof "/images" <= EL_PLACES_PATH)
        strcat(path, "/images");
    if (rc == 0 && access(path, F_OK) != 0)
        return el_err(err, EL_ENOENT,
                      "no hub runs that could say where the images are, and there is no %s: start "
                      "the hub, or say --images DIR",
                      path);
    return rc;
}

int el_cmd_image_open(const struct el_cmd_image *values, struct el_err *err)
{
    char path[EL_PLACES_PATH];
    int rc = values->images ? 0 : find_library(values, path, err);

    return rc < 0 ? rc : el_image_library_open(values->images ? values->images : path, err);
}

/* -- image, image list -- */

static void add_row(void *arg, const char *name, const struct el_boot_entry *entry, const char *why)
{
    static const char *const arches[] = {"any", "x86_64", "arm64"};
    char size[16] = "-";
    json_t *row = json_object();

    json_object_set_new(row, "name", json_string(name));
    if (entry) {
        if (entry->size > 0)
            el_cmd_image_bytes(entry->size, size);
        json_object_set_new(row, "title", json_string(entry->title));
        json_object_set_new(row, "installer", json_string(entry->installer));
        json_object_set_new(row, "arch", json_string(arches[entry->arch]));
        json_object_set_new(row, "size", json_string(size));
        json_object_set_new(row, "sha256", json_string(entry->sha256));
    } else {
        json_object_set_new(row, "title", json_string(why));
        json_object_set_new(row, "installer", json_string("(wrong)"));
    }
    json_array_append_new(arg, row);
}

static int list(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    static const struct el_cmd_column columns[] = {{"NAME", "name"},   {"INSTALLER", "installer"},
                                                   {"ARCH", "arch"},   {"SIZE", "size"},
                                                   {"TITLE", "title"}, {0}};
    const struct el_cmd_image *values = (const struct el_cmd_image *)ask;

    (void)conf;
    if (ask->json && !values->images)
        return el_cmd_ask_only(ask, "GET", el_cmd_path("/v1/images"), NULL, err);
    int library = el_cmd_image_open(values, err);
    if (library < 0)
        return library;
    json_t *rows = json_array();
    int rc = rows ? el_image_library_list(library, add_row, rows, err)
                  : el_err(err, EL_ENOMEM, "out of memory");
    close(library);
    json_t *all = rc == 0 && ask->json ? json_pack("{s:O}", "images", rows) : NULL;
    if (all)
        el_cmd_print_json(all);
    else if (rc == 0)
        el_cmd_print_table(rows, columns);
    json_decref(all);
    json_decref(rows);
    return rc;
}

static const struct el_conf_schema list_schema = {
    .name = "image list",
    .summary = "the images that there are",
    .usage = "[OPTIONS]",
    .manual = "One line for each; of one whose entry.conf is wrong, what is wrong with it.",
    EL_CMD_IMAGE_PART,
};

static int run_list(int argc, char **argv)
{
    struct el_cmd_image values = {0};

    return el_cmd_ask_main(&list_schema, &values.ask, argc, argv, list);
}

static const struct el_applet applet_list = {.schema = &list_schema, .run = run_list};

/* -- image show -- */

static int show(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    const struct el_cmd_image *values = (const struct el_cmd_image *)ask;
    const char *name = el_cmd_argument(conf, 0);
    struct el_boot_entry entry;
    char *text = NULL;

    if (ask->json && !values->images)
        return el_cmd_ask_only(ask, "GET", el_cmd_path("/v1/images/%s", name), NULL, err);
    int library = el_cmd_image_open(values, err);
    if (library < 0)
        return library;
    int rc = el_image_library_read(library, name, &entry, err);
    if (rc == 0)
        rc = el_image_library_text(library, name, "entry.conf", EL_BOOT_CONF_BYTES, &text, err);
    close(library);
    if (rc < 0)
        return rc;
    fputs(text, stdout);
    free(text);
    return 0;
}

static const struct el_conf_schema show_schema = {
    .name = "image show",
    .summary = "what is known of an image",
    .usage = "NAME [OPTIONS]",
    .manual = "Prints its entry.conf, which says how it is booted and what it is.",
    EL_CMD_IMAGE_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int run_show(int argc, char **argv)
{
    struct el_cmd_image values = {0};

    return el_cmd_ask_main(&show_schema, &values.ask, argc, argv, show);
}

static const struct el_applet applet_show = {.schema = &show_schema, .run = run_show};

/* -- image verify -- */

static int verify_one(int library, const char *name, const struct el_image_progress *progress,
                      unsigned *wrong, struct el_err *err)
{
    unsigned faults = 0;
    int rc = el_image_verify(library, name, progress, &faults, err);

    el_cmd_image_progress_end();
    *wrong += faults > 0;
    if (rc == 0 && faults == 0)
        printf("%s: as it was added\n", name);
    return rc;
}

struct names {
    const struct el_image_progress *progress;
    int library;
    unsigned wrong;
    int rc;
    struct el_err *err;
};

static void verify_each(void *arg, const char *name, const struct el_boot_entry *entry,
                        const char *why)
{
    struct names *names = arg;
    struct el_err not_ours = {""};

    if (names->rc < 0)
        return;
    if (!entry) {
        fprintf(stderr, "%s\n", why);
        names->wrong++;
        return;
    }
    int rc = verify_one(names->library, name, names->progress, &names->wrong, &not_ours);
    if (rc == EL_ENOTSUP)
        printf("%s: made by hand, so nothing to compare it with\n", name);
    else if (rc < 0)
        names->rc = el_err(names->err, rc, "%s", not_ours.text);
}

static int verify(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    struct el_image_progress progress = el_cmd_image_progress();
    int library = el_cmd_image_open((const struct el_cmd_image *)ask, err);
    struct names names = {.progress = &progress, .library = library, .err = err};
    const char *const *said;
    unsigned count = el_conf_positionals(conf, &said);

    if (library < 0)
        return library;
    for (unsigned i = 0; i < count && names.rc == 0; i++)
        names.rc = verify_one(library, said[i], &progress, &names.wrong, err);
    if (count == 0) {
        int rc = el_image_library_list(library, verify_each, &names, err);
        names.rc = names.rc < 0 ? names.rc : rc;
    }
    close(library);
    if (names.rc == 0 && names.wrong > 0)
        return el_err(err, EL_EPROTO, "%u of the images %s not what %s was", names.wrong,
                      names.wrong == 1 ? "is" : "are", names.wrong == 1 ? "it" : "each");
    return names.rc;
}

static const struct el_conf_schema verify_schema = {
    .name = "image verify",
    .summary = "check that images are what was added",
    .usage = "[NAME...] [OPTIONS]",
    .manual = "Reads all of the images, or of those that are named, and compares their SHA-256 "
              "with what it was when they were added. Exit code 1 if one has changed.",
    EL_CMD_IMAGE_PART,
    .positional_max = 64,
};

static int run_verify(int argc, char **argv)
{
    struct el_cmd_image values = {0};

    return el_cmd_ask_main(&verify_schema, &values.ask, argc, argv, verify);
}

static const struct el_applet applet_verify = {.schema = &verify_schema, .run = run_verify};

/* -- image remove -- */

struct removal {
    struct el_cmd_image image;
    bool force;
};

static const struct el_conf_option remove_options[] = {
    {.name = "force",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct removal, force),
     .help = "Although a profile needs it."},
};

/* The profiles of the hub that runs, if it knows any. */
static int check_profiles(const struct removal *values, const char *name, struct el_err *err)
{
    json_t *answer = NULL;
    char needed[200] = "";
    size_t at = 0;

    if (values->force ||
        el_cmd_ask(&values->image.ask, "GET", el_cmd_path("/v1/profiles"), NULL, &answer, NULL) < 0)
        return 0;
    const json_t *profiles = json_object_get(answer, "profiles");
    for (size_t i = 0; i < json_array_size(profiles); i++) {
        const json_t *profile = json_array_get(profiles, i);
        const char *image = json_string_value(json_object_get(profile, "image"));
        const char *profile_name = json_string_value(json_object_get(profile, "name"));
        if (!image || !profile_name || strcmp(image, name) != 0 || at + 70 > sizeof needed)
            continue;
        at += (size_t)snprintf(needed + at, sizeof needed - at, "%s%.64s", at > 0 ? ", " : "",
                               profile_name);
    }
    json_decref(answer);
    return at == 0 ? 0
                   : el_err(err, EL_EEXIST,
                            "image %s: profiles need it: %s; --force removes it all the same", name,
                            needed);
}

static int take_out(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    const struct removal *values = (const struct removal *)ask;
    const char *const *names;
    unsigned count = el_conf_positionals(conf, &names);
    int library = el_cmd_image_open(&values->image, err);
    int rc = library < 0 ? library : 0;

    for (unsigned i = 0; i < count && rc == 0; i++) {
        rc = check_profiles(values, names[i], err);
        if (rc == 0)
            rc = el_image_library_remove(library, names[i], err);
    }
    if (library >= 0)
        close(library);
    return rc;
}

static const struct el_conf_schema remove_schema = {
    .name = "image remove",
    .summary = "take images away",
    .usage = "NAME... [--force] [OPTIONS]",
    .manual = "They are out of the menu at once. Machines that are fetching from them go on; the "
              "space on the disk is free when they are done. An image that a profile needs stays, "
              "unless --force is said.",
    .options = remove_options,
    .count = sizeof remove_options / sizeof remove_options[0],
    EL_CMD_IMAGE_PART,
    .positional_min = 1,
    .positional_max = 64,
};

static int run_remove(int argc, char **argv)
{
    struct removal values = {0};

    return el_cmd_ask_main(&remove_schema, &values.image.ask, argc, argv, take_out);
}

static const struct el_applet applet_remove = {.schema = &remove_schema, .run = run_remove};

/* -- image -- */

static const struct el_conf_schema schema = {
    .name = "image",
    .summary = "what machines may boot: the images of a hub",
    .usage = "[add FILE... | list | show NAME | verify | remove NAME] [OPTIONS]",
    .manual =
        "Alone, or as image list, it lists the images that there are. image add brings one in, a "
        "disk image (ISO) or a directory; image show says what is known of one; image verify tells "
        "whether they are as they were; image remove takes one out. A hub that runs has them in "
        "its menu, or not, at once.\n\n"
        "They are directories in the hub's images directory (hub --images). One that was made by "
        "hand is as good as one that was added: an entry.conf and the files, see el2w help hub.",
    EL_CMD_IMAGE_PART,
};

static int run(int argc, char **argv)
{
    struct el_cmd_image values = {0};

    return el_cmd_ask_main(&schema, &values.ask, argc, argv, list);
}

static const struct el_applet *const commands[] = {
    &el_applet_image_add, &applet_list, &applet_show, &applet_verify, &applet_remove, NULL};

const struct el_applet el_applet_image = {.schema = &schema, .run = run, .commands = commands};
