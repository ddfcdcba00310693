/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's machines: what is wanted of each, beside what has happened to it. */
#include "base/log.h"
#include "hub/hub_api_internal.h"

#include <stdio.h>
#include <string.h>

/* -- a machine as JSON -- */

static void put_text(json_t *object, const char *name, const char *text)
{
    if (text && text[0])
        json_object_set_new(object, name, el_json_string(text));
}

static void put_words(json_t *object, const char *name, const struct el_registry_words *words)
{
    json_t *list = words->count ? json_array() : NULL;

    for (unsigned i = 0; i < words->count; i++)
        json_array_append_new(list, el_json_string(words->items[i]));
    if (list)
        json_object_set_new(object, name, list);
}

static void put_intent(json_t *object, const struct el_registry_machine *machine)
{
    char address[EL_IP_TEXT];

    put_text(object, "name", machine->name);
    put_text(object, "profile", machine->profile);
    put_text(object, "region", machine->region);
    if (machine->address.family)
        put_text(object, "address", el_ip_text(&machine->address, address));
    put_text(object, "once", machine->once_entry);
    put_words(object, "options", &machine->options);
    put_words(object, "quirks", &machine->quirks);
}

static void put_life(json_t *object, const struct el_node_hub_api *hub,
                     const struct el_hub_life *known)
{
    static const char *const platforms[] = {"", "bios", "efi"};
    static const char *const archs[] = {"", "x86_64", "arm64"};
    const struct el_registry_network *network =
        el_registry_network_by_vni(hub->registry, known->vni);
    const struct el_life *life = &known->life;

    put_text(object, "network", network ? network->name : NULL);
    put_text(object, "step", life->step);
    put_text(object, "why", life->why);
    if (life->attempts)
        json_object_set_new(object, "attempts", json_integer(life->attempts));
    if (life->state == EL_LIFE_INSTALLED)
        put_text(object, "installed_as", life->profile);
    if (life->state == EL_LIFE_INSTALLED)
        json_object_set_new(object, "judged", json_boolean(!life->told));
    if (life->since_s > 0)
        json_object_set_new(object, "since", el_json_time(life->since_s));
    if (life->seen_s > 0)
        json_object_set_new(object, "seen", el_json_time(life->seen_s));
    put_text(object, "uuid", life->uuid);
    put_text(object, "conflict", life->other_uuid);
    put_text(object, "platform", platforms[life->platform % 3]);
    put_text(object, "arch", archs[life->arch % 3]);
}

/* What a person reads first. A reinstallation that was asked for and has not begun is none yet. */
static const char *state_of(const struct el_registry_machine *machine,
                            const struct el_hub_life *known)
{
    if (known && known->life.state >= EL_LIFE_INSTALLING)
        return el_life_state_names[known->life.state];
    if (machine && machine->installed)
        return el_life_state_names[EL_LIFE_INSTALLED];
    if (machine)
        return el_life_state_names[machine->profile[0] ? EL_LIFE_ASSIGNED : EL_LIFE_KNOWN];
    return el_life_state_names[EL_LIFE_DISCOVERED];
}

/* Another card of the same machine, or a firmware that says no UUID of its own. */
static void put_twin(json_t *object, const struct el_node_hub_api *hub, const struct el_life *life)
{
    size_t cursor = 0;
    char mac[EL_MAC_TEXT];

    if (!life->uuid[0])
        return;
    for (const struct el_hub_life *other; (other = el_hub_lives_next(hub->config.lives, &cursor));)
        if (strcmp(other->life.uuid, life->uuid) == 0 &&
            !el_mac_equal(&other->life.mac, &life->mac)) {
            put_text(object, "same_uuid", el_mac_text(&other->life.mac, mac));
            return;
        }
}

json_t *el_hub_machine_json(const struct el_node_hub_api *hub, const struct el_mac *mac)
{
    const struct el_registry_machine *machine = el_registry_machine(hub->registry, mac);
    const struct el_hub_life *known =
        hub->config.lives ? el_hub_lives_find(hub->config.lives, mac) : NULL;
    char text[EL_MAC_TEXT];
    json_t *object =
        json_pack("{s:s, s:s}", "mac", el_mac_text(mac, text), "state", state_of(machine, known));

    if (object && machine)
        put_intent(object, machine);
    if (object && known)
        put_life(object, hub, known);
    if (object && known)
        put_twin(object, hub, &known->life);
    if (object && machine && machine->reinstall && !machine->installed &&
        (!known || known->life.reinstall != machine->reinstall))
        json_object_set_new(object, "reinstall", json_true());
    return object;
}

