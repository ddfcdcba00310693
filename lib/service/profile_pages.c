/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of profiles, rendered for whoever they are for. */
#include "service/profile_pages.h"

#include "base/log.h"
#include "boot/boot_script.h"
#include "profile/profile_json.h"

#include <string.h>

int el_profile_pages_begin(struct el_profile_pages *pages,
                           const struct el_profile_pages_config *config, struct el_err *err)
{
    *pages = (struct el_profile_pages){.config = *config};
    pages->templates = el_profile_templates_new(err);
    randombytes_buf(pages->key, sizeof pages->key);
    return pages->templates ? 0 : EL_ENOMEM;
}

void el_profile_pages_end(struct el_profile_pages *pages)
{
    el_profile_templates_free(pages->templates);
    sodium_memzero(pages, sizeof *pages);
}

/* -- who it is for -- */

struct el_profile_facts el_profile_pages_facts(const struct el_profile_pages *pages,
                                               const struct el_machine *machine,
                                               const struct el_ip *ip)
{
    const struct el_profile_pages_config *config = &pages->config;
    struct el_profile_facts facts = {
        .name = machine->intent ? machine->intent->name : NULL,
        .mac = machine->mac,
        .uuid = machine->life ? machine->life->uuid : NULL,
        .prefix_len = config->address.len,
        .gateway = config->router,
        .domain = config->domain,
        .hub = config->hub,
    };

    if (ip)
        facts.ip = *ip;
    for (; facts.dns_count < config->dns_count && facts.dns_count < EL_PROFILE_DNS;
         facts.dns_count++)
        facts.dns[facts.dns_count] = config->dns[facts.dns_count];
    return facts;
}

int el_profile_pages_profile(const struct el_machine *machine, struct el_profile **profile,
                             struct el_err *err)
{
    *profile = NULL;
    if (!machine->profile || !machine->profile->document)
        return el_err(err, EL_ENOENT, "it has no profile with a template");
    return el_profile_from_json(machine->profile->document, profile, err);
}

int el_profile_pages_args(void *arg, const struct el_machine *machine,
                          char args[EL_MACHINES_ARGS_BYTES], struct el_err *err)
{
    const struct el_profile_pages *pages = arg;
    struct el_profile_facts facts = el_profile_pages_facts(pages, machine, NULL);
    struct el_profile *profile;

    _Static_assert((int)EL_MACHINES_ARGS_BYTES == (int)EL_PROFILE_ARGS_BYTES, "one length");
    args[0] = '\0';
    facts.token = machine->life ? machine->life->token : NULL;
    int rc = el_profile_pages_profile(machine, &profile, err);
    if (rc == EL_ENOENT)
        return 0;
    if (rc == 0)
        rc = el_profile_args(profile, pages->templates, &facts, args, err);
    const char *wrong = rc == 0 ? el_boot_script_refuses(args) : NULL;
    if (wrong) /* in the template's own words */
        rc = el_err(err, EL_EINVAL,
                    "profile %s: iPXE gives %s in its arguments a meaning of its own",
                    profile->name, wrong);
    el_profile_free(profile);
    return rc;
}

/* -- secrets -- */

static int refuse(const struct el_machine *machine, const char *file,
                  const struct el_http_request *request, int status, const char *why)
{
    char text[EL_ENDPOINT_TEXT];

    EL_LOG(EL_LOG_WARN, "boot", "secrets-refused", EL_MAC("mac", &machine->mac),
           EL_STR("file", file),
           EL_STR("client", request->client ? el_endpoint_text(request->client, text) : NULL),
           EL_STR("why", why));
    return status;
}

/* Whether who asks may have the secrets of FILE, and has not had them too often: 0, or the status
 * that says why not. That he has had them now is on the disk then, and MACHINE is anew. */
static int hand(const struct el_profile_pages *pages, const struct el_profile_template *t,
                struct el_machine *machine, const char *file, const struct el_http_request *request)
{
    struct el_life_event event = {.kind = EL_LIFE_HANDED,
                                  .now_s = pages->config.wall_s(pages->config.arg)};
    struct el_mac mac = machine->mac;
    struct el_machine holder;
    struct el_err err = {""};

    if (!request->client ||
        el_machines_by_address(pages->config.machines, &request->client->ip, &holder) < 0 ||
        !el_mac_equal(&holder.mac, &mac))
        return refuse(machine, file, request, 403, "this address is not leased to the machine");
    if (el_profile_template_hand(t, file, machine->life->handed, &event.bit) < 0)
        return refuse(machine, file, request, 410, "they were handed out before");
    if (el_machines_event(pages->config.machines, &mac, &event, NULL, &err) < 0)
        return refuse(machine, file, request, 503, err.text);
    return el_machines_by_mac(pages->config.machines, &mac, machine) < 0 || !machine->life ? 503
                                                                                           : 0;
}

/* -- /m/TOKEN/FILE -- */

static void answer_rendered(const struct el_profile_pages *pages, const struct el_machine *machine,
                            const struct el_profile *profile, const struct el_profile_file *file,
                            const struct el_http_request *request, struct el_http_answer *answer)
{
    struct el_profile_facts facts =
        el_profile_pages_facts(pages, machine, request->client ? &request->client->ip : NULL);
    /* A look at how long it is has no secrets in it. */
    enum el_profile_secrecy secrecy =
        request->method == EL_HTTP_HEAD ? EL_PROFILE_WITHHELD : EL_PROFILE_HANDED;
    struct el_err err = {""};
    char *text = NULL;
    size_t len = 0;

    facts.token = machine->life->token;
    int rc = el_profile_render(profile, pages->templates, &facts, file->name, secrecy, &text, &len,
                               &err);
    if (rc == 0)
        el_http_answer_bytes(answer, 200, file->type, text, len);
    else
        el_http_answer_status(answer, 500);
    if (rc < 0)
        EL_LOG(EL_LOG_ERROR, "boot", "profile", EL_MAC("mac", &machine->mac),
               EL_STR("file", file->name), EL_STR("error", err.text));
    el_profile_text_free(text, len);
}

void el_profile_pages_answer(void *arg, const struct el_machine *machine, const char *name,
                             const struct el_http_request *request, struct el_http_answer *answer)
{
    const struct el_profile_pages *pages = arg;
    struct el_machine now = *machine;
    struct el_profile *profile;
    struct el_err err = {""};

    /* As long as control has not said everything, nobody knows. */
    el_http_answer_status(answer, el_machines_complete(pages->config.machines) ? 404 : 503);
    if (!machine->life || el_profile_pages_profile(machine, &profile, &err) < 0)
        return;
    const struct el_profile_template *t =
        el_profile_templates_find(pages->templates, profile->template_name);
    const struct el_profile_file *file = t ? el_profile_template_find_file(t, name) : NULL;
    int refused = file && file->secrets && request->method != EL_HTTP_HEAD
                      ? hand(pages, t, &now, name, request)
                      : 0;
    if (refused)
        el_http_answer_status(answer, refused);
    else if (file)
        answer_rendered(pages, &now, profile, file, request, answer);
    answer->no_store = true;
    el_profile_free(profile);
}
