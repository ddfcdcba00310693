/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of sentences. In each, the first row that applies is said. A word in braces is
 * replaced:
 *
 *     {hub} {port}      where our HTTP is        {ip}              the machine's address
 *     {loader} {what}   files                    {server} {other}  another server's addresses
 *     {asked} {deaf}    how often: "4 times"     {done}            how far: "34 %"
 *     {secs}            how long, in seconds     {text}            what the news itself says
 */
#include "timeline/diagnosis.h"

#include <inttypes.h>
#include <stdio.h>

typedef bool applies(const struct el_timeline_facts *facts, const struct el_timeline_news *news);

/* -- conditions -- */

static bool is_firmware(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    (void)n;
    return f->client == EL_TIMELINE_FIRMWARE;
}

static bool is_ipxe(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    (void)n;
    return f->client == EL_TIMELINE_IPXE;
}

static bool is_system(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    (void)n;
    return f->client == EL_TIMELINE_SYSTEM;
}

static bool is_installing(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    (void)n;
    return f->is_installing;
}

static bool is_installing_system(const struct el_timeline_facts *f,
                                 const struct el_timeline_news *n)
{
    return is_system(f, n) && is_installing(f, n);
}

static bool asked_often(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    (void)n;
    return f->asked > 1;
}

static bool has_no_file(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    return is_firmware(f, n) && !f->loader[0];
}

static bool has_url(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    return is_firmware(f, n) && strstr(f->loader, "://");
}

static bool is_deaf(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    (void)n;
    return f->deaf > 0;
}

/* -- too late -- */

/* What is waited for at each stage. Times are from the peers' own: PXE asks at 0, 4, 12 and 28 s;
 * iPXE opens a card within seconds, but a link behind spanning tree takes 30 s. */
static const struct late {
    enum el_timeline_stage stage;
    unsigned wait_s;
    applies *applies; /* NULL: always */
    const char *text;
} lates[] = {
    {EL_STAGE_LINKED, 40, NULL,
     "its link is up and no DISCOVER came: the switch port is still blocked by spanning tree (set "
     "portfast), or the machine does not boot from the network"},

    {EL_STAGE_OFFERED, 10, asked_often,
     "asked {asked} and never took the offer of {ip}: the offers do not reach it; something "
     "between drops UDP to port 68 (DHCP snooping on a switch, a firewall), or it wants another "
     "server's"},
    {EL_STAGE_OFFERED, 10, NULL,
     "no REQUEST within 10 s of the offer of {ip}: the offer did not reach it, or it took another "
     "server's without saying so"},

    {EL_STAGE_REQUESTED, 10, NULL,
     "took its address and got no acknowledgement: the lease could not be kept here; look at the "
     "hub's log and disk"},

    {EL_STAGE_ADDRESSED, 20, has_no_file,
     "has its address {ip}, and there is no loader for its kind of firmware: it will go on to its "
     "next boot device"},
    {EL_STAGE_ADDRESSED, 20, has_url,
     "has its address {ip} and never fetched {loader}: something between drops TCP to port {port}, "
     "or its firmware's HTTP boot is switched off"},
    {EL_STAGE_ADDRESSED, 20, is_firmware,
     "has its address {ip} and never asked for its loader {loader}: something between drops UDP to "
     "port 69, or its firmware asks another TFTP server (option 66 of another DHCP server?)"},
    {EL_STAGE_ADDRESSED, 30, is_ipxe,
     "iPXE has its address {ip} and never fetched its script: something between drops TCP to "
     "{hub} port {port}"},
    {EL_STAGE_ADDRESSED, 180, is_installing_system,
     "the installer has its address {ip} and never fetched its template: look at its console, and "
     "at the address of the template in the entry's arguments"},

    {EL_STAGE_LOADING, 20, is_deaf,
     "asked for its loader {deaf} and never got block 1: something between drops UDP to "
     "ports above 1023 (TFTP answers from a port of its own; a firewall that knows only port 69)"},
    {EL_STAGE_LOADING, 20, NULL,
     "stopped at {done} of its loader {loader}: packets are lost on the way, or the machine was "
     "switched off"},

    {EL_STAGE_LOADED, 45, NULL,
     "the loader {loader} was loaded, and iPXE never asked for an address: its driver fails on "
     "this "
     "card; the other loader will be tried at the next start"},

    {EL_STAGE_SCRIPTED, 30, NULL,
     "iPXE has its script and never fetched its menu: look at the machine's console"},

    {EL_STAGE_SENT, 60, NULL,
     "was sent to {what} and never fetched its kernel: look at the machine's console"},

    {EL_STAGE_FETCHING, 30, NULL,
     "stopped at {done} of {what}: the way to the machine is gone, or it was switched off"},

    {EL_STAGE_BOOTING, 180, NULL,
     "{what} was loaded, and the system never asked for an address: its kernel has no driver for "
     "this card, or it stopped before; look at its console (console=ttyS0 for a serial one)"},

    {EL_STAGE_TEMPLATED, 900, NULL,
     "the installer has its template, and nothing came after it for 15 min: it may be asking a "
     "question on its console, or does not reach its mirror or DNS"},

    {EL_STAGE_WORKING, 3600, NULL,
     "nothing was heard of its installation for an hour, since {what}: look at its console"},

    {EL_STAGE_HOME, 600, NULL,
     "called home and was not seen starting again for 10 min: it starts from another device, waits "
     "at a prompt, or its link did not come up in time"},
};

