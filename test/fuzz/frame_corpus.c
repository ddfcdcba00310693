/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the seed corpora of frame_fuzz, gso_fuzz, gro_fuzz and vnet_fuzz:
 * frame_corpus test/fuzz/corpus */
#include "unit/frame_sample.h"

#include <linux/virtio_net.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 16384 };

static const char *root;

static void save(const char *target, const char *name, const uint8_t *bytes, size_t len)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s/%s", root, target, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static const struct {
    const char *name;
    struct sample sample;
} kinds[] = {
    {"tcp4", {.options = 12}},
    {"tcp4-vlan", {.tags = 1, .options = 40}},
    {"tcp4-qinq-ip-options", {.tags = 2, .ip_options = 8}},
    {"tcp6", {.ip6 = true, .options = 12}},
    {"tcp6-extension", {.ip6 = true, .ip_options = 8}},
    {"udp4", {.udp = true}},
    {"udp6-vlan", {.udp = true, .ip6 = true, .tags = 1}},
};

static struct sample complete(const struct sample *kind, const uint8_t *payload, size_t len)
{
    struct sample s = *kind;

    s.ttl = 64;
    s.flags = 0x18;
    s.id = 65534;
    s.seq = 0xffffff80;
    s.payload = payload;
    s.payload_len = len;
    return s;
}

static void save_others(void)
{
    static const uint8_t arp[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,   1,   8,  6,
                                  0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,   0,   0,  1,
                                  192,  168,  77,   1,    0,    0,    0, 0, 0, 0, 192, 168, 77, 2};
    static const uint8_t vxlan[] = {8, 0, 0, 0, 0, 0, 77, 0};
    static const uint8_t fragment6[] = {
        2, 0, 0, 0, 0, 1, 2,  0, 0, 0, 0, 2, 0x86, 0xdd, 0x60, 0,  0, 0,  0, 16, 44, 64, 0xfd, 0,
        0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0,    1,    0xfd, 0,  0, 0,  0, 0,  0,  0,  0,    0,
        0, 0, 0, 0, 0, 2, 17, 0, 0, 1, 0, 0, 0,    9,    0,    68, 0, 67, 0, 8,  0,  0};

    save("frame", "arp-request", arp, sizeof arp);
    save("frame", "vxlan-header", vxlan, sizeof vxlan);
    save("frame", "ip6-fragment", fragment6, sizeof fragment6);
}

/* The super-frame S behind the header that a TAP interface would give it. */
static void save_vnet(const char *name, const struct sample *s)
{
    static uint8_t file[FILE_MAX];
    struct virtio_net_hdr vnet = {
        .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
        .gso_type = s->udp   ? 5
                    : s->ip6 ? VIRTIO_NET_HDR_GSO_TCPV6
                             : VIRTIO_NET_HDR_GSO_TCPV4,
        .gso_size = 70,
        .csum_start = (uint16_t)sample_l4(s),
        .csum_offset = s->udp ? 6 : 16,
    };
    size_t len = sample_build(file + sizeof vnet, s);
    char other[64];

    vnet.hdr_len = (uint16_t)(len - s->payload_len);
    memcpy(file, &vnet, sizeof vnet);
    save("vnet", name, file, sizeof vnet + len);

    /* The same, not to be cut. */
    vnet.gso_type = VIRTIO_NET_HDR_GSO_NONE;
    memcpy(file, &vnet, sizeof vnet);
    snprintf(other, sizeof other, "%s-whole", name);
    save("vnet", other, file, sizeof vnet + len);
}

int main(int argc, char **argv)
{
    static uint8_t payload[2000], file[FILE_MAX];

    if (argc != 2) {
        fprintf(stderr, "frame_corpus DIRECTORY\n");
        return 2;
    }
    root = argv[1];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7);
    save_others();
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct sample s = complete(&kinds[k].sample, payload, 24);

        save("frame", kinds[k].name, file, sample_build(file, &s));

        /* A super-frame, of which hardly more than the headers matters. */
        s = complete(&kinds[k].sample, payload, 300);
        s.partial = true;
        uint8_t *at = sample_put(file, 1, 1);
        at = sample_put(at, s.udp ? 5 : s.ip6 ? 4 : 1, 1);
        at = sample_put(at, 70, 2);
        at = sample_put(at, (uint32_t)sample_l4(&s), 2);
        at = sample_put(at, s.udp ? 6 : 16, 2);
        at += sample_build(at, &s);
        save("gso", kinds[k].name, file, (size_t)(at - file));
        save_vnet(kinds[k].name, &s);

        /* A train of five segments, the last one short. */
        s.partial = false;
        at = file;
        for (unsigned i = 0; i < 5; i++) {
            struct sample segment = sample_segment(&s, 70, i);
            size_t len = sample_build(at + 3, &segment);

            sample_put(at, 0x80, 1);
            sample_put(at + 1, (uint32_t)len, 2);
            at += 3 + len;
        }
        save("gro", kinds[k].name, file, (size_t)(at - file));
    }
    return 0;
}
