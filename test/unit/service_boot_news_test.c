/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What DHCP, TFTP and HTTP see, as news of a machine. */
#include "service/boot_news.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct el_boot_entry entries[] = {
    {.name = "debian", .kernel = "install/linux", .initrd = {"initrd.gz"}, .initrd_count = 1},
    {.name = "efi", .chain = "shell.efi"},
};

/* -- HTTP -- */

static bool http(const char *path, enum el_http_seen_kind kind, int status,
                 struct el_boot_news *news)
{
    const struct el_http_param step = {"step", "booted"};
    const struct el_http_request request = {
        .method = EL_HTTP_GET, .path = path, .params = &step, .param_count = 1};
    const struct el_http_seen seen = {
        .kind = kind, .request = &request, .status = status, .done = 10, .total = 100};

    return el_boot_news_of_http(&seen, entries, 2, news);
}

static void requests_are_steps(void **state)
{
    static const struct {
        const char *path;
        enum el_timeline_kind kind;
        const char *text;
    } rows[] = {
        {"/boot.ipxe", EL_TIMELINE_SCRIPT, ""},
        {"/menu", EL_TIMELINE_MENU, ""},
        {"/report", EL_TIMELINE_REPORT, "booted"},
        {"/ipxe/snponly.efi", EL_TIMELINE_LOADER, "snponly.efi"},
        {"/images/debian/install/linux", EL_TIMELINE_KERNEL, "debian/install/linux"},
        {"/images/debian/initrd.gz", EL_TIMELINE_INITRD, "debian/initrd.gz"},
        {"/images/efi/shell.efi", EL_TIMELINE_KERNEL, "efi/shell.efi"},
        {"/images/debian/pool/b/bash.deb", EL_TIMELINE_PACKAGE, "debian/pool/b/bash.deb"},
        {"/images/debian/debian.iso", EL_TIMELINE_FILE, "debian/debian.iso"},
        {"/images/debia/install/linux", EL_TIMELINE_FILE, "debia/install/linux"},
        {"/images/debian2/install/linux", EL_TIMELINE_FILE, "debian2/install/linux"},
        {"/m/ABCDEF/preseed.cfg", EL_TIMELINE_TEMPLATE, "preseed.cfg"},
    };
    struct el_boot_news news;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(http(rows[i].path, EL_HTTP_SEEN_BEGIN, 200, &news));
        assert_int_equal(news.news.kind, rows[i].kind);
        assert_string_equal(news.news.text, rows[i].text);
    }
}

static void a_token_is_not_told(void **state)
{
    struct el_boot_news news;

    (void)state;
    assert_false(http("/m/ABCDEF/done", EL_HTTP_SEEN_BEGIN, 200, &news));
    assert_false(http("/m/ABCDEF/failed", EL_HTTP_SEEN_BEGIN, 200, &news));
    assert_false(http("/m/ABCDEF", EL_HTTP_SEEN_BEGIN, 200, &news));
    assert_true(http("/m/ABCDEF/user-data", EL_HTTP_SEEN_BEGIN, 200, &news));
    assert_null(strstr(news.news.text, "ABCDEF"));
}

static void what_was_refused_is_none(void **state)
{
    struct el_boot_news news;

    (void)state;
    assert_false(http("/images/debian/none", EL_HTTP_SEEN_BEGIN, 404, &news));
    assert_false(http("/menu", EL_HTTP_SEEN_BEGIN, 400, &news));
    assert_false(http("/elsewhere", EL_HTTP_SEEN_BEGIN, 200, &news));
    /* A page is one moment, not two. */
    assert_false(http("/menu", EL_HTTP_SEEN_END, 200, &news));
}

static void replies_have_their_states(void **state)
{
    static const char path[] = "/images/debian/initrd.gz";
    struct el_boot_news news;

    (void)state;
    assert_true(http(path, EL_HTTP_SEEN_BEGIN, 200, &news));
    assert_true(news.news.is_new);
    assert_int_equal(news.news.state, EL_TIMELINE_RUNNING);
    assert_true(http(path, EL_HTTP_SEEN_GOES_ON, 200, &news));
    assert_false(news.news.is_new);
    assert_int_equal(news.news.done, 10);
    assert_int_equal(news.news.total, 100);
    assert_true(http(path, EL_HTTP_SEEN_END, 200, &news));
    assert_int_equal(news.news.state, EL_TIMELINE_DONE);
    assert_true(http(path, EL_HTTP_SEEN_ABORTED, 200, &news));
    assert_int_equal(news.news.state, EL_TIMELINE_BROKEN);
}

/* -- TFTP -- */

