/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machines, which loader each gets, and what they report. */
#include "boot/boot.h"

#include "base/log.h"
#include "base/map.h"
#include "boot/boot_internal.h"

#include <stdio.h>
#include <stdlib.h>

struct el_boot *el_boot_new(const struct el_boot_config *config)
{
    struct el_boot *boot = calloc(1, sizeof *boot);

    if (!boot)
        return NULL;
    boot->config = *config;
    boot->by_mac = el_map_new(sizeof(struct el_mac), EL_BOOT_MACHINES_MAX);
    if (!boot->by_mac) {
        free(boot);
        return NULL;
    }
    return boot;
}

void el_boot_free(struct el_boot *boot)
{
    if (!boot)
        return;
    el_map_free(boot->by_mac);
    free(boot);
}

/* -- the machines, the most recently seen one at the end -- */

const struct el_boot_machine *el_boot_machine(const struct el_boot *boot, const struct el_mac *mac)
{
    return el_map_get(boot->by_mac, mac);
}

static void unlink_machine(struct el_boot *boot, struct el_boot_machine *m)
{
    *(m->older ? &m->older->newer : &boot->oldest) = m->newer;
    *(m->newer ? &m->newer->older : &boot->newest) = m->older;
}

static void link_newest(struct el_boot *boot, struct el_boot_machine *m)
{
    m->newer = NULL;
    m->older = boot->newest;
    *(m->older ? &m->older->newer : &boot->oldest) = m;
    boot->newest = m;
}

struct el_boot_machine *el_boot_machine_seen(struct el_boot *boot, const struct el_mac *mac,
                                             uint64_t now_ns)
{
    struct el_boot_machine *m = el_map_get(boot->by_mac, mac);

    if (m) {
        unlink_machine(boot, m);
    } else {
        if (boot->count < EL_BOOT_MACHINES_MAX) {
            m = &boot->machines[boot->count++];
        } else {
            m = boot->oldest;
            unlink_machine(boot, m);
            el_map_del(boot->by_mac, &m->mac);
        }
        *m = (struct el_boot_machine){.mac = *mac};
        el_map_put(boot->by_mac, mac, m); /* there is room: as many keys as machines */
    }
    link_newest(boot, m);
    m->seen_ns = now_ns;
    return m;
}

/* -- which loader -- */

enum {
    VARIANTS = 2,
    /* Within this time of being told a loader, a machine that asks again is still at the same
     * attempt: a retransmission, or PXE's second question at port 4011 with an xid of its own. */
    SAME_ATTEMPT_S = 5,
    /* An iPXE that asks within this time of its machine being told a loader is taken for that
     * loader, however old it says it is: Debian's builds say 1.0.0, as the ROMs that they replace
     * do. So none is ever chained in a circle. */
    CHAIN_AGAIN_S = 120,
};

/*
 * Option 93 to loaders (ipxe/README.md). The first uses the card through the firmware, the second
 * brings its own drivers: each works on machines where the other does not, so a machine that did
 * not come as far as the menu gets the other one next time.
 */
static const struct {
    uint16_t arch;
    const char *files[VARIANTS];
} loaders[] = {
    {0, {"undionly.kpxe", "ipxe.pxe"}}, {7, {"snponly.efi", "ipxe.efi"}},
    {9, {"snponly.efi", "ipxe.efi"}},   {11, {"ipxe-arm64.efi", "ipxe-arm64.efi"}},
    {16, {"snponly.efi", "ipxe.efi"}},  {19, {"ipxe-arm64.efi", "ipxe-arm64.efi"}},
};

static const char *loader_file(uint16_t arch, unsigned variant)
{
    for (size_t i = 0; i < sizeof loaders / sizeof loaders[0]; i++)
        if (loaders[i].arch == arch)
            return loaders[i].files[variant % VARIANTS];
    return NULL;
}

static void say(struct el_boot_loader *loader, const char *why)
{
    snprintf(loader->why, sizeof loader->why, "%s", why);
}

