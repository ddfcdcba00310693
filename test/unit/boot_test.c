/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which loader, which menu, and what may stand in either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "boot/boot.h"
#include "boot/boot_io.h"
#include "boot/boot_script.h"
#include "unit/boot_ipxe_script.h"

static struct el_boot *boot;
static uint64_t now_ns;
static struct el_boot_loader loader;
static char script[EL_BOOT_SCRIPT_BYTES];
static const struct el_mac mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};

static int with_boot(void **state)
{
    (void)state;
    static const struct el_boot_config config = {
        .hub = "192.168.77.1", .network = "boot", .timeout_s = 10};
    boot = el_boot_new(&config);
    now_ns = 1000 * EL_S;
    return boot ? 0 : -1;
}

static int without_boot(void **state)
{
    (void)state;
    el_boot_free(boot);
    return 0;
}

/* -- loaders -- */

static struct el_boot_client firmware(uint16_t arch)
{
    return (struct el_boot_client){
        .firmware = arch >= 15 ? EL_BOOT_HTTP : EL_BOOT_PXE, .mac = mac, .arch = arch, .xid = 1};
}

static struct el_boot_client ipxe(uint16_t arch, uint8_t minor)
{
    return (struct el_boot_client){.firmware = EL_BOOT_IPXE,
                                   .mac = mac,
                                   .arch = arch,
                                   .xid = 7,
                                   .ipxe_http = true,
                                   .ipxe_menu = true,
                                   .ipxe_has_version = true,
                                   .ipxe_version = {1, minor, 0}};
}

static const char *choose(struct el_boot_client client)
{
    client.now_ns = now_ns;
    el_boot_choose(boot, &client, &loader);
    return loader.file;
}

/* DISCOVER and REQUEST in one transaction; both must get the same. */
static const char *attempt(struct el_boot_client client, uint32_t xid)
{
    char offered[EL_BOOT_FILE_BYTES];

    client.xid = xid;
    snprintf(offered, sizeof offered, "%s", choose(client));
    client.final = true;
    assert_string_equal(choose(client), offered);
    return loader.file;
}

