/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tunnel's machine on a UDP socket, and nothing else: it answers ICMP echo inside the tunnel.
 * For tests against other implementations of WireGuard.
 *
 *     wg_echo KEY-FILE LISTEN-PORT PEER-KEY PEER-TUNNEL-ADDRESS/LEN [NAME=VALUE]...
 *
 * with psk=KEY, endpoint=ADDRESS:PORT (then it calls), keepalive=SECONDS, flood=PER-SECOND (it
 * plays being under load: so many handshake messages of strangers). SIGUSR1: it moves to another
 * port. Each event is a line on standard output.
 */
#include "base/csprng.h"
#include "base/time.h"
#include "tunnel/tunnel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t move;

static void on_usr1(int number)
{
    (void)number;
    move = 1;
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "wg_echo: %s\n", what);
    exit(1);
}

static uint64_t clock_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * EL_S + (uint64_t)t.tv_nsec;
}

static void on_event(void *arg, enum el_tunnel_event event, struct el_tunnel_peer *peer)
{
    static const char *const names[] = {"session-up", "session-down", "rekeyed",
                                        "roamed",     "timestamp",    "no-answer"};
    char text[EL_ENDPOINT_TEXT];

    (void)arg;
    printf("%s %s\n", names[event], el_endpoint_text(el_tunnel_peer_endpoint(peer), text));
}

static int listen_on(uint16_t port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) < 0)
        die(strerror(errno));
    return fd;
}

static void send_to(int fd, const struct el_endpoint *to, const uint8_t *bytes, size_t len)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(to->port)};

    at.sin_addr.s_addr = htonl(el_ip4_number(&to->ip));
    if (sendto(fd, bytes, len, 0, (struct sockaddr *)&at, sizeof at) < 0)
        perror("wg_echo: sendto");
}

