/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w image add: an image's way in. */
#include "image.h"

#include "image/add.h"
#include "image/hash.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { URLS_MAX = 16, FILES_MAX = 64 };

struct add {
    struct el_cmd_image image;
    struct el_image_said said;
    const char *sha256, *ca;
    const char *urls[URLS_MAX];
    unsigned url_count;
};

static int add_url(void *values, const char *text, struct el_err *err)
{
    struct add *add = values;

    if (add->url_count == URLS_MAX)
        return el_err(err, EL_EFULL, "at most %d at once", URLS_MAX);
    add->urls[add->url_count++] = text;
    return 0;
}

static int add_initrd(void *values, const char *text, struct el_err *err)
{
    struct el_image_said *said = &((struct add *)values)->said;

    if (said->initrd_count == EL_BOOT_INITRDS_MAX)
        return el_err(err, EL_EFULL, "at most %d initrds", EL_BOOT_INITRDS_MAX);
    said->initrds[said->initrd_count++] = text;
    return 0;
}

#define SAID(member) offsetof(struct add, said.member)

static const struct el_conf_option options[] = {
    {.name = "url",
     .type = EL_CONF_CUSTOM,
     .metavar = "URL",
     .help = "Fetch it from there: http, https or file.",
     .parse = add_url,
     .repeat = true},
    {.name = "sha256",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct add, sha256),
     .metavar = "HEX",
     .help = "What its SHA-256 must be. Plain http needs it."},
    {.name = "ca",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct add, ca),
     .metavar = "FILE",
     .help = "The certificates (PEM) to trust with https, instead of the system's."},
    {.name = "name",
     .type = EL_CONF_STRING,
     .offset = SAID(name),
     .metavar = "NAME",
     .help = "What it is to be called, instead of debian-12 and the like."},
    {.name = "title",
     .type = EL_CONF_STRING,
     .offset = SAID(title),
     .metavar = "TEXT",
     .help = "Its line in the menu."},
    {.name = "kernel",
     .type = EL_CONF_STRING,
     .offset = SAID(kernel),
     .metavar = "PATH",
     .help = "What is booted, inside it, where that is not known or another is wanted."},
    {.name = "initrd",
     .type = EL_CONF_CUSTOM,
     .metavar = "PATH",
     .help = "With that kernel; may be said several times.",
     .parse = add_initrd,
     .repeat = true},
    {.name = "args",
     .type = EL_CONF_STRING,
     .offset = SAID(args),
     .metavar = "TEXT",
     .help = "The kernel's arguments; @url@, @media@, @hub@ and @mac@ as in entry.conf."},
};

static const struct el_conf_schema schema = {
    .name = "image add",
    .summary = "bring an image in: an ISO, a URL, a directory",
    .usage = "FILE.iso|DIRECTORY... | --url URL [--sha256 HEX] [OPTIONS]",
    .manual =
        "What it is, and how it is booted over a network, is recognised; the files are served from "
        "inside the disk image, nothing is unpacked. Where it is not recognised, --kernel, "
        "--initrd and --args say it.\n\n"
        "  # el2w image add debian-12.9.0-amd64-netinst.iso\n"
        "  # el2w image add --url https://mirror.example.org/rocky-9.iso --sha256 1c44…\n"
        "  # el2w image add /usr/lib/debian-installer/images/12/amd64/text\n"
        "  # el2w image add tool.iso --kernel boot/vmlinuz --initrd boot/initrd --args quiet\n\n"
        "A directory is copied: one with a kernel, a distribution's netboot package, or one with "
        "an "
        "entry.conf of its own.\n\n"
        "It is in the menu as soon as all of it is here, checked and safe on the disk, and not "
        "before; if that cannot be, nothing of it stays. Adding the same again changes nothing. A "
        "download that was cut off goes on when it is asked for again, within a week. "
        "http_proxy, https_proxy and no_proxy are heeded. What reads the image, and what speaks "
        "with a server, has no privileges.",
    .options = options,
    .count = sizeof options / sizeof options[0],
    EL_CMD_IMAGE_PART,
    .positional_max = FILES_MAX,
};

/* -- one after the other -- */

static json_t *added_json(const struct el_image_added *added)
{
    return json_pack("{s:s, s:s, s:s, s:b, s:s}", "name", added->name, "title", added->entry.title,
                     "sha256", added->entry.sha256, "existed", (int)added->existed, "note",
                     added->note);
}

static void tell(const struct add *values, const struct el_image_added *added)
{
    if (values->image.ask.json) {
        json_t *json = added_json(added);
        el_cmd_print_json(json);
        json_decref(json);
        return;
    }
    printf("%s: %s%s\n", added->name, added->entry.title,
           added->existed ? " (it was there already)" : "");
    if (added->note[0] && !added->existed)
        printf("  %s\n", added->note);
}

static int add_one(const struct add *values, int library, const char *file,
                   const struct el_image_progress *progress, struct el_err *err)
{
    struct el_image_add add = {.library = library,
                               .file = file,
                               .ca = values->ca,
                               .said = values->said,
                               .progress = progress};
    struct el_image_added added;
    char sha256[EL_IMAGE_SHA256_TEXT] = "";

    for (size_t i = 0; values->sha256 && values->sha256[i] && i + 1 < sizeof sha256; i++)
        sha256[i] = (char)tolower((unsigned char)values->sha256[i]);
    if (values->sha256)
        add.sha256 = strlen(values->sha256) < sizeof sha256 ? sha256 : values->sha256;
    int rc = el_image_add(&add, &added, err);
    el_cmd_image_progress_end();
    if (rc == 0)
        tell(values, &added);
    return rc;
}

/* A file that is a URL is taken for one. */
static int add_all(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    const struct add *values = (const struct add *)ask;
    const char *const *files;
    unsigned count = el_conf_positionals(conf, &files), all = count + values->url_count;
    bool one = values->said.name || values->said.title || values->sha256;

    if (all == 0)
        return el_err(err, EL_EINVAL, "which one? FILE.iso, DIRECTORY, or --url URL");
    if (one && all > 1)
        return el_err(err, EL_EINVAL, "--name, --title and --sha256 are for one image");
    if (values->said.initrd_count > 0 && !values->said.kernel)
        return el_err(err, EL_EINVAL, "--initrd goes with --kernel");
    struct el_image_progress progress = el_cmd_image_progress();
    int library = el_cmd_image_open(&values->image, err);
    int rc = library < 0 ? library : 0;
    for (unsigned i = 0; i < all && rc == 0; i++)
        rc = add_one(values, library, i < count ? files[i] : values->urls[i - count], &progress,
                     err);
    if (library >= 0)
        close(library);
    return rc;
}

static int run(int argc, char **argv)
{
    struct add values = {0};

    return el_cmd_ask_main(&schema, &values.image.ask, argc, argv, add_all);
}

const struct el_applet el_applet_image_add = {.schema = &schema, .run = run};
