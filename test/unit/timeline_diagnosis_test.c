/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines that are stuck, one for each sentence: what is said of them, and that nothing is said of
 * one that is not. */
#include "timeline_world.h"

/* -- where a machine can be, by what happened before -- */

static struct el_ip address(void)
{
    return el_ip4(0xc0a84d64); /* 192.168.77.100 */
}

static void discover(enum el_timeline_client client, bool is_uefi)
{
    TELL(.kind = EL_TIMELINE_DISCOVER, .client = client, .is_uefi = is_uefi, .text = "PXE");
}

static void offer(enum el_timeline_client client, const char *file)
{
    discover(client, true);
    TELL(.kind = EL_TIMELINE_OFFER, .client = client, .ip = address(), .file = file);
}

static void ack(enum el_timeline_client client, const char *file)
{
    offer(client, file);
    TELL(.kind = EL_TIMELINE_REQUEST, .client = client);
    TELL(.kind = EL_TIMELINE_ACK, .client = client, .ip = address(), .file = file);
}

static void fetch(enum el_timeline_kind kind, const char *name, uint64_t done, uint64_t total)
{
    TELL(.kind = kind, .text = name, .state = EL_TIMELINE_RUNNING, .is_new = true, .total = total);
    TELL(.kind = kind, .text = name, .done = done, .total = total,
         .state = done == total ? EL_TIMELINE_DONE : EL_TIMELINE_RUNNING);
}

static void loaded(void)
{
    ack(EL_TIMELINE_FIRMWARE, "snponly.efi");
    fetch(EL_TIMELINE_LOADER, "snponly.efi", 200000, 200000);
}

static void in_ipxe(void)
{
    loaded();
    ack(EL_TIMELINE_IPXE, "http://192.168.77.1/boot.ipxe");
}

static void in_menu(void)
{
    in_ipxe();
    TELL(.kind = EL_TIMELINE_SCRIPT);
    TELL(.kind = EL_TIMELINE_MENU);
}

static void booting(void)
{
    in_menu();
    TELL(.kind = EL_TIMELINE_INSTALL, .text = "web");
    fetch(EL_TIMELINE_KERNEL, "debian/linux", 8000000, 8000000);
    fetch(EL_TIMELINE_INITRD, "debian/initrd.gz", 30000000, 30000000);
}

static void installing(void)
{
    booting();
    ack(EL_TIMELINE_SYSTEM, NULL);
    fetch(EL_TIMELINE_TEMPLATE, "preseed.cfg", 3000, 3000);
}

/* -- the stories -- */

static void no_portfast(void)
{
    TELL(.kind = EL_TIMELINE_LINK);
    pass(60);
}

static void late_first(void)
{
    TELL(.kind = EL_TIMELINE_DISCOVER, .client = EL_TIMELINE_FIRMWARE, .secs = 32);
}

static void deaf_to_offers(void)
{
    for (unsigned i = 0; i < 3; i++) {
        offer(EL_TIMELINE_FIRMWARE, "undionly.kpxe");
        pass(8);
    }
    pass(10);
}

static void one_offer(void)
{
    offer(EL_TIMELINE_FIRMWARE, "undionly.kpxe");
    pass(10);
}

static void other_server(void)
{
    offer(EL_TIMELINE_FIRMWARE, "undionly.kpxe");
    TELL(.kind = EL_TIMELINE_OTHER_SERVER, .ip = el_ip4(0xc0a80101), .other = {{2, 0, 0, 0, 0, 9}});
}

static void other_server_unseen(void)
{
    offer(EL_TIMELINE_FIRMWARE, "undionly.kpxe");
    TELL(.kind = EL_TIMELINE_OTHER_SERVER, .ip = el_ip4(0xc0a80101));
}

static void pool_empty(void)
{
    discover(EL_TIMELINE_FIRMWARE, false);
    TELL(.kind = EL_TIMELINE_UNANSWERED, .text = "pool-empty");
}

static void too_many_offers(void)
{
    discover(EL_TIMELINE_FIRMWARE, false);
    TELL(.kind = EL_TIMELINE_UNANSWERED, .text = "too-many-offers");
}

static void foreign_relay(void)
{
    discover(EL_TIMELINE_FIRMWARE, false);
    TELL(.kind = EL_TIMELINE_UNANSWERED, .text = "relay-of-another-network");
}

static void disk_full(void)
{
    offer(EL_TIMELINE_FIRMWARE, "undionly.kpxe");
    TELL(.kind = EL_TIMELINE_REQUEST, .client = EL_TIMELINE_FIRMWARE);
    TELL(.kind = EL_TIMELINE_UNANSWERED, .text = "not-kept");
}

static void something_else(void)
{
    discover(EL_TIMELINE_FIRMWARE, false);
    TELL(.kind = EL_TIMELINE_UNANSWERED, .text = "wrong-network");
}

static void no_acknowledgement(void)
{
    offer(EL_TIMELINE_FIRMWARE, "undionly.kpxe");
    TELL(.kind = EL_TIMELINE_REQUEST, .client = EL_TIMELINE_FIRMWARE);
    pass(10);
}

