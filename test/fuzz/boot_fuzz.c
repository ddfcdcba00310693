/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot menu under any entry.conf and any query. Whatever the parser accepts, and whatever a
 * machine says of itself, the script that comes out must be one that iPXE understands line by line.
 *
 * The input is an entry.conf, a NUL, a query, a NUL, a region; what is missing is empty.
 */
#include "base/log.h"
#include "boot/boot.h"
#include "unit/boot_ipxe_script.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The part up to the next NUL; *AT moves behind it. */
static size_t part(const char **at, const char *end)
{
    const char *nul = memchr(*at, 0, (size_t)(end - *at));
    const char *stop = nul ? nul : end;
    size_t len = (size_t)(stop - *at);

    *at = nul ? nul + 1 : end;
    return len;
}

static void check(const char *text, size_t len)
{
    struct ipxe_script script = {.text = text, .len = len};

    if (ipxe_script_ok(&script))
        return;
    fprintf(stderr, "%s\nin\n%.*s", script.wrong, (int)len, text);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct el_boot_config config = {
        .hub = "192.168.77.1", .network = "boot", .timeout_s = 10};
    static struct el_boot *boot;
    static char text[EL_BOOT_SCRIPT_BYTES];
    const char *at = (const char *)data, *end = at + size;
    struct el_boot_visit visit;
    struct el_boot_entry entry;
    struct el_err err;
    char region[64];

    if (!boot) {
        el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
        boot = el_boot_new(&config);
    }
    if (!size)
        return 0;
    const char *conf = at;
    size_t conf_len = part(&at, end);
    const char *query = at;
    size_t query_len = part(&at, end);
    const char *region_at = at;
    size_t region_len = part(&at, end);
    if (region_len >= sizeof region)
        region_len = sizeof region - 1;
    memcpy(region, region_at, region_len);
    region[region_len] = 0;

    size_t count = el_boot_entry_parse("entry", "entry.conf", conf, conf_len, &entry, &err) == 0;
    el_boot_report(boot, query, query_len, EL_S);
    if (el_boot_visit_parse(query, query_len, &visit) != 0)
        memset(&visit, 0, sizeof visit);
    struct el_wire w = el_wire_write(text, sizeof text);
    const struct el_boot_page page = {
        .region = region, .entries = &entry, .count = count, .why = region, .now_ns = EL_S};
    el_boot_menu(boot, &visit, &page, &w);
    if (!el_wire_ok(&w))
        abort(); /* one entry always fits */
    check(text, el_wire_done(&w));
    const struct el_boot_entry *suits = el_boot_entry_for(&visit, &page, "entry");
    w = el_wire_write(text, sizeof text);
    if (suits)
        el_boot_start(boot, &visit, &page, suits, &w);
    else
        el_boot_wait(boot, &visit, &page, &w);
    check(text, el_wire_done(&w));
    w = el_wire_write(text, sizeof text);
    el_boot_local(boot, &visit, &page, &w);
    check(text, el_wire_done(&w));
    return 0;
}