static void each_firmware_gets_its_loader(void **state)
{
    (void)state;
    static const struct {
        uint16_t arch;
        const char *file;
    } expected[] = {
        {0, "undionly.kpxe"},
        {7, "snponly.efi"},
        {9, "snponly.efi"},
        {11, "ipxe-arm64.efi"},
        {16, "http://192.168.77.1/ipxe/snponly.efi"},
        {19, "http://192.168.77.1/ipxe/ipxe-arm64.efi"},
        {6, ""},
        {15, ""},
        {27, ""},
        {0xffff, ""},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_string_equal(choose(firmware(expected[i].arch)), expected[i].file);
    choose(firmware(6));
    assert_non_null(strstr(loader.why, "32-bit x86 UEFI"));
}

static void a_raspberry_pi_gets_no_loader(void **state)
{
    (void)state;
    struct el_boot_client client = firmware(0);
    client.raspberry_pi = true;
    assert_string_equal(choose(client), "");
    assert_non_null(strstr(loader.why, "Raspberry Pi"));
}

static void visit_menu(void)
{
    struct el_boot_visit visit = {.mac = mac};
    struct el_wire w = el_wire_write(script, sizeof script);

    el_boot_menu(boot, &visit, &(struct el_boot_page){.now_ns = now_ns}, &w);
    assert_true(el_wire_ok(&w));
}

/* snponly and full-driver builds fail on disjoint hardware. */
static void a_loader_that_did_not_reach_the_menu_is_not_tried_again(void **state)
{
    (void)state;
    assert_string_equal(attempt(firmware(7), 1), "snponly.efi");
    now_ns += 60 * EL_S;
    assert_string_equal(attempt(firmware(7), 2), "ipxe.efi");
    assert_non_null(strstr(loader.why, "did not reach the menu"));
    now_ns += 60 * EL_S;
    assert_string_equal(attempt(firmware(7), 3), "snponly.efi");
    now_ns += 60 * EL_S;
    assert_string_equal(attempt(firmware(7), 4), "ipxe.efi");
    visit_menu(); /* this one works here, so it stays */
    for (uint32_t xid = 5; xid < 8; xid++) {
        now_ns += 60 * EL_S;
        assert_string_equal(attempt(firmware(7), xid), "ipxe.efi");
        visit_menu();
    }
}

static void retransmissions_and_port_4011_are_the_same_attempt(void **state)
{
    (void)state;
    assert_string_equal(attempt(firmware(0), 1), "undionly.kpxe");
    now_ns += EL_S;
    assert_string_equal(attempt(firmware(0), 1), "undionly.kpxe");
    now_ns += EL_S;
    assert_string_equal(attempt(firmware(0), 99), "undionly.kpxe");
    now_ns += 30 * EL_S;
    assert_string_equal(attempt(firmware(0), 99), "ipxe.pxe");
}

static void a_discover_alone_is_no_attempt(void **state)
{
    (void)state;
    for (uint32_t xid = 1; xid < 5; xid++) {
        struct el_boot_client client = firmware(7);
        client.xid = xid;
        assert_string_equal(choose(client), "snponly.efi");
        now_ns += 60 * EL_S;
    }
}

static void good_ipxe_gets_the_script(void **state)
{
    (void)state;
    static const char url[] = "http://192.168.77.1/boot.ipxe";
    assert_string_equal(attempt(ipxe(0, 21), 1), url);
    assert_string_equal(attempt(ipxe(7, 20), 2), url);
    struct el_boot_client client = ipxe(7, 0);
    client.ipxe_has_version = false;
    assert_string_equal(attempt(client, 3), url);
    client.arch = 6; /* no loader of ours could replace it */
    client.ipxe_menu = false;
    assert_string_equal(attempt(client, 4), url);
}

static void an_old_ipxe_is_chained_to_ours_once(void **state)
{
    (void)state;
    static const char url[] = "http://192.168.77.1/boot.ipxe";
    assert_string_equal(attempt(ipxe(0, 0), 1), "undionly.kpxe");
    assert_non_null(strstr(loader.why, "too old"));
    now_ns += 3 * EL_S;
    assert_string_equal(attempt(ipxe(0, 21), 2), url); /* ours */
    visit_menu();
    now_ns += 60 * EL_S;
    assert_string_equal(attempt(ipxe(0, 0), 3), "undionly.kpxe"); /* the next start */
    now_ns += 10 * EL_S;
    assert_string_equal(attempt(ipxe(0, 0), 4), url); /* ours that looks old: no circle */
    struct el_boot_client client = ipxe(7, 21);
    client.ipxe_http = false;
    client.mac.b[5]++;
    assert_string_equal(attempt(client, 5), "snponly.efi");
}

/* Debian's loaders call themselves 1.0.0, seen from OVMF: they must not be given themselves. */
static void the_loader_that_was_told_is_known_again(void **state)
{
    (void)state;
    static const char url[] = "http://192.168.77.1/boot.ipxe";
    assert_string_equal(attempt(firmware(7), 1), "snponly.efi");
    now_ns += 4 * EL_S;
    assert_string_equal(attempt(ipxe(7, 0), 2), url);
    assert_string_equal(attempt(ipxe(7, 0), 3), url); /* and asks again */
    visit_menu();
    now_ns += 60 * EL_S;
    assert_string_equal(attempt(ipxe(7, 0), 4), "snponly.efi"); /* a ROM's, at the next start */
}

static void the_table_of_machines_forgets_the_oldest(void **state)
{
    (void)state;
    struct el_boot_client client = firmware(7);
    for (unsigned i = 0; i <= EL_BOOT_MACHINES_MAX; i++) {
        client.mac = (struct el_mac){{2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};
        client.mac.b[3] = (uint8_t)(i >> 16);
        choose(client);
    }
    assert_non_null(el_boot_machine(boot, &client.mac));
    assert_null(el_boot_machine(boot, &(struct el_mac){{2, 0, 0, 0, 0, 0}}));
    assert_non_null(el_boot_machine(boot, &(struct el_mac){{2, 0, 0, 0, 0, 1}}));
}

/* -- entries -- */

static int parse(const char *text, struct el_boot_entry *entry, struct el_err *err)
{
    err->text[0] = 0;
    return el_boot_entry_parse("debian", "debian/entry.conf", text, strlen(text), entry, err);
}

static void an_entry_is_read(void **state)
{
    (void)state;
    struct el_boot_entry entry;
    struct el_err err;
    assert_int_equal(parse("# a comment\n"
                           " title = Debian 12 (installer) \r\n"
                           "kernel=linux\n\n"
                           "initrd = initrd.gz\ninitrd = firmware/extra.cpio\n"
                           "args = a=b console=ttyS0 url=@url@/x\n"
                           "arch = x86_64\nplatform = efi\norder = -3\ndefault = yes",
                           &entry, &err),
                     0);
    assert_string_equal(entry.name, "debian");
    assert_string_equal(entry.title, "Debian 12 (installer)");
    assert_string_equal(entry.kernel, "linux");
    assert_int_equal(entry.initrd_count, 2);
    assert_string_equal(entry.initrd[1], "firmware/extra.cpio");
    assert_string_equal(entry.args, "a=b console=ttyS0 url=@url@/x");
    assert_int_equal(entry.arch, EL_BOOT_X86_64);
    assert_int_equal(entry.platform, EL_BOOT_EFI);
    assert_int_equal(entry.order, -3);
    assert_true(entry.is_default);
    assert_int_equal(parse("kernel = k", &entry, &err), 0);
    assert_string_equal(entry.title, "debian");
    assert_int_equal(entry.order, 100);
}

static void an_entry_says_what_its_disk_image_is(void **state)
{
    (void)state;
    struct el_boot_entry entry;
    struct el_err err;
    assert_int_equal(parse("media = debian-12.iso\nkernel = install.amd/vmlinuz\n"
                           "installer = debian\ndistribution = debian\nversion = 12.9\n"
                           "size = 662700032\nsha256 = "
                           "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
                           &entry, &err),
                     0);
    assert_string_equal(entry.media, "debian-12.iso");
    assert_string_equal(entry.installer, "debian");
    assert_string_equal(entry.distribution, "debian");
    assert_string_equal(entry.version, "12.9");
    assert_int_equal(entry.size, 662700032);
    assert_memory_equal(entry.sha256, "00112233445566778899", 20);
    assert_int_equal(parse("kernel = k", &entry, &err), 0);
    assert_string_equal(entry.media, "");
    assert_int_equal(entry.size, 0);
}

static void mistakes_are_explained_with_their_line(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"kernel = k\nkernal = x", "debian/entry.conf:2: kernal: no such key (have: title, kernel"},
        {"title", "debian/entry.conf:1: title: not KEY = VALUE"},
        {"kernel =", "debian/entry.conf:1: kernel: no value"},
        {"kernel = k\nkernel = l", "debian/entry.conf:2: kernel: given twice"},
        {"title = only", "names neither a kernel nor a program to chain"},
        {"chain = a.efi\ninitrd = i", "chain excludes kernel and initrd"},
        {"kernel = ../../etc/passwd", "not a file below this directory"},
        {"kernel = /vmlinuz", "not a file below this directory"},
        {"kernel = a//b", "not a file below this directory"},
        {"kernel = a/", "not a file below this directory"},
        {"kernel = .hidden", "not a file below this directory"},
        {"kernel = a b", "not a file below this directory"},
        {"kernel = a?b", "not a file below this directory"},
        {"kernel = k\nargs = x ${net0/ip}", "debian/entry.conf:2: args: iPXE gives ${ a meaning"},
        {"kernel = k\nargs = quiet || shell", "the word ||"},
        {"kernel = k\nargs = a && b", "the word &&"},
        {"kernel = k\nargs = a ; b", "the word ;"},
        {"kernel = k\nargs = a #b", "a word that begins with #"},
        {"kernel = k\nargs = a\tb\001", "not printable ASCII"},
        {"arch = mips", "arch = mips: unknown (have: any, x86_64, arm64)"},
        {"default = maybe", "default = maybe: unknown (have: no, yes)"},
        {"order = 12x", "order = 12x: not a number"},
        {"media = iso/debian.iso", "not a file beside this one"},
        {"media = .iso", "not a file below this directory"},
        {"installer = a b", "installer = a b: not one word"},
        {"size = 12k", "size = 12k: not a number of bytes"},
        {"size = 1234567890123456789", "not a number of bytes"},
        {"sha256 = 00AA", "not 64 hexadecimal digits"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct el_boot_entry entry;
        struct el_err err;
        assert_true(parse(cases[i][0], &entry, &err) < 0);
        if (!strstr(err.text, cases[i][1]))
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i][1]);
    }
}