static uint16_t checksum(const uint8_t *bytes, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* Turns an echo request into its reply, in place; false if it is none. */
static bool echo(uint8_t *ip, size_t len)
{
    uint8_t address[4];

    if (ip[0] != 0x45 || len < 28 || ip[9] != IPPROTO_ICMP || ip[20] != 8)
        return false;
    memcpy(address, ip + 12, 4);
    memcpy(ip + 12, ip + 16, 4);
    memcpy(ip + 16, address, 4);
    ip[20] = 0;
    ip[22] = ip[23] = 0;
    uint16_t sum = checksum(ip + 20, len - 20);
    ip[22] = (uint8_t)(sum >> 8);
    ip[23] = (uint8_t)sum;
    return true;
}

static void receive(struct el_tunnel *tunnel, int fd, uint64_t now_ns)
{
    static uint8_t bytes[65536 + 64], sealed[65536 + 64];
    struct sockaddr_in at;
    socklen_t at_len = sizeof at;
    struct el_tunnel_packet packet;
    ssize_t n = recvfrom(fd, bytes, 65536, 0, (struct sockaddr *)&at, &at_len);

    if (n < 0)
        return;
    struct el_endpoint from = {.ip = el_ip4(ntohl(at.sin_addr.s_addr)), .port = ntohs(at.sin_port)};
    if (el_tunnel_open(tunnel, now_ns, &from, bytes, (size_t)n, &packet) != 1)
        return;
    if (!echo(packet.bytes, packet.len))
        return;
    int len = el_tunnel_seal(tunnel, now_ns, packet.peer, sealed, packet.bytes, packet.len);
    if (len > 0)
        send_to(fd, el_tunnel_peer_endpoint(packet.peer), sealed, (size_t)len);
}

/* Handshake messages from nowhere, good enough to count: a second machine makes the first one, for
 * us, and nobody knows it. */
static void flood(struct el_tunnel *tunnel, const uint8_t our_key[32], uint64_t now_ns,
                  unsigned count)
{
    static uint8_t call[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint nowhere = {.ip = el_ip4(0xc6336401), .port = 9}, to;
    struct el_tunnel_packet packet;
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];

    if (!call[0]) {
        struct el_tunnel_config config = {.peers_max = 1};
        struct el_tunnel_peer_config us = {.endpoint = nowhere};
        struct el_tunnel *stranger;
        struct el_tunnel_peer *peer;
        el_tunnel_key_make(config.private_key);
        el_tunnel_key_public(our_key, us.public_key);
        if (el_tunnel_new(&config, &stranger, NULL) < 0 ||
            el_tunnel_add_peer(stranger, &us, &peer, NULL) < 0)
            die("no stranger");
        el_tunnel_connect(stranger, peer, now_ns);
        el_tunnel_output(stranger, now_ns, call, &to);
        el_tunnel_free(stranger);
    }
    for (; count > 0; count--) {
        memcpy(bytes, call, sizeof bytes);
        el_tunnel_open(tunnel, now_ns, &nowhere, bytes, sizeof bytes, &packet);
    }
}

static const char *option(char **options, const char *name)
{
    for (size_t len = strlen(name); *options; options++)
        if (strncmp(*options, name, len) == 0 && (*options)[len] == '=')
            return *options + len + 1;
    return NULL;
}

static struct el_tunnel *make(char **argv, struct el_tunnel_config *config)
{
    struct el_tunnel_peer_config peer = {.name = "peer"};
    struct el_tunnel_peer *added;
    struct el_tunnel *tunnel;
    struct el_err err;
    char key[EL_TUNNEL_KEY_TEXT] = "";
    FILE *file = fopen(argv[1], "r");

    if (!file || !fgets(key, sizeof key, file) || el_tunnel_key_parse(key, config->private_key) < 0)
        die("no key");
    fclose(file);
    const char *psk = option(argv + 5, "psk");
    const char *endpoint = option(argv + 5, "endpoint");
    const char *keepalive = option(argv + 5, "keepalive");
    peer.keepalive_s = keepalive ? (unsigned)atoi(keepalive) : 0;
    if (el_tunnel_key_parse(argv[3], peer.public_key) < 0 ||
        el_prefix_parse(argv[4], &peer.allowed) < 0 ||
        (psk && el_tunnel_key_parse(psk, peer.psk) < 0) ||
        (endpoint && el_endpoint_parse(endpoint, 51820, &peer.endpoint) < 0))
        die("usage: see its source");
    config->peers_max = 1;
    config->event = on_event;
    config->wall_at_zero_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
    if (el_tunnel_new(config, &tunnel, &err) < 0 ||
        el_tunnel_add_peer(tunnel, &peer, &added, &err) < 0)
        die(err.text);
    if (endpoint)
        el_tunnel_connect(tunnel, added, clock_ns(CLOCK_MONOTONIC));
    return tunnel;
}

int main(int argc, char **argv)
{
    struct el_tunnel_config config = {0};
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
    struct el_endpoint to;
    int len;

    if (argc < 5)
        die("usage: see its source");
    struct el_tunnel *tunnel = make(argv, &config);
    const char *flood_text = option(argv + 5, "flood");
    unsigned per_second = flood_text ? (unsigned)atoi(flood_text) : 0;
    int fd = listen_on((uint16_t)atoi(argv[2]));

    if (per_second) /* it is under load from the first message on */
        flood(tunnel, config.private_key, clock_ns(CLOCK_MONOTONIC), per_second);
    signal(SIGUSR1, on_usr1);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ready\n");
    for (;;) {
        uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
        if (move) {
            close(fd);
            fd = listen_on(0);
            move = 0;
        }
        if (per_second)
            flood(tunnel, config.private_key, now_ns, per_second / 20);
        while ((len = el_tunnel_output(tunnel, now_ns, bytes, &to)) > 0)
            if (el_ip4_number(&to.ip) != 0xc6336401) /* not to strangers */
                send_to(fd, &to, bytes, (size_t)len);
        uint64_t deadline = el_earlier(el_tunnel_deadline_ns(tunnel), now_ns + 50 * EL_MS);
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int wait = deadline > now_ns ? (int)((deadline - now_ns) / EL_MS) + 1 : 0;
        if (poll(&ready, 1, wait) > 0)
            receive(tunnel, fd, clock_ns(CLOCK_MONOTONIC));
    }
}
