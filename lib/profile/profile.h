/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile: how machines of one kind are installed. An image, a template, and what the template
 * asks for: variables, SSH keys, secrets.
 *
 *     profile = el_profile_new("web", "debian-12", "debian");
 *     el_profile_set(profile, EL_PROFILE_VARIABLE, "disk", "/dev/vda", &err);
 *     rc = el_profile_check(profile, templates, "debian", &err);     // all that can be wrong
 *     rc = el_profile_render(profile, templates, &facts, "preseed.cfg", EL_PROFILE_HANDED, …);
 *
 * el_profile_check() renders everything once, so what it has let through renders for every machine,
 * except one whose facts hold what a file cannot say.
 *
 * Passwords are hashed when they are set, and never kept as they were said. Everything that may
 * hold a secret is wiped before it is freed.
 *
 * Pure, but for the random salt of a password. Not for several threads.
 */
#ifndef EL_PROFILE_PROFILE_H
#define EL_PROFILE_PROFILE_H

#include "base/addr.h"
#include "profile/template.h"

enum {
    EL_PROFILE_VALUES = 96,      /* variables, keys and secrets of a profile together */
    EL_PROFILE_VALUE = 8192,     /* bytes of one, with the NUL */
    EL_PROFILE_IMAGE = 65,       /* bytes of an image's name, with the NUL */
    EL_PROFILE_BYTES = 32768,    /* a profile as JSON (profile_json.h), with the NUL */
    EL_PROFILE_ARGS_BYTES = 1024 /* kernel arguments of a template, with the NUL */
};

enum el_profile_kind { EL_PROFILE_VARIABLE, EL_PROFILE_SSH_KEY, EL_PROFILE_SECRET };

/* A text of UTF-8 without control characters, but for line breaks and tabs. */
struct el_profile_value {
    enum el_profile_kind kind;
    char name[EL_PROFILE_NAME]; /* of a key: "" */
    char *text;
};

struct el_profile {
    char name[EL_PROFILE_NAME];
    char image[EL_PROFILE_IMAGE];
    char template_name[EL_PROFILE_NAME];
    struct el_profile_value *values;
    size_t count;
};

/* NULL: out of memory, or a name is none (ERR): letters, digits, '-', '.' and '_', the first a
 * letter or digit. */
struct el_profile *el_profile_new(const char *name, const char *image, const char *template_name,
                                  struct el_err *err);
struct el_profile *el_profile_copy(const struct el_profile *profile, struct el_err *err);
void el_profile_free(struct el_profile *profile); /* NULL is allowed */

/* Sets one value; an empty TEXT takes it away again. A key is added, unless it is there (NAME does
 * not count); its form is checked. EL_EINVAL, EL_EFULL, EL_ENOMEM. */
int el_profile_set(struct el_profile *profile, enum el_profile_kind kind, const char *name,
                   const char *text, struct el_err *err);
/* Takes all keys away. */
void el_profile_drop_keys(struct el_profile *profile);

/* The text, or NULL. */
const char *el_profile_get(const struct el_profile *profile, enum el_profile_kind kind,
                           const char *name);

/* Puts crypt hashes (crypt.h) in the place of passwords that are none yet. Those that are the same
 * as in BEFORE (NULL: there is none) keep their hash. Unknown template: EL_ENOENT. */
int el_profile_seal(struct el_profile *profile, const struct el_profile_templates *templates,
                    const struct el_profile *before, struct el_err *err);

/* Whether a machine can be installed with it: the template is there, is for INSTALLER (the image's
 * kind; NULL or "": not known, which suits all), has these variables and no other, of these types;
 * what is required is there, and all files render. EL_ENOENT (template) or EL_EINVAL, with a
 * sentence that says what to do. */
int el_profile_check(const struct el_profile *profile, const struct el_profile_templates *templates,
                     const char *installer, struct el_err *err);

/* -- rendering -- */

enum { EL_PROFILE_DNS = 4 };

/* What is known of a machine; what is not is NULL, 0, or family 0. The strings are the caller's. */
struct el_profile_facts {
    const char *name; /* NULL: "m" and its MAC without colons */
    struct el_mac mac;
    const char *uuid;
    struct el_ip ip;
    uint8_t prefix_len; /* of its network */
    struct el_ip gateway;
    struct el_ip dns[EL_PROFILE_DNS];
    unsigned dns_count;
    const char *domain;
    const char *hub;   /* "192.168.77.1" or "192.168.77.1:8080": where our HTTP is */
    const char *token; /* of its installation */
};

/* What becomes of secrets. */
enum el_profile_secrecy {
    EL_PROFILE_HANDED,   /* they stand in the text: for the machine alone */
    EL_PROFILE_HIDDEN,   /* ******** stands in their place: for people to look at */
    EL_PROFILE_WITHHELD, /* as if they had not been set */
};

/* Renders FILE. *TEXT is the caller's (el_profile_text_free()), of *LEN bytes and a NUL. EL_ENOENT:
 * no such template, or it has no such file; EL_EINVAL with the place and the variable; EL_EFULL;
 * EL_ENOMEM. */
int el_profile_render(const struct el_profile *profile,
                      const struct el_profile_templates *templates,
                      const struct el_profile_facts *facts, const char *file,
                      enum el_profile_secrecy secrecy, char **text, size_t *len,
                      struct el_err *err);
void el_profile_text_free(char *text, size_t len); /* wipes; NULL is allowed */

/* The kernel arguments that bring this installer to its answers, to be put behind the image's own:
 * no line break, nothing that iPXE or a kernel takes for its own in a value. They never hold a
 * secret. EL_ENOENT, EL_EINVAL, EL_EFULL. */
int el_profile_args(const struct el_profile *profile, const struct el_profile_templates *templates,
                    const struct el_profile_facts *facts, char args[EL_PROFILE_ARGS_BYTES],
                    struct el_err *err);

#endif