static void sizes_are_limited(void **state)
{
    (void)state;
    static char text[20000];
    struct el_boot_entry entry;
    struct el_err err;
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "title = ", 8);
    assert_true(parse(text, &entry, &err) < 0); /* the file */
    text[5000] = 0;
    assert_true(parse(text, &entry, &err) < 0); /* the line */
    text[8 + 81] = 0;
    assert_true(parse(text, &entry, &err) < 0); /* the value */
    assert_non_null(strstr(err.text, "longer than 80 characters"));
    assert_true(parse("initrd=a\ninitrd=a\ninitrd=a\ninitrd=a\ninitrd=a\ninitrd=a\ninitrd=a\n"
                      "initrd=a\ninitrd=a\n",
                      &entry, &err) < 0);
    assert_true(el_boot_entry_parse("a b", "f", "kernel=k", 8, &entry, &err) < 0);
    assert_true(el_boot_entry_parse("d", "f", "kernel=k\0\n", 10, &entry, &err) < 0);
}

/* -- scripts -- */

static void finish(struct el_wire *w)
{
    el_wire_put_u8(w, 0);
    assert_true(el_wire_ok(w));
    struct ipxe_script checked = {.text = script, .len = strlen(script)};
    if (!ipxe_script_ok(&checked))
        fail_msg("%s\nin\n%s", checked.wrong, script);
}

static void the_first_script_fetches_the_menu(void **state)
{
    (void)state;
    struct el_wire w = el_wire_write(script, sizeof script);
    el_boot_first_script(boot, 0xabc, &w);
    finish(&w);
    assert_string_equal(
        script,
        "#!ipxe\n"
        "set tries:int32 0\n"
        ":fetch\n"
        "chain --replace --autofree http://192.168.77.1/menu?mac=${netX/mac:hexhyp}&uuid=${uuid}"
        "&arch=${buildarch}&platform=${platform}&version=${version:uristring}"
        "&product=${product:uristring}&boot=0000000000000abc ||\n"
        ":failed\n"
        "inc tries\n"
        "iseq ${tries} 12 && goto give_up ||\n"
        "echo No menu from 192.168.77.1, trying again in 5 s\n"
        "sleep 5\n"
        "goto fetch\n"
        ":give_up\n"
        "echo 192.168.77.1 does not answer; the machine goes on without it\n"
        "exit 1\n");
}