/* -- which one is meant -- */

/* By name or MAC; one that only has come by, too. 0; EL_ENOENT; a MAC of which nothing is known is
 * found if MAKE. */
static int find(const struct el_node_hub_api *hub, const char *text, bool make, struct el_mac *mac,
                struct el_api_answer *answer)
{
    const struct el_registry_machine *machine = el_registry_machine_by_name(hub->registry, text);

    if (machine) {
        *mac = machine->mac;
        return 0;
    }
    if (el_mac_parse(text, mac) == 0 &&
        (make || el_registry_machine(hub->registry, mac) ||
         (hub->config.lives && el_hub_lives_find(hub->config.lives, mac))))
        return 0;
    el_api_refuse(
        answer, &el_problem_not_found,
        "machine %s: no such machine (el2w machines lists them; a new one is named by its "
        "MAC)",
        text);
    return EL_ENOENT;
}

static void answer_machine(const struct el_node_hub_api *hub, int rc, const struct el_mac *mac,
                           const struct el_err *err, struct el_api_answer *answer)
{
    if (rc < 0)
        el_hub_refuse(answer, rc, err);
    else
        el_api_answer(answer, 200, el_hub_machine_json(hub, mac));
}

/* -- operations -- */

static el_api_handler list_machines, show_machine, set_machine, forget_machine, boot_machine,
    reinstall_machine, render_machine;

static void list_machines(void *arg, const struct el_api_request *request,
                          struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    json_t *list = json_array();
    size_t cursor = 0;

    (void)request;
    for (size_t i = 0; i < el_registry_machine_count(hub->registry); i++)
        json_array_append_new(
            list, el_hub_machine_json(hub, &el_registry_machine_at(hub->registry, i)->mac));
    for (const struct el_hub_life *life;
         hub->config.lives && (life = el_hub_lives_next(hub->config.lives, &cursor));)
        if (!el_registry_machine(hub->registry, &life->life.mac))
            json_array_append_new(list, el_hub_machine_json(hub, &life->life.mac));
    el_api_answer(answer, 200, json_pack("{s:o}", "machines", list));
}

static void show_machine(void *arg, const struct el_api_request *request,
                         struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    struct el_mac mac;

    if (find(hub, el_api_param(request, "machine"), false, &mac, answer) == 0)
        answer_machine(hub, 0, &mac, NULL, answer);
}

static const struct el_registry_words *read_words(const struct el_api_request *request,
                                                  const char *member,
                                                  struct el_registry_words *words)
{
    const json_t *list = json_object_get(request->body, member);
    size_t count = json_array_size(list);

    if (!list)
        return NULL;
    memset(words, 0, sizeof *words);
    words->count = (unsigned)count;
    for (size_t i = 0; i < count && i < EL_REGISTRY_WORDS; i++)
        snprintf(words->items[i], EL_REGISTRY_WORD, "%s",
                 json_string_value(json_array_get(list, i)));
    return words;
}

/* What firmware is to be done by otherwise than others: only what somebody knows how to do. */
static int check_quirks(const struct el_registry_words *quirks, struct el_err *err)
{
    static const char *const known[] = {"local=exit"};

    for (unsigned i = 0; quirks && i < quirks->count; i++) {
        size_t k = 0;
        while (k < sizeof known / sizeof known[0] && strcmp(known[k], quirks->items[i]) != 0)
            k++;
        if (k == sizeof known / sizeof known[0])
            return el_err(err, EL_EINVAL, "quirk %s: is none (there is local=exit)",
                          quirks->items[i]);
    }
    return 0;
}

static int check_profile(const struct el_registry *registry, const char *name, struct el_err *err)
{
    if (!name || !name[0] || el_registry_profile(registry, name))
        return 0;
    return el_err(err, EL_EINVAL, "profile %s: no such profile (el2w profile list)", name);
}

