/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nfs HOST PORT MOUNT-PORT PATH SECONDS: a client that does nothing with what it gets. PATH has the
 * file `large` and the directory `many`. Prints, each measured for SECONDS over one TCP connection
 * with 16 calls under way:
 *
 *     read GIGABITS        sequential READ of 1 MiB each
 *     getattr CALLS        a second, of one file
 *     lookup CALLS         a second, of one name after the other
 *     readdirplus NAMES    a second, of the whole directory again and again, one call after the
 * other
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "nfs/rpc.h"

enum { DEPTH = 16, BLOCK = 1 << 20, REPLY = BLOCK + 4096, NAMES = 10000 };

struct handle {
    uint8_t bytes[EL_NFS_HANDLE_MAX];
    size_t len;
};

static uint8_t call[4096], reply[REPLY];
static uint32_t xid;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int open_connection(const char *host, const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int s = socket(AF_INET, SOCK_STREAM, 0);

    for (uint16_t local = 1023; local > 700; local--) { /* as a kernel does */
        struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(local)};
        if (bind(s, (struct sockaddr *)&from, sizeof from) == 0)
            break;
    }
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1 ||
        connect(s, (struct sockaddr *)&to, sizeof to) != 0)
        die(host);
    return s;
}

static struct el_wire begin(uint32_t program, uint32_t procedure)
{
    struct el_wire w = el_wire_write(call, sizeof call);
    const uint32_t head[] = {0, ++xid, 0, 2, program, 3, procedure, 1, 20, 0, 0, 0, 0, 0, 0, 0};

    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
        el_wire_put_be32(&w, head[i]);
    return w;
}

static void put(int s, const struct el_wire *w)
{
    size_t len = el_wire_done(w);

    el_nfs_record_mark(call, len - 4);
    if (send(s, call, len, MSG_NOSIGNAL) != (ssize_t)len)
        die("send");
}

static void need(int s, void *to, size_t len)
{
    if (len && recv(s, to, len, MSG_WAITALL) != (ssize_t)len)
        die("recv");
}

/* The results of the next reply, behind the head and a status that is good. */
static struct el_wire get(int s)
{
    uint8_t mark[4];

    need(s, mark, 4);
    size_t len =
        (size_t)(mark[0] & 0x7f) << 24 | (size_t)mark[1] << 16 | (size_t)mark[2] << 8 | mark[3];
    if (len > sizeof reply)
        die("too long a reply");
    need(s, reply, len);
    struct el_wire w = el_wire_read(reply, len);
    el_wire_skip(&w, 24);
    uint32_t status = el_wire_be32(&w);
    if (status || !el_wire_ok(&w)) {
        fprintf(stderr, "status %u\n", status);
        exit(1);
    }
    return w;
}

static struct handle take_handle(struct el_wire *w)
{
    struct handle handle = {.len = 0};
    const uint8_t *bytes = el_nfs_xdr_opaque(w, sizeof handle.bytes, &handle.len);

    if (bytes)
        memcpy(handle.bytes, bytes, handle.len);
    return handle;
}

static void put_handle(struct el_wire *w, const struct handle *handle)
{
    el_nfs_xdr_put_opaque(w, handle->bytes, handle->len);
}

static struct handle mount(const char *host, const char *port, const char *path)
{
    int s = open_connection(host, port);
    struct el_wire w = begin(EL_NFS_PROGRAM_MOUNT, 1);

    el_nfs_xdr_put_string(&w, path);
    put(s, &w);
    w = get(s);
    close(s);
    return take_handle(&w);
}

static void ask_lookup(int s, const struct handle *dir, const char *name)
{
    struct el_wire w = begin(EL_NFS_PROGRAM_NFS, EL_NFS_LOOKUP);

    put_handle(&w, dir);
    el_nfs_xdr_put_string(&w, name);
    put(s, &w);
}

static struct handle lookup(int s, const struct handle *dir, const char *name)
{
    ask_lookup(s, dir, name);
    struct el_wire w = get(s);
    return take_handle(&w);
}