static void autoexec_configures_the_network_first(void **state)
{
    (void)state;
    struct el_wire w = el_wire_write(script, sizeof script);
    el_boot_autoexec(boot, &w);
    finish(&w);
    const char *dhcp = strstr(script, "\ndhcp || goto failed\n");
    assert_non_null(dhcp);
    assert_true(dhcp < strstr(script, "chain "));
}

static const struct el_boot_entry debian = {
    .name = "debian",
    .title = "Debian 12",
    .kernel = "linux",
    .initrd = {"initrd.gz", "extra/initrd.gz"},
    .initrd_count = 2,
    .args = "url=@url@/p.cfg mac=@mac@ hub=@hub@ iso=@media@ quiet",
    .media = "d.iso",
    .is_default = true};

static const char *menu(const char *query, const char *region, const struct el_boot_entry *entries,
                        size_t count)
{
    struct el_boot_visit visit;
    struct el_wire w = el_wire_write(script, sizeof script);

    assert_int_equal(el_boot_visit_parse(query, strlen(query), &visit), 0);
    const struct el_boot_page page = {
        .region = region, .entries = entries, .count = count, .now_ns = now_ns};
    el_boot_menu(boot, &visit, &page, &w);
    finish(&w);
    return script;
}

static void the_menu_of_a_bios(void **state)
{
    (void)state;
    assert_string_equal(
        menu("mac=52-54-00-12-34-56&platform=pcbios&arch=i386", "mars", &debian, 1),
        "#!ipxe\n"
        "cpair --foreground 7 --background 4 1 ||\n"
        "cpair --foreground 4 --background 7 2 ||\n"
        "cpair --foreground 6 --background 4 3 ||\n"
        ":menu\n"
        "menu el2w: network boot, region mars, 52:54:00:12:34:56\n"
        "item --gap Boot from the network\n"
        "item image-debian Debian 12\n"
        "item --gap This machine\n"
        "item local Boot from the local disk\n"
        "item serial Serial console for what is started: ${serial}\n"
        "item shell iPXE shell\n"
        "item reload Load this menu again\n"
        "choose --default image-debian --timeout 10000 selected || goto shell\n"
        "goto ${selected}\n"
        ":image-debian\n"
        "set title Debian 12\n"
        "imgfree\n"
        "kernel --name kernel http://192.168.77.1/images/debian/linux"
        " url=http://192.168.77.1/images/debian/p.cfg mac=52:54:00:12:34:56 hub=192.168.77.1"
        " iso=http://192.168.77.1/images/debian/d.iso quiet"
        " ${serial} || goto failed\n"
        "initrd --name 0-initrd.gz http://192.168.77.1/images/debian/initrd.gz || goto failed\n"
        "initrd --name 1-initrd.gz http://192.168.77.1/images/debian/extra/initrd.gz"
        " || goto failed\n"
        "boot || goto failed\n"
        ":local\n"
        "iseq ${platform} pcbios && sanboot --no-describe --drive 0x80 ||\n"
        "exit 1\n"
        ":serial\n"
        "isset ${serial} && clear serial || set serial console=tty0 console=ttyS0,115200\n"
        "goto menu\n"
        ":shell\n"
        "echo Type exit to come back to the menu\n"
        "shell ||\n"
        "goto reload\n"
        ":failed\n"
        "echo\n"
        "echo ${title} could not be started; the reason stands above\n"
        "prompt --timeout 30000 Press a key for the menu, or wait 30 s ||\n"
        ":reload\n"
        "imgfree\n"
        "chain --replace --autofree http://192.168.77.1/menu?mac=${netX/mac:hexhyp}&uuid=${uuid}"
        "&arch=${buildarch}&platform=${platform}&version=${version:uristring}"
        "&product=${product:uristring} ||\n"
        "prompt --timeout 30000 No menu from 192.168.77.1; press a key to try again ||\n"
        "goto reload\n");
}

static void entries_stand_apart_by_what_they_do(void **state)
{
    struct el_boot_entry entries[3] = {debian, debian, debian};
    (void)state;
    strcpy(entries[0].name, "other");
    strcpy(entries[1].name, "live");
    strcpy(entries[1].distribution, "debian");
    strcpy(entries[2].name, "install");
    strcpy(entries[2].installer, "debian");
    menu("mac=525400123456", "mars", entries, 3);
    const char *install = strstr(script, "item image-install"),
               *live = strstr(script, "item image-live"),
               *other = strstr(script, "item image-other");
    assert_true(strstr(script, "item --gap Install") < install && install < live && live < other);
}