static void set_machine(void *arg, const struct el_api_request *request,
                        struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    struct el_registry_words options, quirks;
    const char *said = el_api_string(request, "address");
    struct el_ip address = {.family = 0};
    struct el_err err = {""};
    struct el_mac mac;
    struct el_registry_machine_change change = {
        .name = el_api_string(request, "name"),
        .profile = el_api_string(request, "profile"),
        .region = el_api_string(request, "region"),
        .address = said ? &address : NULL,
        .options = read_words(request, "options", &options),
        .quirks = read_words(request, "quirks", &quirks),
    };
    int rc = 0;

    if (find(hub, el_api_param(request, "machine"), true, &mac, answer) < 0)
        return;
    if (said && said[0] && el_ip_parse(said, &address) < 0)
        rc = el_err(&err, EL_EINVAL, "address: %s is none", said);
    if (rc == 0)
        rc = check_quirks(change.quirks, &err);
    if (rc == 0)
        rc = check_profile(hub->registry, change.profile, &err);
    if (rc == 0)
        rc = el_registry_machine_set(hub->registry, &mac, &change, request->wall_s, &err);
    answer_machine(hub, rc, &mac, &err, answer);
}

static void boot_machine(void *arg, const struct el_api_request *request,
                         struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    struct el_err err = {""};
    struct el_mac mac;

    if (find(hub, el_api_param(request, "machine"), true, &mac, answer) < 0)
        return;
    int rc = el_registry_machine_boot(hub->registry, &mac, el_api_string(request, "entry"),
                                      request->wall_s, &err);
    answer_machine(hub, rc, &mac, &err, answer);
}

static void reinstall_machine(void *arg, const struct el_api_request *request,
                              struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    struct el_err err = {""};
    struct el_mac mac;

    if (find(hub, el_api_param(request, "machine"), false, &mac, answer) < 0)
        return;
    int rc = el_registry_machine_reinstall(hub->registry, &mac, request->wall_s, &err);
    answer_machine(hub, rc, &mac, &err, answer);
}

/* What is known of it here; the rest only its boot service knows. */
static struct el_profile_facts facts_of(const struct el_node_hub_api *hub,
                                        const struct el_registry_machine *machine,
                                        char ip[EL_IP_TEXT])
{
    const struct el_hub_life *known =
        hub->config.lives ? el_hub_lives_find(hub->config.lives, &machine->mac) : NULL;
    const struct el_registry_network *network =
        known ? el_registry_network_by_vni(hub->registry, known->vni) : NULL;
    struct el_profile_facts facts = {.name = machine->name[0] ? machine->name : NULL,
                                     .mac = machine->mac,
                                     .uuid = known && known->life.uuid[0] ? known->life.uuid : NULL,
                                     .ip = machine->address,
                                     .hub = ip};

    if (!network)
        network = el_registry_network_at(hub->registry, 0);
    snprintf(ip, EL_IP_TEXT, "192.168.77.1");
    if (network) {
        struct el_ip own = el_ip4(el_ip4_number(&network->cidr.ip) + 1);
        el_ip_text(&own, ip);
        facts.prefix_len = network->cidr.len;
    }
    return facts;
}

static void render_machine(void *arg, const struct el_api_request *request,
                           struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    const struct el_registry_machine *machine;
    struct el_profile *profile = NULL;
    struct el_err err = {""};
    struct el_mac mac;
    char ip[EL_IP_TEXT];
    json_t *json = NULL;
    int rc = 0;

    if (find(hub, el_api_param(request, "machine"), false, &mac, answer) < 0)
        return;
    machine = el_registry_machine(hub->registry, &mac);
    if (!machine || !machine->profile[0])
        rc = el_err(&err, EL_EINVAL, "it has no profile");
    if (rc == 0)
        rc = el_hub_profile_get(hub->registry, machine->profile, &profile, &err);
    if (rc == 0) {
        struct el_profile_facts facts = facts_of(hub, machine, ip);
        json = el_hub_render(hub, profile, &facts, el_api_param(request, "file"), &rc, &err);
    }
    if (rc < 0)
        el_hub_refuse(answer, rc, &err);
    else
        el_api_answer(answer, 200, json);
    el_profile_free(profile);
}