static const struct late *find_late(const struct el_timeline_facts *facts)
{
    for (size_t i = 0; i < sizeof lates / sizeof lates[0]; i++)
        if (lates[i].stage == facts->stage && (!lates[i].applies || lates[i].applies(facts, NULL)))
            return &lates[i];
    return NULL;
}

uint64_t el_diagnosis_wait_ns(const struct el_timeline_facts *facts)
{
    const struct late *late = find_late(facts);

    return late ? late->wait_s * EL_S : EL_NEVER;
}

/* -- the wrong step -- */

static bool starts_over_at(const struct el_timeline_facts *f, const struct el_timeline_news *n,
                           enum el_timeline_stage first, enum el_timeline_stage last)
{
    return n->client == EL_TIMELINE_FIRMWARE && f->stage >= first && f->stage <= last;
}

static bool after_loader_uefi(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    return f->is_uefi && starts_over_at(f, n, EL_STAGE_LOADED, EL_STAGE_LOADED);
}

static bool after_loader(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    return starts_over_at(f, n, EL_STAGE_LOADED, EL_STAGE_LOADED);
}

static bool in_loader(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    return starts_over_at(f, n, EL_STAGE_LOADING, EL_STAGE_LOADING);
}

static bool after_kernel(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    return starts_over_at(f, n, EL_STAGE_BOOTING, EL_STAGE_BOOTING);
}

static bool in_kernel(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    return starts_over_at(f, n, EL_STAGE_FETCHING, EL_STAGE_FETCHING);
}

static bool in_installation(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    return f->is_installing && starts_over_at(f, n, EL_STAGE_TEMPLATED, EL_STAGE_WORKING);
}

static bool is_late_first(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    /* The second DISCOVER comes after 4 s, the third after 12. Some count in the other order of
     * bytes: 1 s is 256 then. */
    enum { LATE_S = 12, MOST_S = 200 };

    return n->client == EL_TIMELINE_FIRMWARE && n->secs >= LATE_S && n->secs < MOST_S &&
           el_facts_is_start(f, 0, n) && f->stage == EL_STAGE_NOTHING;
}

static bool knows_mac(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    (void)f;
    return !el_mac_is_zero(&n->other);
}

static bool says(const struct el_timeline_news *n, const char *word)
{
    return n->text && strstr(n->text, word);
}

static bool is_pool(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    (void)f;
    return says(n, "pool-empty");
}

static bool is_offers(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    (void)f;
    return says(n, "too-many-offers");
}

static bool is_relay(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    (void)f;
    return says(n, "relay");
}

static bool is_disk(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    (void)f;
    return says(n, "not-kept");
}

static bool never_began(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    return n->is_deaf && f->deaf > 0;
}

static bool broke(const struct el_timeline_facts *f, const struct el_timeline_news *n)
{
    (void)f;
    return n->state == EL_TIMELINE_BROKEN && !n->is_deaf;
}