/* A loader that did not lead to the menu is not tried again at once. */
static void begin_attempt(struct el_boot_machine *m, const struct el_boot_client *client)
{
    bool same = client->xid == m->xid || client->now_ns - m->told_ns < SAME_ATTEMPT_S * EL_S;

    if (m->stage == EL_BOOT_NOTHING || !same) {
        if (m->stage == EL_BOOT_LOADER)
            m->variant = (m->variant + 1) % VARIANTS;
        m->stage = EL_BOOT_NOTHING;
        m->xid = client->xid;
    }
    if (client->final && m->stage != EL_BOOT_LOADER) {
        m->stage = EL_BOOT_LOADER;
        m->told_ns = client->now_ns;
    }
}

static void choose_loader(struct el_boot *boot, struct el_boot_machine *m,
                          const struct el_boot_client *client, struct el_boot_loader *loader)
{
    const char *file = loader_file(client->arch, m->variant);

    if (!file) {
        snprintf(loader->why, sizeof loader->why,
                 client->arch == 6 || client->arch == 15
                     ? "32-bit x86 UEFI (architecture %u): there is no iPXE for it"
                     : "architecture %u: no loader for it",
                 client->arch);
        return;
    }
    begin_attempt(m, client);
    file = loader_file(client->arch, m->variant);
    if (m->variant > 0)
        say(loader, "the other loader, since the last attempt did not reach the menu");
    if (client->firmware == EL_BOOT_HTTP)
        snprintf(loader->file, sizeof loader->file, "http://%s/ipxe/%s", boot->config.hub, file);
    else
        snprintf(loader->file, sizeof loader->file, "%s", file);
}

/* What our scripts need: HTTP, menus, and the age from which both work as we use them. An iPXE that
 * does not say its version is taken at its features. */
static bool is_good_ipxe(const struct el_boot_client *client)
{
    const uint8_t *version = client->ipxe_version;

    if (!client->ipxe_http || !client->ipxe_menu)
        return false;
    return !client->ipxe_has_version || version[0] > 1 || (version[0] == 1 && version[1] >= 20);
}

void el_boot_choose(struct el_boot *boot, const struct el_boot_client *client,
                    struct el_boot_loader *loader)
{
    struct el_boot_machine *m = el_boot_machine_seen(boot, &client->mac, client->now_ns);
    /* Told a loader a moment ago, and no menu seen since: this is that loader. */
    bool is_ours = m->stage == EL_BOOT_LOADER && client->xid != m->xid &&
                   client->now_ns - m->told_ns < CHAIN_AGAIN_S * EL_S;

    memset(loader, 0, sizeof *loader);
    if (client->raspberry_pi) {
        say(loader, "Raspberry Pi: it asks TFTP for its firmware's files by itself");
        return;
    }
    if (client->firmware != EL_BOOT_IPXE) {
        choose_loader(boot, m, client, loader);
        return;
    }
    if (is_good_ipxe(client) || is_ours || !loader_file(client->arch, 0)) {
        snprintf(loader->file, sizeof loader->file, "http://%s/boot.ipxe", boot->config.hub);
        return;
    }
    say(loader, "its own iPXE is too old for the menu");
    choose_loader(boot, m, client, loader);
}

/* -- what machines say -- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One character at *AT of a query, advancing it; negative if it is broken. */
static int decode(const char **at, const char *end)
{
    char c = *(*at)++;

    if (c == '+')
        return ' ';
    if (c != '%')
        return (unsigned char)c;
    if (end - *at < 2)
        return EL_EINVAL;
    int high = hex_digit((*at)[0]), low = hex_digit((*at)[1]);
    *at += 2;
    return high < 0 || low < 0 ? EL_EINVAL : high << 4 | low;
}

/* The value of KEY in a URL's query, decoded, as a string. 0; EL_ENOENT: not there; EL_EINVAL:
 * it does not fit, or is broken, or has a NUL in it. */