static void another_region_can_be_chosen(void **state)
{
    static const char regions[2][EL_BOOT_REGION] = {"mars", "venus"};
    struct el_boot_visit visit = {.mac = mac};
    struct el_boot_page page = {
        .entries = &debian, .count = 1, .regions = regions, .region_count = 2};
    struct el_wire w = el_wire_write(script, sizeof script);
    (void)state;
    el_boot_menu(boot, &visit, &page, &w);
    finish(&w);
    assert_non_null(strstr(script, "item regions "));
    assert_non_null(strstr(script, "item region-venus venus\n"));
    assert_non_null(strstr(script, "&region=venus ||\ngoto reload\n"));
    assert_null(strstr(menu("mac=525400123456", "mars", &debian, 1), "regions"));
}

/* What erases disks is not in a menu that is locked, but for a question. */
static void a_locked_menu_asks_for_a_password(void **state)
{
    struct el_boot_visit visit = {.mac = mac};
    struct el_boot_entry entries[2] = {debian, debian};
    struct el_boot_page page = {.entries = entries, .count = 2, .locked = true, .next = 7};
    struct el_wire w = el_wire_write(script, sizeof script);
    (void)state;
    strcpy(entries[0].installer, "debian");
    strcpy(entries[1].name, "live");
    entries[1].is_default = false;
    el_boot_menu(boot, &visit, &page, &w);
    finish(&w);
    assert_null(strstr(script, "/images/debian/linux"));
    assert_non_null(strstr(script, ":image-debian\nlogin || goto menu\nchain --replace "));
    assert_non_null(strstr(script, "&wanted=debian&password=${password:uristring} ||"));
    assert_non_null(strstr(script, "/images/live/linux"));
    assert_non_null(strstr(script, "choose --default local")); /* nor started by waiting */
}

/* What a machine is made to do, without a menu. */

static const char *page_of(enum el_boot_platform platform, bool starts, const char *token,
                           bool waits)
{
    struct el_boot_visit visit = {.mac = mac, .platform = platform};
    struct el_boot_page page = {.entries = &debian,
                                .count = 1,
                                .token = token,
                                .args = token ? "auto=true url=http://x/p" : NULL,
                                .next = 7,
                                .why = "so ${it} is",
                                .now_ns = now_ns};
    struct el_wire w = el_wire_write(script, sizeof script);

    if (starts)
        el_boot_start(boot, &visit, &page, el_boot_entry_for(&visit, &page, "debian"), &w);
    else if (waits)
        el_boot_wait(boot, &visit, &page, &w);
    else
        el_boot_local(boot, &visit, &page, &w);
    finish(&w);
    return script;
}

static void an_installer_is_started_and_its_failure_told(void **state)
{
    (void)state;
    page_of(EL_BOOT_BIOS, true, "abc", false);
    assert_non_null(strstr(script, " quiet auto=true url=http://x/p ${serial} || goto failed\n"));
    assert_non_null(strstr(script, "imgfetch --name report http://192.168.77.1/m/abc/failed?why="));
    assert_non_null(strstr(script, "&boot=0000000000000007 ||"));
    assert_null(strstr(script, "${it}"));
    assert_null(strstr(script, "choose"));
    assert_null(strstr(page_of(EL_BOOT_BIOS, true, NULL, false), "/m/"));
}

static void the_own_disk_is_started_as_the_firmware_needs_it(void **state)
{
    (void)state;
    assert_non_null(strstr(page_of(EL_BOOT_BIOS, false, NULL, false), "sanboot --no-describe"));
    assert_null(strstr(page_of(EL_BOOT_EFI, false, NULL, false), "sanboot"));
    assert_non_null(strstr(script, "\nexit 1\n"));
    assert_null(strstr(script, "chain")); /* it does not come back */
}

static void who_waits_asks_again(void **state)
{
    (void)state;
    page_of(EL_BOOT_BIOS, false, NULL, true);
    assert_non_null(strstr(script, "52:54:00:12:34:56"));
    assert_non_null(strstr(script, "prompt --timeout 30000 "));
    assert_null(strstr(script, "exit"));
}

static void under_uefi_the_kernel_is_told_its_initrds(void **state)
{
    (void)state;
    menu("mac=52-54-00-12-34-56&platform=efi&arch=x86_64", "mars", &debian, 1);
    assert_non_null(strstr(script, "/linux initrd=0-initrd.gz initrd=1-initrd.gz url="));
    assert_null(strstr(script, "sanboot")); /* the firmware's next entry instead */
    assert_non_null(strstr(script, ":local\nexit 1\n"));
}

static void wimboot_gets_its_files_by_name(void **state)
{
    const struct el_boot_entry windows = {
        .name = "win",
        .title = "Windows",
        .kernel = "wimboot",
        .initrd = {"boot/bcd", "sources/boot.wim"},
        .initrd_count = 2,
    };

    (void)state;
    menu("mac=52-54-00-12-34-56&platform=efi&arch=x86_64", "mars", &windows, 1);
    assert_non_null(strstr(
        script, "kernel --name kernel http://192.168.77.1/images/win/wimboot || goto failed\n"
                "initrd --name bcd http://192.168.77.1/images/win/boot/bcd || goto failed\n"
                "initrd --name boot.wim http://192.168.77.1/images/win/sources/boot.wim"
                " || goto failed\n"));
}