static const struct wrong {
    enum el_timeline_kind kind;
    applies *applies;
    const char *text;
} wrongs[] = {
    {EL_TIMELINE_DISCOVER, after_loader_uefi,
     "loaded {loader} and started over: Secure Boot refuses it, or it fails on this card; the "
     "other "
     "loader will be tried"},
    {EL_TIMELINE_DISCOVER, after_loader,
     "loaded {loader} and started over: it fails on this machine; the other loader will be tried"},
    {EL_TIMELINE_DISCOVER, in_loader,
     "started over at {done} of its loader {loader}: packets are lost on the way, or somebody "
     "restarted it"},
    {EL_TIMELINE_DISCOVER, in_kernel,
     "started over at {done} of {what}: too little memory for it, a broken transfer, or somebody "
     "restarted it"},
    {EL_TIMELINE_DISCOVER, after_kernel,
     "started over after {what} was loaded: the kernel stopped at once (wrong processor, Secure "
     "Boot, wrong arguments); look at its console"},
    {EL_TIMELINE_DISCOVER, in_installation,
     "started over in the middle of its installation, after {what}"},
    {EL_TIMELINE_DISCOVER, is_late_first,
     "had been asking for {secs} s before its first DISCOVER came through: the switch port is "
     "blocked at first by spanning tree (set portfast), or the way here was down"},

    {EL_TIMELINE_UNANSWERED, is_pool,
     "got no address: the range is used up; `el2w machines` says who holds what, --dhcp-range "
     "makes "
     "it larger"},
    {EL_TIMELINE_UNANSWERED, is_offers,
     "got no address: too many strangers ask at once for the size of the range; it will be "
     "answered "
     "when offers to others have run out"},
    {EL_TIMELINE_UNANSWERED, is_relay, "asks through a relay that is not to be served: {text}"},
    {EL_TIMELINE_UNANSWERED, is_disk,
     "got no address: its lease could not be written; the hub's disk is full or broken"},

    {EL_TIMELINE_UNANSWERED, NULL, "got no address: {text}"},

    {EL_TIMELINE_OTHER_SERVER, knows_mac,
     "took the offer of another DHCP server: {server} (MAC {other}); take that one off this "
     "network, or serve beside it (--dhcp proxy)"},
    {EL_TIMELINE_OTHER_SERVER, NULL,
     "took the offer of another DHCP server: {server}; take that one off this network, or serve "
     "beside it (--dhcp proxy)"},
    {EL_TIMELINE_DECLINE, NULL,
     "found {ip} in use by another machine, which has it without asking: look for one with a fixed "
     "address out of our range"},
    {EL_TIMELINE_NAK, NULL, "may not have the address that it asked for: {text}"},

    {EL_TIMELINE_LOADER, never_began,
     "asked for {text} {deaf} and never got block 1: something between drops UDP to ports "
     "above 1023 (TFTP answers from a port of its own; a firewall that knows only port 69)"},
    {EL_TIMELINE_LOADER, broke,
     "its loader {text} broke off at {done}: packets are lost on the way, or the firmware gave up"},
    {EL_TIMELINE_KERNEL, broke,
     "{text} broke off at {done}: the way to the machine is gone, or it ran out of memory"},
    {EL_TIMELINE_INITRD, broke,
     "{text} broke off at {done}: the way to the machine is gone, or it ran out of memory"},
    {EL_TIMELINE_FAILED, NULL, "its installation failed: {text}"},
};

/* -- filling in -- */

enum word { HUB, PORT, IP, SERVER, OTHER, ASKED, DEAF, LOADER, WHAT, TEXT, DONE, SECS, WORDS };

static const char *const words[WORDS] = {
    [HUB] = "hub",     [PORT] = "port",   [IP] = "ip",     [SERVER] = "server",
    [OTHER] = "other", [ASKED] = "asked", [DEAF] = "deaf", [LOADER] = "loader",
    [WHAT] = "what",   [TEXT] = "text",   [DONE] = "done", [SECS] = "secs",
};

/* Of what a sentence speaks. */
struct subject {
    const struct el_timeline_facts *facts;
    const struct el_timeline_news *news; /* NULL: none came */
    const struct el_timeline_self *self;
};

static const char *or_else(const char *text, const char *otherwise)
{
    return text && text[0] ? text : otherwise;
}

static void put_number(char to[EL_TIMELINE_TEXT], uint64_t number)
{
    snprintf(to, EL_TIMELINE_TEXT, "%" PRIu64, number);
}

