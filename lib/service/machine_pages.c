/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decisions as scripts, and what installations say. */
#include "service/machine_pages.h"

#include "base/csprng.h"
#include "base/log.h"
#include "enrol/base32.h"
#include "profile/crypt.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_BYTES = 16 }; /* 128 bits */

const char el_machine_pages_type[] = "text/plain; charset=utf-8";

/* -- what a machine gets -- */

/* In lower case: it stands in URLs that people may have to read. */
static void make_token(char token[EL_LIFE_TOKEN])
{
    uint8_t bytes[TOKEN_BYTES], symbols[EL_ENROL_SYMBOLS(TOKEN_BYTES)];

    _Static_assert(sizeof symbols == EL_LIFE_TOKEN - 1, "one length");
    el_random(bytes, sizeof bytes);
    el_enrol_to_symbols(bytes, sizeof bytes, symbols);
    for (size_t i = 0; i < sizeof symbols; i++)
        token[i] = (char)(el_enrol_crockford[symbols[i]] | 0x20);
    token[sizeof symbols] = '\0';
    sodium_memzero(bytes, sizeof bytes);
}

static bool has_quirk(const struct el_machine *machine, const char *quirk)
{
    for (unsigned i = 0; machine->intent && i < machine->intent->quirk_count; i++)
        if (strcmp(machine->intent->quirks[i], quirk) == 0)
            return true;
    return false;
}

/* Its profile's image, with what its templates add. */
static void write_profile(const struct el_machine_pages *pages, const struct el_boot_visit *visit,
                          struct el_boot_page *page, const struct el_machine *machine,
                          struct el_wire *w)
{
    char args[EL_MACHINES_ARGS_BYTES] = "";
    struct el_err err = {""};
    const char *image = machine->profile ? machine->profile->image : "";
    const struct el_boot_entry *entry = el_boot_entry_for(visit, page, image);

    if (entry && el_machines_args(pages->machines, machine, args, &err) < 0) {
        page->why = err.text;
        entry = NULL;
    }
    page->args = args;
    if (entry)
        el_boot_start(pages->boot, visit, page, entry, w);
    else
        el_boot_menu(pages->boot, visit, page, w);
}

static void write_entry(const struct el_machine_pages *pages, const struct el_boot_visit *visit,
                        struct el_boot_page *page, const char *name, struct el_wire *w)
{
    const struct el_boot_entry *entry = el_boot_entry_for(visit, page, name);
    char why[EL_LIFE_WHY];

    if (entry) {
        el_boot_start(pages->boot, visit, page, entry, w);
        return;
    }
    snprintf(why, sizeof why, "there is no entry %.65s for this machine", name);
    page->why = why;
    el_boot_menu(pages->boot, visit, page, w);
}

/* Why a person may not start what he wants; NULL: he may. */
static const char *check_password(struct el_machine_pages *pages, const struct el_boot_visit *visit)
{
    const char *hash = el_machines_policy(pages->machines)->password;
    int64_t now_s = pages->wall_s(pages->arg);

    if (now_s < pages->wrong_since_s || now_s >= pages->wrong_since_s + EL_MACHINE_PAGES_WRONG_S) {
        pages->wrong_since_s = now_s;
        pages->wrong = 0;
    }
    if (pages->wrong >= EL_MACHINE_PAGES_WRONG)
        return "too many wrong passwords: wait a minute";
    if (!hash[0] || el_profile_crypt_verify(visit->password, hash))
        return NULL;
    pages->wrong++;
    EL_LOG(EL_LOG_WARN, "boot", "wrong-password", EL_MAC("mac", &visit->mac),
           EL_STR("entry", visit->wanted));
    return "the password is wrong";
}

/* The menu; or what was chosen in one that was locked. */
static void write_menu(struct el_machine_pages *pages, const struct el_boot_visit *visit,
                       struct el_boot_page *page, struct el_wire *w)
{
    const char *refused = visit->wanted[0] ? check_password(pages, visit) : NULL;

    page->locked = el_machines_policy(pages->machines)->password[0] != '\0';
    if (refused)
        page->why = refused;
    if (visit->wanted[0] && !refused)
        write_entry(pages, visit, page, visit->wanted, w);
    else
        el_boot_menu(pages->boot, visit, page, w);
}