static void only_what_suits_the_machine_is_shown(void **state)
{
    (void)state;
    const struct el_boot_entry entries[] = {
        {.name = "a", .title = "A", .kernel = "k", .arch = EL_BOOT_ARM64, .is_default = true},
        {.name = "b", .title = "B", .chain = "b.efi", .platform = EL_BOOT_EFI},
        {.name = "c", .title = "C", .kernel = "k", .arch = EL_BOOT_X86_64},
    };
    menu("mac=525400123456&platform=pcbios&arch=i386", "x", entries, 3);
    assert_null(strstr(script, "image-a"));
    assert_null(strstr(script, "image-b"));
    assert_non_null(strstr(script, "item image-c C\n"));
    assert_non_null(strstr(script, "choose --default local --timeout"));
    menu("mac=525400123456&platform=efi&arch=arm64", "x", entries, 3);
    assert_non_null(strstr(script, "choose --default image-a --timeout"));
    assert_non_null(strstr(script, "chain --autofree http://192.168.77.1/images/b/b.efi ||"));
    assert_null(strstr(script, "image-c"));
    menu("mac=525400123456", "x", entries, 3); /* who does not say sees all */
    assert_non_null(strstr(script, "image-a"));
    assert_non_null(strstr(script, "image-b"));
    assert_non_null(strstr(script, "image-c"));
}

static void without_time_out_the_menu_waits(void **state)
{
    (void)state;
    static const struct el_boot_config config = {.hub = "192.168.77.1", .network = "boot"};
    el_boot_free(boot);
    boot = el_boot_new(&config);
    menu("mac=525400123456", "x", &debian, 1);
    assert_non_null(strstr(script, "choose --default image-debian selected || goto shell\n"));
}

static void the_operator_names_the_default(void **state)
{
    (void)state;
    static const struct el_boot_config config = {
        .hub = "192.168.77.1", .network = "boot", .default_entry = "rescue"};
    const struct el_boot_entry entries[] = {
        debian, {.name = "rescue", .title = "Rescue", .kernel = "k", .arch = EL_BOOT_X86_64}};
    el_boot_free(boot);
    boot = el_boot_new(&config);
    menu("mac=525400123456&arch=x86_64", "x", entries, 2);
    assert_non_null(strstr(script, "choose --default image-rescue selected"));
    menu("mac=525400123456&arch=arm64", "x", entries, 2); /* does not suit it */
    assert_non_null(strstr(script, "choose --default image-debian selected"));
}

static void hostile_text_stays_text(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "${net0/ip}",
        "$${x}",
        "$\001{x}",
        "a || shell",
        "a && reboot",
        "a ; reboot",
        "; x",
        "# x",
        "a\nreboot",
        "a\r\nreboot",
        "\033[2J",
        "caf\303\251",
        "|||| &&&&",
        "--gap",
        "${${x}}",
        "$\n{x}",
        "",
        "   ",
    };
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct el_boot_entry entry = {.name = "e", .kernel = "k"};
        snprintf(entry.title, sizeof entry.title, "%s", hostile[i]);
        menu("mac=525400123456", hostile[i], &entry, 1); /* is checked there */
        assert_null(strstr(script, "\nreboot"));
    }
}

static void a_menu_that_does_not_fit_says_so(void **state)
{
    (void)state;
    struct el_boot_visit visit = {.mac = mac};
    struct el_wire whole = el_wire_write(script, sizeof script);
    const struct el_boot_page page = {
        .region = "x", .entries = &debian, .count = 1, .now_ns = now_ns};
    el_boot_menu(boot, &visit, &page, &whole);
    size_t len = el_wire_done(&whole);
    for (size_t room = 0; room < len; room++) {
        struct el_wire w = el_wire_write(script, room);
        el_boot_menu(boot, &visit, &page, &w);
        assert_false(el_wire_ok(&w));
    }
}

static void the_fullest_menu_fits(void **state)
{
    (void)state;
    static struct el_boot_entry entries[EL_BOOT_ENTRIES_MAX];
    for (size_t i = 0; i < EL_BOOT_ENTRIES_MAX; i++) {
        entries[i] = debian;
        snprintf(entries[i].name, sizeof entries[i].name, "entry-%02zu", i);
        memset(entries[i].args, 'a', 200);
    }
    menu("mac=525400123456", "x", entries, EL_BOOT_ENTRIES_MAX);
}

/* -- what machines say -- */