static void put_times(char to[EL_TIMELINE_TEXT], unsigned number)
{
    snprintf(to, EL_TIMELINE_TEXT, number == 1 ? "once" : "%u times", number);
}

static void put_ip(char to[EL_TIMELINE_TEXT], const struct el_ip *ip, const char *otherwise)
{
    char text[EL_IP_TEXT];

    snprintf(to, EL_TIMELINE_TEXT, "%s", ip->family ? el_ip_text(ip, text) : otherwise);
}

static void put_done(char to[EL_TIMELINE_TEXT], uint64_t done, uint64_t total)
{
    if (total)
        snprintf(to, EL_TIMELINE_TEXT, "%u %%", (unsigned)((double)done * 100 / (double)total));
    else
        snprintf(to, EL_TIMELINE_TEXT, "%" PRIu64 " bytes", done);
}

static void put_word(enum word word, const struct subject *s, char to[EL_TIMELINE_TEXT])
{
    static const struct el_timeline_news nothing;
    const struct el_timeline_facts *facts = s->facts;
    const struct el_timeline_news *news = s->news ? s->news : &nothing;
    bool moves = news->state != EL_TIMELINE_MOMENT;
    char mac[EL_MAC_TEXT];
    const char *text = "";

    to[0] = '\0';
    switch (word) {
    case HUB: text = s->self->hub; break;
    case PORT: put_number(to, s->self->http_port); return;
    case IP: put_ip(to, &facts->ip, "an address"); return;
    case SERVER: put_ip(to, &news->ip, "unknown"); return;
    case OTHER: text = el_mac_text(&news->other, mac); break;
    case ASKED: put_times(to, facts->asked); return;
    case DEAF: put_times(to, facts->deaf + news->is_deaf); return;
    case LOADER: text = or_else(facts->loader, "its loader"); break;
    case WHAT: text = or_else(facts->what, "its last step"); break;
    case TEXT: text = or_else(news->text, "it did not say why"); break;
    case DONE:
        put_done(to, moves ? news->done : facts->done, moves ? news->total : facts->total);
        return;
    case SECS: put_number(to, news->secs); return;
    case WORDS: break;
    }
    snprintf(to, EL_TIMELINE_TEXT, "%.*s", EL_TIMELINE_TEXT - 1, text);
}

static size_t append(char text[EL_TIMELINE_TEXT], size_t len, const char *from, size_t n)
{
    size_t room = EL_TIMELINE_TEXT - 1 - len;

    n = n < room ? n : room;
    memcpy(text + len, from, n);
    text[len + n] = '\0';
    return len + n;
}

static size_t append_word(char text[EL_TIMELINE_TEXT], size_t len, const char *name, size_t n,
                          const struct subject *s)
{
    char value[EL_TIMELINE_TEXT];

    for (int i = 0; i < WORDS; i++)
        if (strlen(words[i]) == n && strncmp(words[i], name, n) == 0) {
            put_word((enum word)i, s, value);
            return append(text, len, value, strlen(value));
        }
    return len;
}

static void fill_in(const char *sentence, const struct subject *s, char text[EL_TIMELINE_TEXT])
{
    size_t len = 0;

    text[0] = '\0';
    while (*sentence) {
        size_t plain = strcspn(sentence, "{");
        len = append(text, len, sentence, plain);
        sentence += plain;
        if (!*sentence)
            break;
        size_t n = strcspn(++sentence, "}");
        len = append_word(text, len, sentence, n, s);
        sentence += n + 1;
    }
}

const char *el_diagnosis_late(const struct el_timeline_facts *facts,
                              const struct el_timeline_self *self, char text[EL_TIMELINE_TEXT])
{
    const struct late *late = find_late(facts);

    if (!late)
        return NULL;
    fill_in(late->text, &(struct subject){facts, NULL, self}, text);
    return late->text;
}

const char *el_diagnosis_news(const struct el_timeline_facts *facts,
                              const struct el_timeline_news *news,
                              const struct el_timeline_self *self, char text[EL_TIMELINE_TEXT])
{
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        const struct wrong *wrong = &wrongs[i];
        if (wrong->kind != news->kind || (wrong->applies && !wrong->applies(facts, news)))
            continue;
        fill_in(wrong->text, &(struct subject){facts, news, self}, text);
        return wrong->text;
    }
    return NULL;
}
