/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Templates: the answers that an installer gets, with holes in them for what differs.
 *
 * A template is a directory of files. template.conf says what it is for, which variables it has,
 * and how each of its files is quoted; the others are handed to the installer, rendered. Those of
 * templates/ at the top of the source tree are inside this program.
 *
 *     about     = Debian, by its own installer (preseed)
 *     installer = debian              # images of this kind, and no other
 *     args      = auto=true preseed/url={{token.url}}/preseed.cfg    # for the kernel
 *     fetches   = 2                   # so often a file with secrets is handed out
 *     running   = no                  # yes: nothing is installed, the image is the system, and
 *                                     # these files are for it (metadata)
 *
 *     [file preseed.cfg]
 *     quote     = line
 *     type      = text/plain          # of HTTP; this if absent
 *
 *     [variable disk]
 *     type      = device
 *     required  = no
 *     default   = /dev/sda
 *     about     = the disk that is erased
 *
 *     [secret root-password]
 *     type      = password            # kept and handed out as a hash; or text, as it is
 *
 * The language of args and of the files:
 *
 *     {{name}}                        the variable's value, quoted for its place
 *     {{name|shell}}                  quoted for a shell, and the result for its place
 *     {{"{{"}}                        what stands between the quotes, as it is
 *     {{! anything}}                  a comment
 *     {{#if name}} {{else}} {{/if}}   is there, and is not no; also {{#if not name}}
 *     {{#if name is word}}            has this value
 *     {{#each name}} {{.}} {{/each}}  for each word of a list (for ssh-keys: for each key);
 *     {{#more}},{{/more}}             in it, for each but the last
 *     {{#shell}} … {{/shell}}         what is inside is a text of that language, and as a whole a
 *                                     value of the one around it
 *
 *     {{#in shell}} … {{/in}}         what is inside is a part of the file in that language
 *
 * A tag that stands alone in its line (but for values) takes the line with it. There is no way to
 * insert a value unquoted: what is quoted for one language and then for the one around it cannot
 * mean anything in either, whatever is in it. A place that cannot hold a value (a line break in a
 * line) refuses it. How a value looks, by language:
 *
 *     text    as it is: for {{#text}}, which puts a value together from parts
 *     line    as it is, if it is one line and does not end in a backslash (preseed)
 *     shell   between single quotes (POSIX shells)
 *     words   the same, if it is one line: kickstart and its scripts, which end at a line "%end"
 *     yaml    between double quotes (YAML 1.2 §7.3.1); a number, true and false bare
 *     json    the same (RFC 8259)
 *     xml     with entities, as text or within an attribute's quotes (XML 1.0 §2.4)
 *     url     percent-encoded (RFC 3986 §2.1)
 *     args    as it is, if it means nothing to a kernel's command line or to iPXE
 *     base64  RFC 4648 §4
 *
 * Besides its own variables a template knows these facts:
 *
 *     machine.name machine.mac machine.ip machine.uuid
 *     machine.bootif                  01-52-54-00-12-34-56, as in BOOTIF=
 *     network.netmask network.prefix network.gateway network.domain network.dns (a list)
 *     hub.address hub.url             http://192.168.77.1
 *     image.name image.url            http://192.168.77.1/images/debian-12
 *     token.url                       http://192.168.77.1/m/TOKEN: its own files, /done,
 *                                     /step?name=…, /failed?why=…
 *     profile.name ssh-keys (a list)
 *
 * What is not known is empty. Any other name is an error when the template is read.
 *
 * Pure. Template texts may come from anybody: everything has its bounds.
 */
#ifndef EL_PROFILE_TEMPLATE_H
#define EL_PROFILE_TEMPLATE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_PROFILE_NAME = 64,               /* of a profile, template, variable or file; with the NUL */
    EL_PROFILE_TEMPLATES = 64,          /* in one set */
    EL_PROFILE_FILES = 16,              /* of a template */
    EL_PROFILE_VARIABLES = 64,          /* of a template, with its secrets */
    EL_PROFILE_SOURCE_BYTES = 131072,   /* of one file of a template */
    EL_PROFILE_RENDERED_BYTES = 524288, /* of one file, rendered */
    EL_PROFILE_DEPTH = 16,              /* blocks in one another */
    EL_PROFILE_HANDINGS = 32,           /* of a template: its files with secrets times fetches */
};

enum el_profile_type {
    EL_PROFILE_TEXT,   /* one line */
    EL_PROFILE_LINES,  /* several: a script */
    EL_PROFILE_WORD,   /* letters, digits and ._-+:/@%=,~^ */
    EL_PROFILE_NUMBER, /* a decimal integer, from min to max */
    EL_PROFILE_YES_NO, /* said as yes or no, inserted as true or false */
    EL_PROFILE_CHOICE, /* one of `values` */
    EL_PROFILE_DEVICE, /* /dev/sda, /dev/disk/by-id/... */
    EL_PROFILE_URL,    /* http:// or https:// */
    EL_PROFILE_IP,
    EL_PROFILE_LIST,     /* words, with spaces between them */
    EL_PROFILE_PASSWORD, /* a secret; kept as a hash (crypt.h) */
    EL_PROFILE_TYPES
};
/* "text", "lines", … */
extern const char *const el_profile_type_names[EL_PROFILE_TYPES + 1];

struct el_profile_variable {
    char name[EL_PROFILE_NAME];
    enum el_profile_type type;
    bool secret;
    bool required;
    char *fallback; /* the default; NULL: none, which is empty */
    char *about;
    char *values; /* of a choice: words with spaces between them; else NULL */
    int64_t min, max;
};

/* A file as it is before it is rendered. */
struct el_profile_file {
    char name[EL_PROFILE_NAME];
    char *type;   /* media type */
    bool secrets; /* it mentions one */
};

struct el_profile_template;

/* What is read: a file of a template's directory. */
struct el_profile_source {
    const char *name; /* "template.conf", "preseed.cfg" */
    const char *text; /* LEN bytes; need not be terminated */
    size_t len;
};

/* Reads the template NAME. EL_EINVAL: "template debian, preseed.cfg:12: …"; EL_ENOMEM. Nothing of
 * SOURCES is needed afterwards. */
int el_profile_template_parse(const char *name, const struct el_profile_source *sources,
                              size_t count, struct el_profile_template **result,
                              struct el_err *err);
void el_profile_template_free(struct el_profile_template *t); /* NULL is allowed */

const char *el_profile_template_name(const struct el_profile_template *t);
const char *el_profile_template_about(const struct el_profile_template *t);
const char *el_profile_template_installer(const struct el_profile_template *t); /* "": any */
bool el_profile_template_running(const struct el_profile_template *t);
/* One of its files asks for /done at the end of an installation. */
bool el_profile_template_tells(const struct el_profile_template *t);

/* In the order of template.conf; NULL behind the last. */
const struct el_profile_variable *el_profile_template_variable(const struct el_profile_template *t,
                                                               size_t i);
const struct el_profile_file *el_profile_template_file(const struct el_profile_template *t,
                                                       size_t i);
/* So often a file with secrets is handed out in one attempt to install a machine: as often as the
 * installer fetches it (AutoYaST reads it in linuxrc and again in YaST, cloud-init in two stages),
 * and once more, for a connection that broke. HANDED is what was handed out before, a bit for each
 * time, 0 when the attempt begins; *BIT is that of this time. 0, or EL_EAUTH: no more. */
int el_profile_template_hand(const struct el_profile_template *t, const char *file, unsigned handed,
                             unsigned *bit);

/* The file of this NAME, or NULL. */
const struct el_profile_file *el_profile_template_find_file(const struct el_profile_template *t,
                                                            const char *name);

/* -- all of them -- */

struct el_profile_templates;

/* Those inside this program. NULL: out of memory, or one of them is wrong (ERR says which: a test
 * sees that none is). */
struct el_profile_templates *el_profile_templates_new(struct el_err *err);
void el_profile_templates_free(struct el_profile_templates *templates); /* NULL is allowed */

/* Takes one more, which is theirs from now on; one of the same name gives way to it. EL_EFULL. */
int el_profile_templates_add(struct el_profile_templates *templates, struct el_profile_template *t,
                             struct el_err *err);

/* By name, in the order of names; NULL: there is none. Without TEMPLATES there are none. */
const struct el_profile_template *
el_profile_templates_find(const struct el_profile_templates *templates, const char *name);
const struct el_profile_template *
el_profile_templates_at(const struct el_profile_templates *templates, size_t i);

#endif
