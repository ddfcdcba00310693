/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the seed corpus of dhcp_fuzz, the messages of test/unit/dhcp_packets.h and some that break
 * rules: dhcp_corpus test/fuzz/corpus/dhcp */
#include "unit/dhcp_packets.h"

#include <stdio.h>

static const char *directory;
static int failed;

static void write_packet(const char *name, struct packet p)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    p = packet_end(p);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(p.bytes, 1, p.len, file) != p.len || fclose(file) != 0)
        failed = 1;
}

int main(int argc, char **argv)
{
    struct packet p;

    if (argc != 2)
        return 2;
    directory = argv[1];
    write_packet("discover-edk2", packet_edk2(1, 1));
    write_packet("discover-http-boot", packet_http_boot(1, 1, 16));
    write_packet("discover-bios", packet_bios(1, 1));
    write_packet("discover-ipxe", packet_ipxe(1, 1, 21));
    write_packet("discover-raspberry-pi", packet_raspberry_pi(1));
    write_packet("discover-windows", packet_windows(1, 1));
    write_packet("discover-dhclient", packet_dhclient(1, 1));
    write_packet("discover-duid", packet_duid(1, 1));

    p = packet_edk2(3, 1);
    packet_ip(&p, 54, 0xc0a84d01);
    packet_ip(&p, 50, 0xc0a84d64);
    write_packet("request-selecting", p);
    p = packet_dhclient(3, 1);
    packet_put32(&p, AT_CIADDR, 0xc0a84d64);
    write_packet("request-renewing", p);
    p = packet_dhclient(4, 1);
    packet_ip(&p, 54, 0xc0a84d01);
    packet_ip(&p, 50, 0xc0a84d64);
    write_packet("decline", p);
    p = packet_dhclient(7, 1);
    packet_put32(&p, AT_CIADDR, 0xc0a84d64);
    packet_ip(&p, 54, 0xc0a84d01);
    write_packet("release", p);
    p = packet_windows(8, 1);
    packet_put32(&p, AT_CIADDR, 0xc0a84d64);
    write_packet("inform", p);

    p = packet_dhclient(1, 1);
    packet_put32(&p, AT_GIADDR, 0xc0a84dfe);
    OPTION(&p, 82, 1, 4, 'e', 't', 'h', '0', 5, 4, 192, 168, 77, 0);
    write_packet("relayed-link-selection", p);
    p = packet_begin(1, 1);
    OPTION(&p, 52, 3);
    memcpy(p.bytes + AT_FILE, "\x43\x02xy\xff", 5);
    memcpy(p.bytes + AT_SNAME, "\x43\x02z\x00\xff", 5);
    write_packet("overloaded", p);
    p = packet_begin(1, 1);
    for (int i = 0; i < 5; i++)
        packet_option(&p, 61, p.bytes, 200);
    write_packet("client-id-of-1000-bytes", p);
    p = packet_begin(1, 1);
    packet_option(&p, 119, p.bytes, 255);
    p.bytes[p.len - 256] = 254;
    write_packet("length-off-by-one", p);
    write_packet("bootp", packet_begin(0, 1));
    return failed;
}