/* One that has only come by is known to its boot service alone, which is told by way of the
 * registry. */
static void forget_machine(void *arg, const struct el_api_request *request,
                           struct el_api_answer *answer)
{
    struct el_node_hub_api *hub = arg;
    struct el_registry_machine_change nothing = {.name = NULL};
    struct el_err err = {""};
    struct el_mac mac;
    int rc = 0;

    if (find(hub, el_api_param(request, "machine"), false, &mac, answer) < 0)
        return;
    if (!el_registry_machine(hub->registry, &mac))
        rc = el_registry_machine_set(hub->registry, &mac, &nothing, request->wall_s, &err);
    if (rc == 0)
        rc = el_registry_machine_forget(hub->registry, &mac, request->wall_s, &err);
    if (rc < 0)
        el_hub_refuse(answer, rc, &err);
    else
        el_api_answer(answer, 204, NULL);
}

/* -- events -- */

void el_node_hub_api_life(struct el_node_hub_api *hub, const struct el_hub_life *known,
                          const struct el_life *before, int64_t now_s)
{
    const struct el_life *life = &known->life;
    bool other = !before || before->state != life->state;
    bool conflict =
        life->other_uuid[0] && (!before || strcmp(before->other_uuid, life->other_uuid) != 0);
    char type[EL_EVENTS_TYPE_MAX];

    if (!hub->config.events)
        return;
    snprintf(type, sizeof type, "machine-%s",
             conflict ? "conflict" : el_life_state_names[life->state]);
    if (!other && !conflict)
        return;
    json_t *data = json_pack("{s:o}", "time", el_json_time(now_s));
    json_t *machine = el_hub_machine_json(hub, &life->mac);
    if (data && machine)
        json_object_update(data, machine);
    json_decref(machine);
    el_events_put(hub->config.events, now_s, type, data);
}

/* -- the table -- */

static const char *const states[] = {"discovered", "known",  "assigned", "installing",
                                     "installed",  "failed", NULL};

static const struct el_schema_field word = {.min = 1, .max = EL_REGISTRY_WORD - 1};

#define TEXT(what, most, says)                         \
    {                                                  \
        .name = (what), .max = (most), .about = (says) \
    }
#define WORDS(what, says)                                                                  \
    {                                                                                      \
        .name = (what), .type = EL_SCHEMA_ARRAY, .max = EL_REGISTRY_WORDS, .items = &word, \
        .about = (says)                                                                    \
    }

static const struct el_schema_field machine_fields[] = {
    {.name = "mac", .required = true, .min = 17, .max = 17},
    {.name = "state", .required = true, .values = states},
    {.name = "name", .format = EL_FORMAT_NAME},
    {.name = "profile", .format = EL_FORMAT_NAME, .about = "what it is to be installed with"},
    {.name = "region", .format = EL_FORMAT_NAME, .about = "chosen by a person"},
    {.name = "address", .format = EL_FORMAT_IP, .about = "reserved for it"},
    TEXT("once", EL_REGISTRY_ENTRY - 1, "what its next start is with, once"),
    {.name = "reinstall", .type = EL_SCHEMA_BOOLEAN, .about = "was asked for and has not begun"},
    WORDS("options", "of DHCP"),
    WORDS("quirks", "of its firmware"),
    {.name = "network", .format = EL_FORMAT_INTERFACE, .about = "where it was seen last"},
    TEXT("step", EL_LIFE_STEP - 1, "the last of its installation"),
    TEXT("why", EL_LIFE_WHY - 1, "it failed"),
    {.name = "attempts", .type = EL_SCHEMA_INTEGER, .min = 0, .max = 100},
    {.name = "installed_as", .format = EL_FORMAT_NAME, .about = "the profile"},
    {.name = "judged",
     .type = EL_SCHEMA_BOOLEAN,
     .about = "installed by what it did, as nobody said so"},
    {.name = "since", .format = EL_FORMAT_DATE_TIME, .about = "of the state"},
    {.name = "seen", .format = EL_FORMAT_DATE_TIME, .about = "last"},
    TEXT("uuid", EL_LIFE_UUID - 1, "as its firmware says"),
    TEXT("conflict", EL_LIFE_UUID - 1, "the UUID of another machine with its MAC"),
    TEXT("same_uuid", 17, "the MAC of another with its UUID"),
    TEXT("platform", 8, "bios or efi"),
    TEXT("arch", 8, "of its loader"),
    {0}};