static int query_value(const char *query, size_t len, const char *key, char *value, size_t capacity)
{
    const char *end = query + len;
    size_t key_len = strlen(key);

    while (query < end) {
        const char *next = memchr(query, '&', (size_t)(end - query));
        const char *stop = next ? next : end;
        if ((size_t)(stop - query) > key_len && query[key_len] == '=' &&
            memcmp(query, key, key_len) == 0) {
            size_t written = 0;
            for (query += key_len + 1; query < stop;) {
                int c = decode(&query, stop);
                if (c <= 0 || written + 1 >= capacity)
                    return EL_EINVAL;
                value[written++] = (char)c;
            }
            value[written] = 0;
            return 0;
        }
        query = next ? next + 1 : end;
    }
    return EL_ENOENT;
}

static int query_mac(const char *query, size_t len, struct el_mac *mac)
{
    char text[EL_MAC_TEXT];

    if (query_value(query, len, "mac", text, sizeof text) != 0)
        return EL_EINVAL;
    if (el_mac_parse(text, mac) != 0 || el_mac_is_group(mac) || el_mac_is_zero(mac))
        return EL_EINVAL;
    return 0;
}

/* Free text: one that does not fit or is broken counts as not said. */
static void query_text(const char *query, size_t len, const char *key, char *value, size_t capacity)
{
    if (query_value(query, len, key, value, capacity) != 0)
        value[0] = 0;
}

/* Of hexadecimal digits, as the first script has it; 0: it is none. */
static uint64_t number_of(const char *text)
{
    uint64_t number = 0;

    for (; *text; text++) {
        int digit = hex_digit(*text);
        if (digit < 0)
            return 0;
        number = number << 4 | (uint64_t)digit;
    }
    return number;
}

int el_boot_visit_parse(const char *query, size_t len, struct el_boot_visit *visit)
{
    char word[EL_BOOT_START_TEXT];

    memset(visit, 0, sizeof *visit);
    if (query_mac(query, len, &visit->mac) != 0)
        return EL_EINVAL;
    /* iPXE's ${buildarch} is that of iPXE: under BIOS it is i386 on every processor. */
    query_text(query, len, "arch", word, sizeof word);
    if (strcmp(word, "x86_64") == 0 || strcmp(word, "i386") == 0)
        visit->arch = EL_BOOT_X86_64;
    else if (strcmp(word, "arm64") == 0)
        visit->arch = EL_BOOT_ARM64;
    query_text(query, len, "platform", word, sizeof word);
    if (strcmp(word, "pcbios") == 0)
        visit->platform = EL_BOOT_BIOS;
    else if (strcmp(word, "efi") == 0)
        visit->platform = EL_BOOT_EFI;
    query_text(query, len, "boot", word, sizeof word);
    visit->start = number_of(word);
    query_text(query, len, "uuid", visit->uuid, sizeof visit->uuid);
    query_text(query, len, "region", visit->region, sizeof visit->region);
    query_text(query, len, "wanted", visit->wanted, sizeof visit->wanted);
    query_text(query, len, "password", visit->password, sizeof visit->password);
    query_text(query, len, "product", visit->product, sizeof visit->product);
    query_text(query, len, "version", visit->version, sizeof visit->version);
    return 0;
}

int el_boot_report(struct el_boot *boot, const char *query, size_t len, uint64_t now_ns)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    char step[EL_BOOT_STEP_BYTES];
    struct el_mac mac;

    if (query_mac(query, len, &mac) != 0 ||
        query_value(query, len, "step", step, sizeof step) != 0 || !step[0] ||
        step[strspn(step, allowed)])
        return EL_EINVAL;
    struct el_boot_machine *m = el_boot_machine_seen(boot, &mac, now_ns);
    m->stage = EL_BOOT_REPORT;
    memcpy(m->step, step, sizeof m->step);
    EL_LOG(EL_LOG_INFO, "boot", "report", EL_MAC("mac", &mac), EL_STR("step", step));
    return 0;
}