static void refused(void)
{
    TELL(.kind = EL_TIMELINE_NAK, .text = "wrong network");
}

static void conflict(void)
{
    ack(EL_TIMELINE_FIRMWARE, "undionly.kpxe");
    TELL(.kind = EL_TIMELINE_DECLINE);
}

static void no_loader(void)
{
    ack(EL_TIMELINE_FIRMWARE, "");
    pass(20);
}

static void no_http(void)
{
    ack(EL_TIMELINE_FIRMWARE, "http://192.168.77.1/ipxe/snponly.efi");
    pass(20);
}

static void no_tftp(void)
{
    ack(EL_TIMELINE_FIRMWARE, "snponly.efi");
    pass(20);
}

static void no_block(void)
{
    ack(EL_TIMELINE_FIRMWARE, "snponly.efi");
    for (unsigned i = 0; i < 4; i++) {
        TELL(.kind = EL_TIMELINE_LOADER, .text = "snponly.efi", .state = EL_TIMELINE_RUNNING,
             .is_new = true, .total = 200000);
        pass(7);
        TELL(.kind = EL_TIMELINE_LOADER, .text = "snponly.efi", .state = EL_TIMELINE_BROKEN,
             .is_deaf = true, .total = 200000);
    }
}

static void half_a_loader(void)
{
    ack(EL_TIMELINE_FIRMWARE, "snponly.efi");
    fetch(EL_TIMELINE_LOADER, "snponly.efi", 68000, 200000);
    pass(20);
}

static void broken_loader(void)
{
    ack(EL_TIMELINE_FIRMWARE, "snponly.efi");
    TELL(.kind = EL_TIMELINE_LOADER, .text = "snponly.efi", .state = EL_TIMELINE_BROKEN,
         .is_new = true, .done = 68000, .total = 200000);
}

static void restarted_in_loader(void)
{
    ack(EL_TIMELINE_FIRMWARE, "snponly.efi");
    fetch(EL_TIMELINE_LOADER, "snponly.efi", 68000, 200000);
    discover(EL_TIMELINE_FIRMWARE, true);
}

static void no_ipxe(void)
{
    loaded();
    pass(45);
}

static void secure_boot(void)
{
    loaded();
    pass(5);
    discover(EL_TIMELINE_FIRMWARE, true);
}

static void loader_crashed(void)
{
    discover(EL_TIMELINE_FIRMWARE, false);
    TELL(.kind = EL_TIMELINE_OFFER, .client = EL_TIMELINE_FIRMWARE, .ip = address());
    TELL(.kind = EL_TIMELINE_ACK, .client = EL_TIMELINE_FIRMWARE, .file = "undionly.kpxe");
    fetch(EL_TIMELINE_LOADER, "undionly.kpxe", 70000, 70000);
    pass(5);
    discover(EL_TIMELINE_FIRMWARE, false);
}

static void no_script(void)
{
    in_ipxe();
    pass(30);
}

static void no_menu(void)
{
    in_ipxe();
    TELL(.kind = EL_TIMELINE_SCRIPT);
    pass(30);
}

static void no_kernel(void)
{
    in_ipxe();
    TELL(.kind = EL_TIMELINE_SCRIPT);
    TELL(.kind = EL_TIMELINE_INSTALL, .text = "web");
    pass(60);
}

static void half_a_kernel(void)
{
    in_menu();
    fetch(EL_TIMELINE_KERNEL, "debian/linux", 4000000, 8000000);
    pass(30);
}

static void broken_kernel(void)
{
    in_menu();
    TELL(.kind = EL_TIMELINE_KERNEL, .text = "debian/linux", .state = EL_TIMELINE_BROKEN,
         .is_new = true, .done = 4000000, .total = 8000000);
}

static void broken_initrd(void)
{
    in_menu();
    TELL(.kind = EL_TIMELINE_INITRD, .text = "debian/initrd.gz", .state = EL_TIMELINE_BROKEN,
         .is_new = true, .done = 4000000, .total = 8000000);
}

static void restarted_in_kernel(void)
{
    in_menu();
    fetch(EL_TIMELINE_INITRD, "debian/initrd.gz", 15000000, 30000000);
    discover(EL_TIMELINE_FIRMWARE, true);
}

static void panic(void)
{
    booting();
    pass(4);
    discover(EL_TIMELINE_FIRMWARE, true);
}

static void no_driver(void)
{
    booting();
    pass(180);
}

static void no_template(void)
{
    booting();
    ack(EL_TIMELINE_SYSTEM, NULL);
    pass(180);
}

static void a_question(void)
{
    installing();
    pass(900);
}

static void silent_installer(void)
{
    installing();
    fetch(EL_TIMELINE_PACKAGE, "bash_5.2.deb", 1000, 1000);
    pass(3600);
}

static void restarted_installer(void)
{
    installing();
    fetch(EL_TIMELINE_PACKAGE, "bash_5.2.deb", 1000, 1000);
    discover(EL_TIMELINE_FIRMWARE, true);
}

static void said_that_it_failed(void)
{
    installing();
    TELL(.kind = EL_TIMELINE_FAILED, .text = "no disk /dev/sda");
}

