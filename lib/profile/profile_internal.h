/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share: texts that grow, how values are quoted, and a template's
 * parts. */
#ifndef EL_PROFILE_PROFILE_INTERNAL_H
#define EL_PROFILE_PROFILE_INTERNAL_H

#include "profile/profile.h"

/* -- a text that grows, and is wiped when it moves or ends (out.c) -- */

struct el_profile_out {
    char *text; /* NULL: nothing yet; else LEN bytes and a NUL */
    size_t len, capacity;
    int rc; /* sticky: EL_ENOMEM, or EL_EFULL beyond EL_PROFILE_RENDERED_BYTES */
};

void el_profile_out_put(struct el_profile_out *out, const void *bytes, size_t len);
void el_profile_out_text(struct el_profile_out *out, const char *text);
void el_profile_out_clear(struct el_profile_out *out);

/* Whether TEXT is UTF-8 of characters that a value may have: no control characters but line breaks
 * and tabs. Its first wrong byte, or NULL. */
const char *el_profile_text_wrong(const char *text);

/* Letters, digits, '-', '.' and '_', the first a letter or digit; 1..CAPACITY - 1 of them. WHAT is
 * for the sentence. */
int el_profile_name_check(const char *what, const char *name, size_t capacity, struct el_err *err);

/* Wipes and frees; NULL is allowed. */
void el_profile_forget(char *text);

/* -- quoting (quote.c) -- */

enum el_profile_quote {
    EL_PROFILE_AS_TEXT,
    EL_PROFILE_AS_LINE,
    EL_PROFILE_AS_SHELL,
    EL_PROFILE_AS_WORDS,
    EL_PROFILE_AS_YAML,
    EL_PROFILE_AS_JSON,
    EL_PROFILE_AS_XML,
    EL_PROFILE_AS_URL,
    EL_PROFILE_AS_ARGS,
    EL_PROFILE_AS_BASE64,
    EL_PROFILE_QUOTES
};
extern const char *const el_profile_quote_names[EL_PROFILE_QUOTES + 1];

/* Appends TEXT as a value of QUOTE; BARE: it is a number, true or false, which YAML and JSON have
 * without quotes. NULL, or why it cannot be said there. */
const char *el_profile_quote(struct el_profile_out *out, enum el_profile_quote quote,
                             const char *text, bool bare);

/* -- facts (facts.c) -- */

enum el_profile_fact {
    EL_PROFILE_HUB_ADDRESS,
    EL_PROFILE_HUB_URL,
    EL_PROFILE_IMAGE_NAME,
    EL_PROFILE_IMAGE_URL,
    EL_PROFILE_MACHINE_BOOTIF,
    EL_PROFILE_MACHINE_IP,
    EL_PROFILE_MACHINE_MAC,
    EL_PROFILE_MACHINE_NAME,
    EL_PROFILE_MACHINE_UUID,
    EL_PROFILE_NETWORK_DNS,
    EL_PROFILE_NETWORK_DOMAIN,
    EL_PROFILE_NETWORK_GATEWAY,
    EL_PROFILE_NETWORK_NETMASK,
    EL_PROFILE_NETWORK_PREFIX,
    EL_PROFILE_PROFILE_NAME,
    EL_PROFILE_SSH_KEYS,
    EL_PROFILE_TOKEN_URL,
    EL_PROFILE_FACTS
};
extern const char *const el_profile_fact_names[EL_PROFILE_FACTS + 1];

/* All facts as texts, the caller's; an unknown one is empty. EL_ENOMEM, EL_EINVAL. */
int el_profile_facts_texts(const struct el_profile *profile, const struct el_profile_facts *facts,
                           char *texts[EL_PROFILE_FACTS], struct el_err *err);

/* -- a template's parts -- */

enum el_profile_ref_kind { EL_PROFILE_REF_VARIABLE, EL_PROFILE_REF_FACT, EL_PROFILE_REF_ITEM };

/* What a tag names. */
struct el_profile_ref {
    enum el_profile_ref_kind kind;
    unsigned index; /* among the template's variables, or of the fact */
};

enum el_profile_node_kind {
    EL_PROFILE_LITERAL,
    EL_PROFILE_INSERT, /* a value */
    EL_PROFILE_IF,
    EL_PROFILE_EACH,
    EL_PROFILE_MORE,
    EL_PROFILE_QUOTED,
    EL_PROFILE_IN,
};

/* A node of a block stands before what is in the block: nodes up to OTHERWISE, then, of an if with
 * an else, up to END. */
struct el_profile_node {
    enum el_profile_node_kind kind;
    unsigned line;
    unsigned otherwise, end;
    struct el_profile_ref ref;
    bool has_filter;
    enum el_profile_quote quote; /* of QUOTED and IN; of INSERT with a filter */
    bool negated;                /* of IF */
    const char *text;            /* of LITERAL, and the word of IF ("is"), or NULL; in the source */
    size_t len;
};

struct el_profile_text {
    char *source; /* owned; literals point into it */
    struct el_profile_node *nodes;
    unsigned count;
    enum el_profile_quote quote; /* of the place where it stands */
    bool secrets;                /* it names one */
};

struct el_profile_template {
    char name[EL_PROFILE_NAME];
    char *about;
    char installer[EL_PROFILE_NAME];
    unsigned fetches;
    bool running;
    struct el_profile_variable variables[EL_PROFILE_VARIABLES];
    unsigned variable_count;
    struct el_profile_file files[EL_PROFILE_FILES];
    struct el_profile_text texts[EL_PROFILE_FILES]; /* of the files */
    unsigned file_count;
    struct el_profile_text args;
};

/* -- reading (language.c, template_conf.c) -- */

/* Reads SOURCE in the template's language: its variables are known. FILE is for the sentence. */
int el_profile_text_parse(const struct el_profile_template *t, const char *file, const char *source,
                          size_t len, struct el_profile_text *text, struct el_err *err);
void el_profile_text_clear(struct el_profile_text *text);

/* template.conf: everything of T but the texts of its files; the arguments are left in ARGS, the
 * caller's. */
int el_profile_template_conf(struct el_profile_template *t, const char *text, size_t len,
                             char **args, struct el_err *err);

struct el_profile_variable *el_profile_variable(struct el_profile_template *t, const char *name);

/* -- values (value.c) -- */

/* Whether TEXT is of VARIABLE's type: NULL, or what would be ("is no device, such as /dev/sda"), in
 * WHY. */
const char *el_profile_value_wrong(const struct el_profile_variable *variable, const char *text,
                                   char why[160]);

/* "disk, fs, …" for a sentence: those variables of T that are secret, or not. */
void el_profile_variables_list(const struct el_profile_template *t, char *list, size_t capacity);

#endif
