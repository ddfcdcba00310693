/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The iPXE scripts.
 *
 * Everything is plain text, so that a serial console shows the same menu. A machine that nobody
 * watches must never be stuck: each wait ends by itself, and a failure leads back to a fresh menu
 * whose time-out tries again.
 *
 * `chain --replace` matters: without it the script that chained goes on when this one exits, and
 * "exit 1", which tells the firmware to try its next boot device, would not get there.
 */
#include "base/log.h"
#include "boot/boot_internal.h"
#include "boot/boot_script.h"

enum { FAILURE_WAIT_S = 30, FETCH_TRIES = 12, FETCH_WAIT_S = 5, ASK_AGAIN_S = 30 };

/* Where the menu is. iPXE fills in what it knows; netX is the card that it is using. */
static void put_menu_url(const struct el_boot *boot, uint64_t start, struct el_wire *w)
{
    el_wire_printf(
        w,
        "http://%s/menu?mac=${netX/mac:hexhyp}&uuid=${uuid}&arch=${buildarch}"
        "&platform=${platform}&version=${version:uristring}&product=${product:uristring}",
        boot->config.hub);
    if (start)
        el_wire_printf(w, "&boot=%016llx", (unsigned long long)start);
}

static void put_fetch_begin(struct el_wire *w)
{
    el_wire_printf(w, "#!ipxe\n"
                      "set tries:int32 0\n"
                      ":fetch\n");
}

static void put_fetch_end(const struct el_boot *boot, struct el_wire *w)
{
    el_wire_printf(w, " ||\n");
    el_wire_printf(w,
                   ":failed\n"
                   "inc tries\n"
                   "iseq ${tries} %d && goto give_up ||\n"
                   "echo No menu from %s, trying again in %d s\n"
                   "sleep %d\n"
                   "goto fetch\n",
                   FETCH_TRIES, boot->config.hub, FETCH_WAIT_S, FETCH_WAIT_S);
    el_wire_printf(w,
                   ":give_up\n"
                   "echo %s does not answer; the machine goes on without it\n"
                   "exit 1\n",
                   boot->config.hub);
}

void el_boot_first_script(const struct el_boot *boot, uint64_t start, struct el_wire *w)
{
    put_fetch_begin(w);
    el_wire_printf(w, "chain --replace --autofree ");
    put_menu_url(boot, start, w);
    put_fetch_end(boot, w);
}

void el_boot_autoexec(const struct el_boot *boot, struct el_wire *w)
{
    put_fetch_begin(w);
    el_wire_printf(w,
                   "dhcp || goto failed\n"
                   "chain --replace --autofree http://%s/boot.ipxe",
                   boot->config.hub);
    put_fetch_end(boot, w);
}

/* -- what is started -- */

static bool has(const char *text)
{
    return text && text[0];
}

static bool suits(const struct el_boot_entry *entry, const struct el_boot_visit *visit)
{
    if (entry->arch && visit->arch && entry->arch != visit->arch)
        return false;
    return !entry->platform || !visit->platform || entry->platform == visit->platform;
}