/* Of those that there are; it is told, and then kept with what is wanted of the machine. */
static void choose_region(const struct el_machine_pages *pages, const struct el_boot_visit *visit,
                          struct el_boot_page *page)
{
    const struct el_order_policy *policy = el_machines_policy(pages->machines);

    _Static_assert((int)EL_BOOT_REGION == (int)EL_LIFE_NAME, "one length");
    page->regions = policy->regions;
    page->region_count = policy->region_count;
    for (unsigned i = 0; visit->region[0] && i < policy->region_count; i++)
        if (strcmp(policy->regions[i], visit->region) == 0) {
            page->region = policy->regions[i];
            if (pages->region)
                pages->region(pages->region_arg, &visit->mac, visit->region);
        }
}

static void write_decision(struct el_machine_pages *pages, const struct el_boot_visit *visit,
                           struct el_boot_page *page, const struct el_life_decision *decision,
                           struct el_wire *w)
{
    struct el_machine machine;

    (void)el_machines_by_mac(pages->machines, &visit->mac, &machine);
    if (machine.intent && machine.intent->region[0])
        page->region = machine.intent->region;
    choose_region(pages, visit, page);
    page->why = decision->why[0] ? decision->why : NULL;
    page->exit_only = has_quirk(&machine, "local=exit");
    switch (decision->kind) {
    case EL_LIFE_GETS_MENU: write_menu(pages, visit, page, w); break;
    case EL_LIFE_GETS_LOCAL: el_boot_local(pages->boot, visit, page, w); break;
    case EL_LIFE_GETS_INSTALLER:
        page->token = machine.life->token;
        write_profile(pages, visit, page, &machine, w);
        break;
    case EL_LIFE_GETS_LIVE: write_profile(pages, visit, page, &machine, w); break;
    case EL_LIFE_GETS_ENTRY: write_entry(pages, visit, page, decision->entry, w); break;
    case EL_LIFE_GETS_WAIT: el_boot_wait(pages->boot, visit, page, w); break;
    }
}

static int decide(const struct el_machine_pages *pages, const struct el_boot_visit *visit,
                  struct el_life_decision *decision, struct el_err *err)
{
    struct el_life_event event = {
        .kind = EL_LIFE_VISIT,
        .now_s = pages->wall_s(pages->arg),
        .boot = visit->start,
        .uuid = visit->uuid,
        .platform = (uint8_t)visit->platform,
        .arch = (uint8_t)visit->arch,
    };

    make_token(event.fresh_token);
    int rc = el_machines_event(pages->machines, &visit->mac, &event, decision, err);
    sodium_memzero(&event, sizeof event);
    return rc;
}

void el_machine_pages_visit(struct el_machine_pages *pages, const struct el_boot_visit *visit,
                            struct el_boot_page *page, struct el_http_answer *answer)
{
    struct el_life_decision decision;
    struct el_err err = {""};

    if (decide(pages, visit, &decision, &err) < 0) {
        EL_LOG(EL_LOG_WARN, "boot", "come-again", EL_MAC("mac", &visit->mac),
               EL_STR("why", err.text));
        el_http_answer_status(answer, 503);
        return;
    }
    uint8_t *text = malloc(EL_BOOT_SCRIPT_BYTES);
    if (!text) {
        el_http_answer_status(answer, 500);
        return;
    }
    struct el_wire w = el_wire_write(text, EL_BOOT_SCRIPT_BYTES);
    write_decision(pages, visit, page, &decision, &w);
    if (el_wire_ok(&w))
        el_http_answer_bytes(answer, 200, el_machine_pages_type, text, el_wire_done(&w));
    else
        el_http_answer_status(answer, 500);
    answer->no_store = true;
    sodium_memzero(text, EL_BOOT_SCRIPT_BYTES); /* the token */
    free(text);
}

/* -- what its installation says -- */

static const struct {
    const char *page, *param;
    enum el_life_event_kind kind;
} words[] = {
    {"done", NULL, EL_LIFE_DONE},
    {"step", "name", EL_LIFE_STEP_TOLD},
    {"failed", "why", EL_LIFE_FAILURE},
};

enum { WORDS = sizeof words / sizeof words[0] };