static void tftp(enum el_tftp_outcome outcome, uint64_t bytes, bool is_confirmed,
                 struct el_boot_news *news)
{
    const struct el_tftp_report report = {.name = "/snponly.efi",
                                          .outcome = outcome,
                                          .is_confirmed = is_confirmed,
                                          .bytes = bytes,
                                          .total = 1000};

    assert_true(el_boot_news_of_tftp(&report, news));
    assert_int_equal(news->news.kind, EL_TIMELINE_LOADER);
    assert_string_equal(news->news.text, "snponly.efi");
}

static void transfers_have_their_states(void **state)
{
    struct el_boot_news news;

    (void)state;
    tftp(EL_TFTP_RUNNING, 500, true, &news);
    assert_int_equal(news.news.state, EL_TIMELINE_RUNNING);
    tftp(EL_TFTP_UNANSWERED, 500, true, &news);
    assert_int_equal(news.news.state, EL_TIMELINE_DONE);
    tftp(EL_TFTP_ABORTED, 0, true, &news);
    assert_int_equal(news.news.state, EL_TIMELINE_PROBED);
    tftp(EL_TFTP_ABORTED, 500, true, &news);
    assert_int_equal(news.news.state, EL_TIMELINE_BROKEN);
    tftp(EL_TFTP_TIMEOUT, 0, false, &news);
    assert_int_equal(news.news.state, EL_TIMELINE_BROKEN);
    assert_true(news.news.is_deaf);
    tftp(EL_TFTP_TIMEOUT, 500, true, &news);
    assert_false(news.news.is_deaf);
}

static void ipxes_own_script_is_one(void **state)
{
    const struct el_tftp_report report = {
        .name = "autoexec.ipxe", .outcome = EL_TFTP_RUNNING, .is_new = true};
    struct el_boot_news news;

    (void)state;
    assert_true(el_boot_news_of_tftp(&report, &news));
    assert_int_equal(news.news.kind, EL_TIMELINE_SCRIPT);
}

/* -- DHCP -- */

static void messages_are_steps(void **state)
{
    struct el_dhcp_client client = {.kind = EL_DHCP_CLIENT_PXE,
                                    .arch = EL_DHCP_ARCH_X64_BC,
                                    .mac = {{2, 0, 0, 0, 0, 1}},
                                    .secs = 12};
    struct el_dhcp_seen seen = {
        .kind = EL_DHCP_SEEN_DISCOVER, .client = &client, .file = "", .why = ""};
    struct el_boot_news news;

    (void)state;
    assert_true(el_boot_news_of_dhcp(&seen, &news));
    assert_int_equal(news.news.kind, EL_TIMELINE_DISCOVER);
    assert_int_equal(news.news.client, EL_TIMELINE_FIRMWARE);
    assert_true(news.news.is_uefi);
    assert_int_equal(news.news.secs, 12);
    assert_string_equal(news.news.text, "PXE x64-uefi");

    seen.kind = EL_DHCP_SEEN_ACK;
    seen.ip = el_ip4(0xc0a84d64);
    seen.file = "snponly.efi";
    assert_true(el_boot_news_of_dhcp(&seen, &news));
    assert_int_equal(news.news.kind, EL_TIMELINE_ACK);
    assert_string_equal(news.news.text, "192.168.77.100, snponly.efi");
    assert_string_equal(news.news.file, "snponly.efi");

    seen.kind = EL_DHCP_SEEN_ELSEWHERE;
    assert_true(el_boot_news_of_dhcp(&seen, &news));
    assert_int_equal(news.news.kind, EL_TIMELINE_OTHER_SERVER);
    assert_true(el_ip_equal(&news.news.ip, &seen.ip));

    seen.kind = EL_DHCP_SEEN_UNANSWERED;
    seen.why = "pool-empty";
    assert_true(el_boot_news_of_dhcp(&seen, &news));
    assert_string_equal(news.news.text, "pool-empty");
    seen.kind = EL_DHCP_SEEN_INFORM;
    assert_false(el_boot_news_of_dhcp(&seen, &news));

    client.kind = EL_DHCP_CLIENT_OS;
    client.arch = EL_DHCP_ARCH_NONE;
    seen.kind = EL_DHCP_SEEN_DISCOVER;
    assert_true(el_boot_news_of_dhcp(&seen, &news));
    assert_string_equal(news.news.text, "system");
    assert_int_equal(news.news.client, EL_TIMELINE_SYSTEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_steps),          cmocka_unit_test(a_token_is_not_told),
        cmocka_unit_test(what_was_refused_is_none),    cmocka_unit_test(replies_have_their_states),
        cmocka_unit_test(transfers_have_their_states), cmocka_unit_test(ipxes_own_script_is_one),
        cmocka_unit_test(messages_are_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