/* What a measurement asks, the Nth time. */
struct load {
    int s;
    struct handle dir, file;
    uint64_t size;
};

static void ask_read(const struct load *load, uint64_t n)
{
    struct el_wire w = begin(EL_NFS_PROGRAM_NFS, EL_NFS_READ);

    put_handle(&w, &load->file);
    el_wire_put_be64(&w, n * BLOCK % load->size);
    el_wire_put_be32(&w, BLOCK);
    put(load->s, &w);
}

static void ask_getattr(const struct load *load, uint64_t n)
{
    struct el_wire w = begin(EL_NFS_PROGRAM_NFS, EL_NFS_GETATTR);

    (void)n;
    put_handle(&w, &load->file);
    put(load->s, &w);
}

static void ask_name(const struct load *load, uint64_t n)
{
    char name[16];

    snprintf(name, sizeof name, "%u", (unsigned)(n % NAMES) + 1);
    ask_lookup(load->s, &load->dir, name);
}

/* Calls a second. */
static double measure(const struct load *load, void (*ask)(const struct load *, uint64_t),
                      int seconds)
{
    double start = now(), end = start + seconds;
    uint64_t asked = 0, done = 0;

    while (asked < DEPTH)
        ask(load, asked++);
    for (; now() < end; done++) {
        (void)get(load->s);
        ask(load, asked++);
    }
    double took = now() - start;
    for (uint64_t left = done; left < asked; left++)
        (void)get(load->s);
    return (double)done / took;
}

/* One call: the names that came; COOKIE and VERIFIER go on, COOKIE 0 from the end. */
static unsigned read_names(const struct load *load, uint64_t *cookie, uint64_t *verifier)
{
    struct el_wire w = begin(EL_NFS_PROGRAM_NFS, EL_NFS_READDIRPLUS);
    unsigned count = 0;

    put_handle(&w, &load->dir);
    el_wire_put_be64(&w, *cookie);
    el_wire_put_be64(&w, *verifier);
    el_wire_put_be32(&w, 32768);
    el_wire_put_be32(&w, 65536);
    put(load->s, &w);
    w = get(load->s);
    el_wire_skip(&w, el_wire_be32(&w) ? 84 : 0);
    *verifier = el_wire_be64(&w);
    for (; el_wire_be32(&w); count++) {
        size_t len;
        el_wire_skip(&w, 8);
        (void)el_nfs_xdr_opaque(&w, 255, &len);
        *cookie = el_wire_be64(&w);
        el_wire_skip(&w, el_wire_be32(&w) ? 84 : 0);
        if (el_wire_be32(&w))
            (void)take_handle(&w);
    }
    if (el_wire_be32(&w))
        *cookie = *verifier = 0;
    return count;
}

static double measure_names(const struct load *load, int seconds)
{
    double start = now(), end = start + seconds;
    uint64_t cookie = 0, verifier = 0, names = 0;

    while (now() < end)
        names += read_names(load, &cookie, &verifier);
    return (double)names / (now() - start);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: nfs HOST PORT MOUNT-PORT PATH SECONDS\n");
        return 2;
    }
    const struct handle top = mount(argv[1], argv[3], argv[4]);
    int seconds = atoi(argv[5]), s = open_connection(argv[1], argv[2]);
    struct load load = {s, lookup(s, &top, "many"), lookup(s, &top, "large"), 0};
    struct el_wire w;

    ask_getattr(&load, 0);
    w = get(s);
    el_wire_skip(&w, 20);
    load.size = el_wire_be64(&w);
    (void)measure(&load, ask_read, 1); /* into the page cache */
    printf("read %.2f\n", measure(&load, ask_read, seconds) * BLOCK * 8 / 1e9);
    printf("getattr %.0f\n", measure(&load, ask_getattr, seconds));
    printf("lookup %.0f\n", measure(&load, ask_name, seconds));
    printf("readdirplus %.0f\n", measure_names(&load, seconds));
    return 0;
}