/* The machine whose token is TOKEN, which says that it is done: also when it has said so before. */
static int find_speaker(const struct el_machine_pages *pages, const char *token,
                        enum el_life_event_kind kind, struct el_machine *machine)
{
    const struct el_life *life = el_lives_by_token(el_machines_lives(pages->machines), token);

    if (!life || (life->state != EL_LIFE_INSTALLING &&
                  !(kind == EL_LIFE_DONE && life->state == EL_LIFE_INSTALLED)))
        return EL_ENOENT;
    return el_machines_by_mac(pages->machines, &life->mac, machine);
}

static void hear(const struct el_machine_pages *pages, const struct el_machine *machine,
                 enum el_life_event_kind kind, const char *text, struct el_http_answer *answer)
{
    struct el_life_event event = {.kind = kind, .now_s = pages->wall_s(pages->arg), .text = text};
    struct el_err err = {""};
    struct el_mac mac = machine->mac;
    int rc = el_machines_event(pages->machines, &mac, &event, NULL, &err);

    EL_LOG(rc < 0 ? EL_LOG_ERROR : EL_LOG_INFO, "boot",
           kind == EL_LIFE_DONE        ? "installed"
           : kind == EL_LIFE_STEP_TOLD ? "step"
                                       : "failed",
           EL_MAC("mac", &mac), EL_STR("says", text), EL_STR("error", rc < 0 ? err.text : NULL));
    if (rc < 0)
        el_http_answer_status(answer, 503);
    else
        el_http_answer_bytes(answer, 200, el_machine_pages_type, "ok\n", 3);
}

/* Splits "TOKEN/FILE": the file; NULL: it is not of this form. */
static const char *split(const char *rest, char token[EL_LIFE_TOKEN])
{
    size_t len = strcspn(rest, "/");

    if (len != EL_LIFE_TOKEN - 1 || rest[len] != '/')
        return NULL;
    memcpy(token, rest, len);
    token[len] = '\0';
    return rest + len + 1;
}

static void answer_file(const struct el_machine_pages *pages, const char *token, const char *file,
                        const struct el_http_request *request, struct el_http_answer *answer)
{
    struct el_machine machine;

    if (el_machines_by_token(pages->machines, token, &machine) < 0) {
        el_http_answer_status(answer, 404);
        return;
    }
    el_machine_pages_fetched(pages, request->client, file);
    if (el_machines_by_token(pages->machines, token, &machine) == 0)
        el_machines_answer_page(pages->machines, &machine, file, request, answer);
}

void el_machine_pages_own(void *arg, const struct el_http_request *request,
                          struct el_http_answer *answer)
{
    const struct el_machine_pages *pages = arg;
    char token[EL_LIFE_TOKEN];
    const char *file = split(request->rest, token);
    struct el_machine machine;
    unsigned word = 0;

    answer->no_store = true;
    if (!file) {
        el_http_answer_status(answer, 404);
        return;
    }
    while (word < WORDS && strcmp(words[word].page, file) != 0)
        word++;
    if (word == WORDS)
        answer_file(pages, token, file, request, answer);
    else if (find_speaker(pages, token, words[word].kind, &machine) < 0)
        el_http_answer_status(answer, 404);
    else if (request->method == EL_HTTP_HEAD) /* a look, and nothing said */
        el_http_answer_bytes(answer, 200, el_machine_pages_type, "ok\n", 3);
    else
        hear(pages, &machine, words[word].kind,
             words[word].param ? el_http_param(request, words[word].param) : NULL, answer);
    sodium_memzero(token, sizeof token);
}

void el_machine_pages_fetched(const struct el_machine_pages *pages,
                              const struct el_endpoint *client, const char *file)
{
    const char *slash = strrchr(file, '/');
    struct el_machine machine;
    struct el_err err = {""};

    if (!client || el_machines_by_address(pages->machines, &client->ip, &machine) < 0 ||
        !machine.life || machine.life->state != EL_LIFE_INSTALLING)
        return;
    struct el_life_event event = {.kind = EL_LIFE_FETCHED,
                                  .now_s = pages->wall_s(pages->arg),
                                  .text = slash ? slash + 1 : file};
    (void)el_machines_event(pages->machines, &machine.mac, &event, NULL, &err);
}