static void not_back(void)
{
    installing();
    TELL(.kind = EL_TIMELINE_HOME);
    pass(600);
}

static const struct story {
    void (*happens)(void);
    const char *says; /* a part of it */
} stories[] = {
    {no_portfast, "no DISCOVER came: the switch port is still blocked by spanning tree"},
    {late_first, "asking for 32 s before its first DISCOVER came through"},
    {deaf_to_offers, "asked 3 times and never took the offer of 192.168.77.100"},
    {one_offer, "no REQUEST within 10 s of the offer of 192.168.77.100"},
    {other_server, "another DHCP server: 192.168.1.1 (MAC 02:00:00:00:00:09)"},
    {other_server_unseen, "another DHCP server: 192.168.1.1; take that one off"},
    {pool_empty, "the range is used up"},
    {too_many_offers, "too many strangers"},
    {foreign_relay, "through a relay that is not to be served: relay-of-another-network"},
    {disk_full, "its lease could not be written"},
    {something_else, "got no address: wrong-network"},
    {no_acknowledgement, "took its address and got no acknowledgement"},
    {refused, "may not have the address that it asked for: wrong network"},
    {conflict, "found 192.168.77.100 in use by another machine"},
    {no_loader, "there is no loader for its kind of firmware"},
    {no_http, "never fetched http://192.168.77.1/ipxe/snponly.efi: something between drops TCP to "
              "port 80"},
    {no_tftp, "never asked for its loader snponly.efi"},
    {no_block, "asked for snponly.efi 4 times and never got block 1"},
    {half_a_loader, "stopped at 34 % of its loader snponly.efi"},
    {broken_loader, "its loader snponly.efi broke off at 34 %"},
    {restarted_in_loader, "started over at 34 % of its loader snponly.efi"},
    {no_ipxe, "loader snponly.efi was loaded, and iPXE never asked for an address"},
    {secure_boot, "loaded snponly.efi and started over: Secure Boot refuses it"},
    {loader_crashed, "loaded undionly.kpxe and started over: it fails on this machine"},
    {no_script, "never fetched its script: something between drops TCP to 192.168.77.1 port 80"},
    {no_menu, "has its script and never fetched its menu"},
    {no_kernel, "was sent to web and never fetched its kernel"},
    {half_a_kernel, "stopped at 50 % of debian/linux"},
    {broken_kernel, "debian/linux broke off at 50 %"},
    {broken_initrd, "debian/initrd.gz broke off at 50 %"},
    {restarted_in_kernel, "started over at 50 % of debian/initrd.gz"},
    {panic, "started over after debian/initrd.gz was loaded: the kernel stopped at once"},
    {no_driver, "the system never asked for an address"},
    {no_template, "never fetched its template"},
    {a_question, "nothing came after it for 15 min: it may be asking a question"},
    {silent_installer, "for an hour, since bash_5.2.deb"},
    {restarted_installer, "started over in the middle of its installation, after bash_5.2.deb"},
    {said_that_it_failed, "its installation failed: no disk /dev/sda"},
    {not_back, "called home and was not seen starting again"},
};

static void each_has_its_sentence(void **state)
{
    const struct el_timeline_step *steps[EL_TIMELINE_STEPS];

    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        const struct el_timeline_step *said = NULL;
        unsigned count = 0;
        begin(0);
        stories[i].happens();
        size_t n = steps_of(1, steps);
        for (size_t j = 0; j < n; j++)
            if (steps[j]->kind == EL_TIMELINE_DIAGNOSIS) {
                said = steps[j];
                count++;
            }
        if (!said || !strstr(said->text, stories[i].says))
            fail_msg("of \"%s\" it says: %s", stories[i].says, said ? said->text : "nothing");
        if (count != 1)
            fail_msg("%u diagnoses where one says \"%s\"", count, stories[i].says);
        /* A sentence is whole. */
        assert_true(strlen(said->text) + 1 < EL_TIMELINE_TEXT);
        end();
    }
}

static void nothing_is_wrong(void **state)
{
    const struct el_timeline_step *steps[EL_TIMELINE_STEPS];

    (void)state;
    begin(0);
    installing();
    fetch(EL_TIMELINE_PACKAGE, "bash_5.2.deb", 1000, 1000);
    TELL(.kind = EL_TIMELINE_REPORT, .text = "partitioned");
    pass(1200);
    TELL(.kind = EL_TIMELINE_HOME);
    pass(60);
    /* Its disk has it now. */
    in_ipxe();
    TELL(.kind = EL_TIMELINE_SCRIPT);
    TELL(.kind = EL_TIMELINE_LOCAL);
    pass(20);
    ack(EL_TIMELINE_SYSTEM, NULL);
    pass(86400);
    /* A menu waits for as long as a person likes. */
    in_menu();
    pass(86400);
    size_t n = steps_of(1, steps);
    for (size_t i = 0; i < n; i++)
        if (steps[i]->kind == EL_TIMELINE_DIAGNOSIS)
            fail_msg("%s", steps[i]->text);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_sentence),
        cmocka_unit_test(nothing_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