static const struct el_schema machine = {"Machine", "A machine, and how far it has come.",
                                         machine_fields};
static const struct el_schema_field machine_item = {.type = EL_SCHEMA_OBJECT, .object = &machine};
static const struct el_schema_field machines_fields[] = {{.name = "machines",
                                                          .type = EL_SCHEMA_ARRAY,
                                                          .required = true,
                                                          .max = 1 << 20,
                                                          .items = &machine_item},
                                                         {0}};
static const struct el_schema machines = {"Machines", "All of them.", machines_fields};

static const struct el_schema_field change_fields[] = {
    TEXT("name", EL_REGISTRY_NAME - 1, "what is not said stays as it is, \"\" takes it away"),
    TEXT("profile", EL_REGISTRY_NAME - 1, "does not install again what is installed"),
    TEXT("region", EL_REGISTRY_NAME - 1, "instead of where it is"),
    TEXT("address", EL_IP_TEXT - 1, "reserved for it"),
    WORDS("options", "of DHCP"),
    WORDS("quirks", "of its firmware"),
    {0}};
static const struct el_schema change = {"MachineChange", "What is to be otherwise.", change_fields};

static const struct el_schema_field boot_fields[] = {
    {.name = "entry",
     .min = 1,
     .max = EL_REGISTRY_ENTRY - 1,
     .nullable = true,
     .about = "of the menu, or local, or menu; null: not any more"},
    {0}};
static const struct el_schema boot = {"MachineBoot", "What its next start is with.", boot_fields};

static const struct el_schema_field by_machine[] = {
    {.name = "machine", .required = true, .min = 1, .max = 64, .about = "its name or MAC"}, {0}};

static const struct el_schema_field by_file[] = {
    {.name = "machine", .required = true, .min = 1, .max = 64, .about = "its name or MAC"},
    {.name = "file", .format = EL_FORMAT_NAME, .required = true, .about = "of its template"},
    {0}};
static const struct el_api_response rendered_200[] = {{200, &el_hub_rendered, "the file", NULL},
                                                      {0}};
static const struct el_api_response machines_200[] = {{200, &machines, "the machines", NULL}, {0}};
static const struct el_api_response machine_200[] = {{200, &machine, "the machine", NULL}, {0}};
static const struct el_api_response gone_204[] = {{204, NULL, "done", NULL}, {0}};

#define OPERATOR(verb, at, name, says, does, ...)                             \
    {                                                                         \
        .method = EL_API_##verb, .path = (at), .id = (name), .about = (says), \
        .scopes = EL_API_OPERATOR, .handler = (does), __VA_ARGS__             \
    }

const struct el_api_operation el_hub_machine_operations[] = {
    OPERATOR(GET, "/v1/machines", "listMachines", "All machines that were seen or named.",
             list_machines, .responses = machines_200),
    OPERATOR(GET, "/v1/machines/{machine}", "showMachine", "One machine.", show_machine,
             .params = by_machine, .responses = machine_200),
    OPERATOR(PUT, "/v1/machines/{machine}", "setMachine",
             "Says what is wanted of a machine, which is made by its MAC.", set_machine,
             .params = by_machine, .request = &change, .responses = machine_200),
    OPERATOR(DELETE, "/v1/machines/{machine}", "forgetMachine",
             "Forgets it, and what has happened to it.", forget_machine, .params = by_machine,
             .responses = gone_204),
    OPERATOR(POST, "/v1/machines/{machine}/boot", "bootMachine",
             "Its next start, and only that, is with this entry.", boot_machine,
             .params = by_machine, .request = &boot, .responses = machine_200),
    OPERATOR(POST, "/v1/machines/{machine}/reinstall", "reinstallMachine",
             "Installs it again at its next start.", reinstall_machine, .params = by_machine,
             .responses = machine_200),
    OPERATOR(GET, "/v1/machines/{machine}/files/{file}", "renderMachine",
             "A file of its profile as this machine gets it.", render_machine, .params = by_file,
             .responses = rendered_200),
    {0}};