static void a_visit_is_read_from_its_query(void **state)
{
    (void)state;
    static const char query[] = "uuid=4c4c4544-0036&mac=52-54-00-12-34-56&arch=arm64&platform=efi"
                                "&product=Standard%20PC+%28Q35%29&version=1.21.1&boot=00ff"
                                "&wanted=debian&password=p%26w";
    struct el_boot_visit visit;
    assert_int_equal(el_boot_visit_parse(query, sizeof query - 1, &visit), 0);
    assert_memory_equal(&visit.mac, &mac, sizeof mac);
    assert_int_equal(visit.arch, EL_BOOT_ARM64);
    assert_int_equal(visit.platform, EL_BOOT_EFI);
    assert_string_equal(visit.product, "Standard PC (Q35)");
    assert_string_equal(visit.version, "1.21.1");
    assert_int_equal(visit.start, 255);
    assert_string_equal(visit.wanted, "debian");
    assert_string_equal(visit.password, "p&w");
    static const char *const bad[] = {"",
                                      "mac",
                                      "mac=",
                                      "mac=5254",
                                      "xmac=525400123456",
                                      "mac=525400123456789",
                                      "mac=ffffffffffff",
                                      "mac=000000000000",
                                      "mac=52540012345%3",
                                      "mac=52%0054001234"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(el_boot_visit_parse(bad[i], strlen(bad[i]), &visit), EL_EINVAL);
}

static void a_report_is_a_machine_and_a_word(void **state)
{
    (void)state;
    static const char good[] = "step=booted&mac=52:54:00:12:34:56";
    assert_int_equal(el_boot_report(boot, good, sizeof good - 1, now_ns), 0);
    const struct el_boot_machine *machine = el_boot_machine(boot, &mac);
    assert_non_null(machine);
    assert_int_equal(machine->stage, EL_BOOT_REPORT);
    assert_string_equal(machine->step, "booted");
    static const char *const bad[] = {
        "mac=52:54:00:12:34:56",
        "step=booted",
        "mac=52:54:00:12:34:56&step=",
        "mac=52:54:00:12:34:56&step=a%20b",
        "mac=52:54:00:12:34:56&step=A",
        "mac=52:54:00:12:34:56&step=%0aforged",
        "mac=52:54:00:12:34:56&step=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(el_boot_report(boot, bad[i], strlen(bad[i]), now_ns), EL_EINVAL);
}

/* -- the directory -- */

static char directory[64];

static void write_file(const char *name, const char *text)
{
    char path[160];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_directory(const char *name)
{
    char path[160];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void entries_follow_the_directory(void **state)
{
    (void)state;
    const struct el_boot_entry *list;
    struct el_err err = {.text = ""};
    snprintf(directory, sizeof directory, "/tmp/boot_test.XXXXXX");
    assert_non_null(mkdtemp(directory));
    struct el_boot_entries *entries = el_boot_entries_open(AT_FDCWD, directory, &err);
    assert_non_null(entries);
    assert_int_equal(el_boot_entries_get(entries, &list), 0);

    make_directory("one");
    make_directory("two");
    make_directory("no-entry");
    make_directory(".hidden");
    write_file("one/entry.conf", "title = One\nkernel = k\norder = 2\n");
    write_file("two/entry.conf", "title = Two\nkernel = k\norder = 1\n");
    write_file(".hidden/entry.conf", "kernel = k\n");
    assert_int_equal(el_boot_entries_get(entries, &list), 2);
    assert_string_equal(list[0].title, "Two");
    assert_string_equal(list[1].title, "One");

    write_file("one/entry.conf", "title = Changed\nkernel = k\norder = 0\n");
    assert_int_equal(el_boot_entries_get(entries, &list), 2);
    assert_string_equal(list[0].title, "Changed");

    write_file("two/entry.conf", "broken");
    assert_int_equal(el_boot_entries_get(entries, &list), 1);

    char link[160], fifo[160];
    snprintf(link, sizeof link, "%s/link", directory);
    assert_int_equal(symlink("one", link), 0); /* no second name for an entry */
    make_directory("fifo");
    snprintf(fifo, sizeof fifo, "%s/fifo/entry.conf", directory);
    assert_int_equal(mkfifo(fifo, 0600), 0); /* would wait for ever */
    assert_int_equal(el_boot_entries_get(entries, &list), 1);
    el_boot_entries_close(entries);

    char command[128];
    snprintf(command, sizeof command, "rm -r %s", directory);
    assert_int_equal(system(command), 0);
    assert_null(el_boot_entries_open(AT_FDCWD, directory, &err));
    assert_non_null(strstr(err.text, directory));
}

/* The warnings of one look, as text. */
static const char *warnings_of(struct el_boot_entries *entries)
{
    static char text[2048];
    const struct el_boot_entry *list;
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);

    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    el_log_setup(EL_LOG_WARN, EL_LOG_TEXT);
    size_t count = el_boot_entries_get(entries, &list);
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    assert_int_equal(count, 1); /* it stays in the menu */
    ssize_t len = pread(fileno(file), text, sizeof text - 1, 0);
    assert_true(len >= 0);
    text[len] = '\0';
    fclose(file);
    return text;
}

static void set_mode(const char *name, mode_t mode)
{
    char path[160];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(chmod(path, mode), 0);
}

static void files_that_cannot_be_had_are_named(void **state)
{
    (void)state;
    struct el_err err = {.text = ""};
    const uid_t nobody = 65534, us = geteuid();
    snprintf(directory, sizeof directory, "/tmp/boot_test.XXXXXX");
    assert_non_null(mkdtemp(directory));
    set_mode("", 0755);
    make_directory("one");
    set_mode("one", 0755);
    write_file("one/entry.conf", "kernel = k\ninitrd = a\ninitrd = d\ninitrd = l\n");
    set_mode("one/entry.conf", 0644);
    write_file("one/a", "");
    set_mode("one/a", 0);
    make_directory("one/d");
    set_mode("one/d", 0755);
    char link[160];
    snprintf(link, sizeof link, "%s/one/l", directory);
    assert_int_equal(symlink("entry.conf", link), 0);

    struct el_boot_entries *entries = el_boot_entries_open(AT_FDCWD, directory, &err);
    assert_non_null(entries);
    write_file("one/entry.conf", "kernel = k\ninitrd = a\ninitrd = d\ninitrd = l\norder = 1\n");
    if (us == 0) /* who may read everything */
        assert_int_equal(seteuid(nobody), 0);
    const char *text = warnings_of(entries);
    assert_non_null(strstr(text, "boot: file-missing entry=one file=k\n"));
    assert_non_null(
        strstr(text, "boot: file-unreadable entry=one file=a hint=\"make it readable "));
    assert_non_null(strstr(text, "file=d why=\"not a regular file\"\n"));
    assert_non_null(strstr(text, "file=l why=\"not a regular file\"\n"));
    assert_string_equal(warnings_of(entries), ""); /* once */

    assert_int_equal(seteuid(us), 0);
    write_file("one/k", "");
    set_mode("one/k", 0644);
    set_mode("one/a", 0644);
    if (us == 0)
        assert_int_equal(seteuid(nobody), 0);
    assert_string_equal(warnings_of(entries), "");

    assert_int_equal(seteuid(us), 0);
    set_mode("one/k", 0);
    if (us == 0)
        assert_int_equal(seteuid(nobody), 0);
    text = warnings_of(entries);
    assert_non_null(strstr(text, "file-unreadable entry=one file=k"));
    assert_null(strstr(text, "file=a")); /* nothing has changed there */

    assert_int_equal(seteuid(us), 0);
    write_file("one/entry.conf", "kernel = inside/k\nmedia = m.iso\ninitrd = inside/i\n");
    text = warnings_of(entries); /* what is inside it is not ours to look for */
    assert_non_null(strstr(text, "file-missing entry=one file=m.iso\n"));
    assert_null(strstr(text, "inside"));
    el_boot_entries_close(entries);

    char command[128];
    snprintf(command, sizeof command, "rm -r %s", directory);
    assert_int_equal(system(command), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, with_boot, without_boot)
    const struct CMUnitTest tests[] = {
        TEST(each_firmware_gets_its_loader),
        TEST(a_raspberry_pi_gets_no_loader),
        TEST(a_loader_that_did_not_reach_the_menu_is_not_tried_again),
        TEST(retransmissions_and_port_4011_are_the_same_attempt),
        TEST(a_discover_alone_is_no_attempt),
        TEST(good_ipxe_gets_the_script),
        TEST(an_old_ipxe_is_chained_to_ours_once),
        TEST(the_loader_that_was_told_is_known_again),
        TEST(the_table_of_machines_forgets_the_oldest),
        TEST(an_entry_is_read),
        TEST(an_entry_says_what_its_disk_image_is),
        TEST(mistakes_are_explained_with_their_line),
        TEST(sizes_are_limited),
        TEST(the_first_script_fetches_the_menu),
        TEST(autoexec_configures_the_network_first),
        TEST(an_installer_is_started_and_its_failure_told),
        TEST(the_own_disk_is_started_as_the_firmware_needs_it),
        TEST(who_waits_asks_again),
        TEST(entries_stand_apart_by_what_they_do),
        TEST(another_region_can_be_chosen),
        TEST(a_locked_menu_asks_for_a_password),
        TEST(the_menu_of_a_bios),
        TEST(under_uefi_the_kernel_is_told_its_initrds),
        TEST(wimboot_gets_its_files_by_name),
        TEST(only_what_suits_the_machine_is_shown),
        TEST(without_time_out_the_menu_waits),
        TEST(the_operator_names_the_default),
        TEST(hostile_text_stays_text),
        TEST(a_menu_that_does_not_fit_says_so),
        TEST(the_fullest_menu_fits),
        TEST(a_visit_is_read_from_its_query),
        TEST(a_report_is_a_machine_and_a_word),
        TEST(entries_follow_the_directory),
        TEST(files_that_cannot_be_had_are_named),
    };
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