const struct el_boot_entry *el_boot_entry_for(const struct el_boot_visit *visit,
                                              const struct el_boot_page *page, const char *name)
{
    for (size_t i = 0; i < page->count; i++)
        if (strcmp(page->entries[i].name, name) == 0 && suits(&page->entries[i], visit))
            return &page->entries[i];
    return NULL;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void put_entry_url(const struct el_boot *boot, const struct el_boot_entry *entry,
                          struct el_wire *w)
{
    el_wire_printf(w, "http://%s/images/%s", boot->config.hub, entry->name);
}

/* What may stand in arguments for something else. */
static const char *const marks[] = {"@url@", "@hub@", "@mac@", "@media@"};
enum { MARK_URL, MARK_HUB, MARK_MAC, MARK_MEDIA, MARKS };

static void put_mark(const struct el_boot *boot, const struct el_boot_entry *entry,
                     const struct el_boot_visit *visit, unsigned mark, struct el_wire *w)
{
    char mac[EL_MAC_TEXT];

    if (mark == MARK_HUB)
        el_wire_printf(w, "%s", boot->config.hub);
    else if (mark == MARK_MAC)
        el_wire_printf(w, "%s", el_mac_text(&visit->mac, mac));
    else
        put_entry_url(boot, entry, w);
    if (mark == MARK_MEDIA && entry->media[0])
        el_wire_printf(w, "/%s", entry->media);
}

/* Arguments with what they name in the place of marks. */
static void put_args(const struct el_boot *boot, const struct el_boot_entry *entry,
                     const struct el_boot_visit *visit, struct el_wire *w)
{
    const char *at = entry->args;

    while (*at) {
        unsigned mark = 0;
        while (mark < MARKS && strncmp(at, marks[mark], strlen(marks[mark])) != 0)
            mark++;
        if (mark < MARKS) {
            put_mark(boot, entry, visit, mark, w);
            at += strlen(marks[mark]);
        } else {
            el_wire_put_u8(w, (uint8_t)*at++);
        }
    }
}

/* Windows' boot manager, which wimboot starts, knows its files by their names. */
static bool names_matter(const struct el_boot_entry *entry)
{
    return strcmp(file_name(entry->kernel), "wimboot") == 0;
}

static void put_initrd_name(const struct el_boot_entry *entry, unsigned i, struct el_wire *w)
{
    if (!names_matter(entry))
        el_wire_printf(w, "%u-", i);
    el_wire_printf(w, "%s", file_name(entry->initrd[i]));
}

/*
 * Under UEFI the kernel's stub reads the initrds itself, from the file system that iPXE pretends to
 * be, by the names on its command line; iPXE for BIOS puts all of them behind the kernel. Each gets
 * a name of its own, so that a/initrd and b/initrd are two. Newer iPXE offers the same through
 * LoadFile2 and "initrd.magic"; names work with all.
 */
static void put_kernel(const struct el_boot *boot, const struct el_boot_entry *entry,
                       const struct el_boot_visit *visit, const struct el_boot_page *page,
                       struct el_wire *w)
{
    el_wire_printf(w, "kernel --name kernel ");
    put_entry_url(boot, entry, w);
    el_wire_printf(w, "/%s", entry->kernel);
    if (visit->platform != EL_BOOT_BIOS && !names_matter(entry))
        for (unsigned i = 0; i < entry->initrd_count; i++) {
            el_wire_printf(w, " initrd=");
            put_initrd_name(entry, i, w);
        }
    if (entry->args[0])
        el_wire_printf(w, " ");
    put_args(boot, entry, visit, w);
    if (has(page->args))
        el_wire_printf(w, " %s", page->args);
    el_wire_printf(w, "%s || goto failed\n", names_matter(entry) ? "" : " ${serial}");
    for (unsigned i = 0; i < entry->initrd_count; i++) {
        el_wire_printf(w, "initrd --name ");
        put_initrd_name(entry, i, w);
        el_wire_printf(w, " ");
        put_entry_url(boot, entry, w);
        el_wire_printf(w, "/%s || goto failed\n", entry->initrd[i]);
    }
    el_wire_printf(w, "boot || goto failed\n");
}

static void put_start(const struct el_boot *boot, const struct el_boot_entry *entry,
                      const struct el_boot_visit *visit, const struct el_boot_page *page,
                      struct el_wire *w)
{
    el_wire_printf(w, ":image-%s\nset title ", entry->name);
    el_boot_script_text(w, entry->title);
    el_wire_printf(w, "\nimgfree\n");
    if (entry->kernel[0]) {
        put_kernel(boot, entry, visit, page, w);
        return;
    }
    el_wire_printf(w, "chain --autofree ");
    put_entry_url(boot, entry, w);
    el_wire_printf(w, "/%s", entry->chain);
    if (entry->args[0])
        el_wire_printf(w, " ");
    put_args(boot, entry, visit, w);
    el_wire_printf(w, " || goto failed\ngoto reload\n");
}

/* -- how it ends -- */

/* The disk goes first; under UEFI, and where there is none, the firmware goes on with its own list.
 */
static void put_local(const struct el_boot_visit *visit, const struct el_boot_page *page,
                      struct el_wire *w)
{
    el_wire_printf(w, ":local\n");
    if (visit->platform != EL_BOOT_EFI && !page->exit_only)
        el_wire_printf(w, "iseq ${platform} pcbios && sanboot --no-describe --drive 0x80 ||\n");
    el_wire_printf(w, "exit 1\n");
}

/* An installation that cannot even be started has failed. */
static void put_failure(const struct el_boot *boot, const struct el_boot_page *page,
                        struct el_wire *w)
{
    el_wire_printf(w, ":failed\n"
                      "echo\n"
                      "echo ${title} could not be started; the reason stands above\n");
    if (has(page->token))
        el_wire_printf(w,
                       "imgfetch --name report http://%s/m/%s/failed?why=it+could+not+be+started"
                       " ||\n",
                       boot->config.hub, page->token);
    el_wire_printf(w, "prompt --timeout %d Press a key for the menu, or wait %d s ||\n",
                   FAILURE_WAIT_S * 1000, FAILURE_WAIT_S);
}

static void put_reload(const struct el_boot *boot, const struct el_boot_page *page,
                       struct el_wire *w)
{
    el_wire_printf(w, ":reload\n"
                      "imgfree\n"
                      "chain --replace --autofree ");
    put_menu_url(boot, page->next, w);
    el_wire_printf(w,
                   " ||\n"
                   "prompt --timeout %d No menu from %s; press a key to try again ||\n"
                   "goto reload\n",
                   FAILURE_WAIT_S * 1000, boot->config.hub);
}

/* -- the menu -- */

bool el_boot_erases(const struct el_boot_entry *entry)
{
    return entry->installer[0] != '\0';
}

/* Installers; what only runs; and whatever nobody has recognised. */
static const char *const groups[] = {"Install (erases disks)", "Run", "Boot from the network"};
enum { GROUP_INSTALL, GROUP_RUN, GROUP_OTHER, GROUPS };

static unsigned group_of(const struct el_boot_entry *entry)
{
    return el_boot_erases(entry) ? GROUP_INSTALL : entry->distribution[0] ? GROUP_RUN : GROUP_OTHER;
}

static void put_group(const struct el_boot_visit *visit, const struct el_boot_page *page,
                      unsigned group, struct el_wire *w)
{
    bool empty = true;

    for (size_t i = 0; i < page->count; i++) {
        const struct el_boot_entry *entry = &page->entries[i];
        if (!suits(entry, visit) || group_of(entry) != group)
            continue;
        if (empty)
            el_wire_printf(w, "item --gap %s\n", groups[group]);
        empty = false;
        el_wire_printf(w, "item image-%s ", entry->name);
        el_boot_script_text(w, entry->title);
        el_wire_printf(w, "\n");
    }
}

static void put_items(const struct el_boot *boot, const struct el_boot_visit *visit,
                      const struct el_boot_page *page, struct el_wire *w)
{
    char mac[EL_MAC_TEXT];

    el_wire_printf(w, ":menu\nmenu el2w: network ");
    el_boot_script_text(w, boot->config.network);
    el_wire_printf(w, ", region ");
    el_boot_script_text(w, page->region ? page->region : "unknown");
    el_wire_printf(w, ", %s\n", el_mac_text(&visit->mac, mac));
    if (has(page->why)) {
        el_wire_printf(w, "item --gap ");
        el_boot_script_text(w, page->why);
        el_wire_printf(w, "\n");
    }
    for (unsigned group = 0; group < GROUPS; group++)
        put_group(visit, page, group, w);
    el_wire_printf(w, "item --gap This machine\n"
                      "item local Boot from the local disk\n"
                      "item serial Serial console for what is started: ${serial}\n"
                      "item shell iPXE shell\n");
    if (page->region_count > 0)
        el_wire_printf(w, "item regions Choose another region\n");
    el_wire_printf(w, "item reload Load this menu again\n");
}

/* What the configuration names, or else the first that calls itself the default. */
static const struct el_boot_entry *default_entry(const struct el_boot *boot,
                                                 const struct el_boot_visit *visit,
                                                 const struct el_boot_page *page)
{
    const char *named = boot->config.default_entry;
    const struct el_boot_entry *first = named ? el_boot_entry_for(visit, page, named) : NULL;

    for (size_t i = 0; i < page->count && !first; i++)
        if (page->entries[i].is_default && suits(&page->entries[i], visit))
            first = &page->entries[i];
    return first && page->locked && el_boot_erases(first) ? NULL : first;
}

/* Another menu, of places. A choice is a visit that says it. */
static void put_regions(const struct el_boot *boot, const struct el_boot_page *page,
                        struct el_wire *w)
{
    if (page->region_count == 0)
        return;
    el_wire_printf(w, ":regions\nmenu Where this machine counts as being\n");
    for (size_t i = 0; i < page->region_count; i++)
        el_wire_printf(w, "item region-%s %s\n", page->regions[i], page->regions[i]);
    el_wire_printf(w, "item menu Back\nchoose selected || goto menu\ngoto ${selected}\n");
    for (size_t i = 0; i < page->region_count; i++) {
        el_wire_printf(w, ":region-%s\nchain --replace --autofree ", page->regions[i]);
        put_menu_url(boot, page->next, w);
        el_wire_printf(w, "&region=%s ||\ngoto reload\n", page->regions[i]);
    }
}

/* Where the console has colours: a builder without them says so, and goes on. */
static void put_colours(struct el_wire *w)
{
    el_wire_printf(w, "cpair --foreground 7 --background 4 1 ||\n"
                      "cpair --foreground 4 --background 7 2 ||\n"
                      "cpair --foreground 6 --background 4 3 ||\n");
}

/* One that erases is not started here, if it is locked: it is asked for, with the password. iPXE
 * says it in the address, as the build at hand posts nothing; no log of ours has that part of it.
 */
static void put_choice(const struct el_boot *boot, const struct el_boot_entry *entry,
                       const struct el_boot_visit *visit, const struct el_boot_page *page,
                       struct el_wire *w)
{
    if (!page->locked || !el_boot_erases(entry)) {
        put_start(boot, entry, visit, page, w);
        return;
    }
    el_wire_printf(w,
                   ":image-%s\n"
                   "login || goto menu\n"
                   "chain --replace --autofree ",
                   entry->name);
    put_menu_url(boot, page->next, w);
    el_wire_printf(w, "&wanted=%s&password=${password:uristring} ||\ngoto reload\n", entry->name);
}

/* -- pages -- */

static void begin(struct el_boot *boot, const struct el_boot_visit *visit,
                  const struct el_boot_page *page, const char *what, struct el_wire *w)
{
    el_boot_machine_seen(boot, &visit->mac, page->now_ns)->stage = EL_BOOT_MENU;
    EL_LOG(EL_LOG_INFO, "boot", what, EL_MAC("mac", &visit->mac),
           EL_STR("region", page->region ? page->region : "unknown"),
           EL_STR("uuid", visit->uuid[0] ? visit->uuid : NULL),
           EL_STR("product", visit->product[0] ? visit->product : NULL),
           EL_STR("ipxe", visit->version[0] ? visit->version : NULL),
           EL_STR("why", has(page->why) ? page->why : NULL));
    el_wire_printf(w, "#!ipxe\n");
}

/* A machine of which nobody knows what has become of it is not made to go on by itself. */
void el_boot_menu(struct el_boot *boot, const struct el_boot_visit *visit,
                  const struct el_boot_page *page, struct el_wire *w)
{
    const struct el_boot_entry *first = has(page->why) ? NULL : default_entry(boot, visit, page);

    begin(boot, visit, page, "menu", w);
    put_colours(w);
    put_items(boot, visit, page, w);
    el_wire_printf(w, "choose --default %s%s", first ? "image-" : "local",
                   first ? first->name : "");
    if (boot->config.timeout_s > 0)
        el_wire_printf(w, " --timeout %u", boot->config.timeout_s * 1000);
    el_wire_printf(w, " selected || goto shell\n"
                      "goto ${selected}\n");
    for (size_t i = 0; i < page->count; i++)
        if (suits(&page->entries[i], visit))
            put_choice(boot, &page->entries[i], visit, page, w);
    put_regions(boot, page, w);
    put_local(visit, page, w);
    el_wire_printf(w, ":serial\n"
                      "isset ${serial} && clear serial || "
                      "set serial console=tty0 console=ttyS0,115200\n"
                      "goto menu\n"
                      ":shell\n"
                      "echo Type exit to come back to the menu\n"
                      "shell ||\n"
                      "goto reload\n");
    put_failure(boot, page, w);
    put_reload(boot, page, w);
}

static void put_why(const struct el_boot_page *page, struct el_wire *w)
{
    if (!has(page->why))
        return;
    el_wire_printf(w, "echo ");
    el_boot_script_text(w, page->why);
    el_wire_printf(w, "\n");
}

void el_boot_start(struct el_boot *boot, const struct el_boot_visit *visit,
                   const struct el_boot_page *page, const struct el_boot_entry *entry,
                   struct el_wire *w)
{
    begin(boot, visit, page, "start", w);
    put_why(page, w);
    put_start(boot, entry, visit, page, w);
    put_failure(boot, page, w);
    put_reload(boot, page, w);
}

void el_boot_local(struct el_boot *boot, const struct el_boot_visit *visit,
                   const struct el_boot_page *page, struct el_wire *w)
{
    begin(boot, visit, page, "local", w);
    put_why(page, w);
    put_local(visit, page, w);
}

void el_boot_wait(struct el_boot *boot, const struct el_boot_visit *visit,
                  const struct el_boot_page *page, struct el_wire *w)
{
    char mac[EL_MAC_TEXT];

    begin(boot, visit, page, "wait", w);
    put_why(page, w);
    el_wire_printf(w,
                   "echo This is %s\n"
                   "prompt --timeout %d It asks again in %d s, or when a key is pressed ||\n",
                   el_mac_text(&visit->mac, mac), ASK_AGAIN_S * 1000, ASK_AGAIN_S);
    put_reload(boot, page, w);
}
