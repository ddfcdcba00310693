/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server machine over a directory that is only read: what it tells, and what it keeps to
 * itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "nfs/source_content.h"
#include "nfs/source_dir_io.h"
#include "nfs/source_union.h"
#include "nfs_peer.h"

enum { BIG = 3 * EL_NFS_IO_MAX + 5 };

struct server {
    char root[64];
    int fd;
    struct nfs_peer peer;
};

static void write_file(const struct server *s, const char *name, size_t len)
{
    int fd = openat(s->fd, name, O_CREAT | O_WRONLY | O_TRUNC, 0644);

    assert_true(fd >= 0);
    for (size_t i = 0; i < len; i += 4096) {
        uint8_t block[4096];
        for (size_t k = 0; k < sizeof block; k++)
            block[k] = (uint8_t)((i + k) % 251);
        size_t part = len - i < sizeof block ? len - i : sizeof block;
        assert_int_equal(write(fd, block, part), part);
    }
    close(fd);
}

/* (Re)starts the server: nothing but the key is the same. */
static void serve(struct server *s)
{
    struct el_nfs_config config = {.key = "not a secret", .port = EL_NFS_PORT};
    struct el_nfs_source source;

    el_nfs_file_release(s->peer.reply.file);
    s->peer.reply.file = NULL;
    el_nfs_free(s->peer.nfs);
    s->peer.nfs = el_nfs_new(&config);
    assert_non_null(s->peer.nfs);
    assert_int_equal(el_nfs_source_dir(dup(s->fd), &source), 0);
    assert_int_equal(el_nfs_export(s->peer.nfs, "/debian", &source, NULL), 0);
}

static int set_up(void **state)
{
    struct server *s = calloc(1, sizeof *s);

    snprintf(s->root, sizeof s->root, "/tmp/el2w-nfs.XXXXXX");
    assert_non_null(mkdtemp(s->root));
    s->fd = open(s->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mkdirat(s->fd, "etc", 0755);
    mkdirat(s->fd, "etc/deep", 0755);
    write_file(s, "etc/deep/file", 100);
    write_file(s, "big", BIG);
    write_file(s, "private", 10);
    assert_int_equal(fchmodat(s->fd, "private", 0600, 0), 0);
    assert_int_equal(symlinkat("../../../etc/passwd", s->fd, "link"), 0);
    assert_int_equal(symlinkat("etc", s->fd, "to-etc"), 0);
    s->peer.question.from = (struct el_endpoint){.ip = el_ip4(0x0a000002), .port = 700};
    s->peer.question.stream = true;
    serve(s);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct server *s = *state;
    char command[128];

    el_nfs_file_release(s->peer.reply.file);
    el_nfs_free(s->peer.nfs);
    close(s->fd);
    snprintf(command, sizeof command, "rm -rf %s", s->root);
    assert_int_equal(system(command), 0);
    free(s);
    return 0;
}

static struct nfs_handle find(struct server *s, const char *path)
{
    char copy[256];
    struct nfs_handle handle = {.len = 0};

    snprintf(copy, sizeof copy, "%s", path);
    assert_int_equal(nfs_mount(&s->peer, "/debian", &handle), EL_NFS_OK);
    for (char *name = strtok(copy, "/"); name; name = strtok(NULL, "/")) {
        struct nfs_handle dir = handle;
        assert_int_equal(nfs_lookup(&s->peer, &dir, name, &handle), EL_NFS_OK);
    }
    return handle;
}

static void paths_are_mounted_or_not(void **state)
{
    static const struct {
        const char *path;
        int status;
    } cases[] = {
        {"/debian", EL_NFS_OK},
        {"//debian/./etc/", EL_NFS_OK},
        {"/debian/etc/deep", EL_NFS_OK},
        {"/debia", EL_NFS_E_NOENT},
        {"/debian2", EL_NFS_E_NOENT},
        {"/", EL_NFS_E_NOENT},
        {"", EL_NFS_E_NOENT},
        {"/debian/none", EL_NFS_E_NOENT},
        {"/debian/big", EL_NFS_E_NOTDIR},
        {"/debian/to-etc", EL_NFS_E_NOTDIR},
        {"debian", EL_NFS_E_ACCES},
        {"/debian/..", EL_NFS_E_ACCES},
        {"/debian/etc/../../etc", EL_NFS_E_ACCES},
    };
    struct server *s = *state;
    struct nfs_handle handle;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(nfs_mount(&s->peer, cases[i].path, &handle), cases[i].status);
}

static void a_file_is_read_whole_and_in_parts(void **state)
{
    static uint8_t bytes[EL_NFS_IO_MAX + 1];
    struct server *s = *state;
    struct nfs_handle big = find(s, "big");
    uint64_t at = 0;
    bool end = false;

    while (!end) {
        int got = nfs_read(&s->peer, &big, at, bytes, sizeof bytes, &end);
        assert_in_range(got, 1, EL_NFS_IO_MAX);
        for (int i = 0; i < got; i += 997)
            assert_int_equal(bytes[i], (at + (uint64_t)i) % 251);
        at += (uint64_t)got;
    }
    assert_int_equal(at, BIG);
    assert_int_equal(nfs_read(&s->peer, &big, BIG + 5, bytes, 100, &end), 0);
    assert_true(end);
    assert_int_equal(nfs_read(&s->peer, &big, UINT64_MAX, bytes, 100, &end), 0);
    s->peer.question.stream = false;
    assert_int_equal(nfs_read(&s->peer, &big, 3, bytes, sizeof bytes, &end), EL_NFS_IO_UDP);
    assert_int_equal(bytes[1], 4);
    assert_false(end);
}

static void links_are_told_and_not_followed(void **state)
{
    struct server *s = *state;
    struct nfs_handle link = find(s, "link"), to_etc = find(s, "to-etc"), into;
    char target[256];
    bool end;

    nfs_call3(&s->peer, EL_NFS_READLINK, &link);
    assert_int_equal(nfs_status(&s->peer), EL_NFS_OK);
    el_wire_skip(&s->peer.results, 88);
    el_nfs_xdr_string(&s->peer.results, target, sizeof target);
    assert_string_equal(target, "../../../etc/passwd");
    assert_int_equal(nfs_read(&s->peer, &link, 0, target, 10, &end), -EL_NFS_E_INVAL);
    assert_int_equal(nfs_lookup(&s->peer, &to_etc, "deep", &into), EL_NFS_E_NOTDIR);
}

static void there_is_no_way_out(void **state)
{
    struct server *s = *state;
    struct nfs_handle top = find(s, ""), up, etc = find(s, "etc");
    struct nfs_attr attr, top_attr;

    assert_int_equal(nfs_lookup(&s->peer, &top, "..", &up), EL_NFS_OK);
    assert_memory_equal(up.bytes, top.bytes, sizeof top.bytes);
    assert_int_equal(nfs_lookup(&s->peer, &etc, "..", &up), EL_NFS_OK);
    assert_memory_equal(up.bytes, top.bytes, sizeof top.bytes);
    assert_int_equal(nfs_getattr(&s->peer, &up, &attr), EL_NFS_OK);
    assert_int_equal(nfs_getattr(&s->peer, &top, &top_attr), EL_NFS_OK);
    assert_int_equal(attr.id, top_attr.id);
    assert_int_equal(nfs_lookup(&s->peer, &top, "etc/deep", &up), EL_NFS_E_ACCES);
    assert_int_equal(nfs_lookup(&s->peer, &top, "", &up), EL_NFS_E_ACCES);
}

static void handles_outlive_the_server(void **state)
{
    struct server *s = *state;
    struct nfs_handle file = find(s, "etc/deep/file"), again;
    uint8_t bytes[200];
    bool end;

    serve(s);
    assert_int_equal(nfs_read(&s->peer, &file, 0, bytes, sizeof bytes, &end), 100);
    again = find(s, "etc/deep/file");
    assert_memory_equal(again.bytes, file.bytes, sizeof file.bytes);
    /* Gone, and another one in its place: not the same file. */
    unlinkat(s->fd, "etc/deep/file", 0);
    write_file(s, "etc/deep/other", 7);
    write_file(s, "etc/deep/file", 5);
    serve(s);
    struct nfs_attr attr;
    struct stat st;
    assert_int_equal(fstatat(s->fd, "etc/deep/file", &st, 0), 0);
    if (nfs_getattr(&s->peer, &file, &attr) == EL_NFS_OK)
        assert_int_equal(attr.id, st.st_ino); /* the file system gave the number away again */
    unlinkat(s->fd, "etc/deep/file", 0);
    assert_int_equal(nfs_getattr(&s->peer, &file, &attr), EL_NFS_E_STALE);
}

static void handles_cannot_be_made_up(void **state)
{
    struct server *s = *state;
    struct nfs_handle good = find(s, "etc");
    struct nfs_attr attr;

    for (size_t bit = 0; bit < 8 * sizeof good.bytes; bit++) {
        struct nfs_handle bad = good;
        bad.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(nfs_getattr(&s->peer, &bad, &attr), EL_NFS_E_BADHANDLE);
    }
    for (size_t len = 0; len < good.len; len++) {
        struct nfs_handle bad = good;
        bad.len = len;
        assert_int_equal(nfs_getattr(&s->peer, &bad, &attr), EL_NFS_E_BADHANDLE);
    }
    nfs_call(&s->peer, EL_NFS_PROGRAM_NFS, 3, EL_NFS_GETATTR);
    el_wire_put_be32(&s->peer.args, 68);
    el_wire_put_zero(&s->peer.args, 68);
    assert_int_equal(nfs_send(&s->peer), EL_NFS_GARBAGE_ARGS);
}

/* Reads a directory in pieces of COUNT bytes and counts what it SEEs. With CHANGE the server starts
 * anew, and the directory grows, after the first piece. PLUS: one piece, whose first handle is
 * tried. */
static unsigned read_directory(struct server *s, const struct nfs_handle *dir, bool plus,
                               uint32_t count, unsigned *seen, unsigned names, bool change)
{
    uint64_t cookie = 0;
    unsigned pieces = 0, dots = 0;

    for (bool end = false; !end; pieces++) {
        nfs_call3(&s->peer, plus ? EL_NFS_READDIRPLUS : EL_NFS_READDIR, dir);
        el_wire_put_be64(&s->peer.args, cookie);
        el_wire_put_zero(&s->peer.args, 8);
        if (plus)
            el_wire_put_be32(&s->peer.args, count);
        el_wire_put_be32(&s->peer.args, count);
        assert_int_equal(nfs_status(&s->peer), EL_NFS_OK);
        struct el_wire *w = &s->peer.results;
        el_wire_skip(w, 88 + 8);
        assert_true(el_wire_left(w) <= count);
        while (el_wire_be32(w)) {
            char name[256];
            el_wire_skip(w, 8);
            el_nfs_xdr_string(w, name, sizeof name);
            cookie = el_wire_be64(w);
            if (plus) {
                el_wire_skip(w, 88 + 4);
                struct nfs_handle handle = nfs_take_handle(w);
                struct nfs_attr attr;
                assert_int_equal(nfs_getattr(&s->peer, &handle, &attr), EL_NFS_OK);
                return pieces; /* the reply was overwritten: one is enough */
            }
            unsigned number;
            if (sscanf(name, "n%u", &number) == 1 && number < names)
                seen[number]++;
            else
                dots += strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
        }
        end = el_wire_be32(w);
        assert_true(el_wire_ok(w));
        if (change && pieces == 0) {
            serve(s);
            for (unsigned i = 0; i < 1000; i++) {
                char name[32];
                snprintf(name, sizeof name, "many/x%u", i);
                write_file(s, name, 0);
            }
        }
    }
    assert_int_equal(dots, 2);
    return pieces;
}

static void a_directory_is_told_once_whatever_happens_meanwhile(void **state)
{
    enum { NAMES = 500 };
    struct server *s = *state;
    unsigned seen[NAMES] = {0};

    mkdirat(s->fd, "many", 0755);
    for (unsigned i = 0; i < NAMES; i++) {
        char name[32];
        snprintf(name, sizeof name, "many/n%u", i);
        write_file(s, name, 0);
    }
    struct nfs_handle dir = find(s, "many");
    assert_true(read_directory(s, &dir, false, 1000, seen, NAMES, true) > 10);
    for (unsigned i = 0; i < NAMES; i++)
        assert_int_equal(seen[i], 1);
    read_directory(s, &dir, true, 32768, seen, NAMES, false);
    nfs_call3(&s->peer, EL_NFS_READDIR, &dir);
    el_wire_put_zero(&s->peer.args, 16);
    el_wire_put_be32(&s->peer.args, 10);
    assert_int_equal(nfs_status(&s->peer), EL_NFS_E_TOOSMALL);
}

static void nothing_can_be_changed(void **state)
{
    static const struct {
        enum el_nfs_procedure procedure;
        bool in_directory; /* a name follows the handle */
        size_t zeros;      /* bytes of arguments behind it */
    } cases[] = {
        {EL_NFS_SETATTR, false, 28}, {EL_NFS_WRITE, false, 20},  {EL_NFS_CREATE, true, 28},
        {EL_NFS_MKDIR, true, 24},    {EL_NFS_SYMLINK, true, 28}, {EL_NFS_REMOVE, true, 0},
        {EL_NFS_RMDIR, true, 0},
    };
    struct server *s = *state;
    struct nfs_handle dir = find(s, "etc"), file = find(s, "big");

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nfs_call3(&s->peer, cases[i].procedure, cases[i].in_directory ? &dir : &file);
        if (cases[i].in_directory)
            el_nfs_xdr_put_string(&s->peer.args, "deep");
        el_wire_put_zero(&s->peer.args, cases[i].zeros);
        assert_int_equal(nfs_status(&s->peer), EL_NFS_E_ROFS);
    }
    nfs_call3(&s->peer, EL_NFS_MKNOD, &dir);
    el_nfs_xdr_put_string(&s->peer.args, "fifo");
    el_wire_put_be32(&s->peer.args, EL_NFS_FIFO);
    el_wire_put_zero(&s->peer.args, 24);
    assert_int_equal(nfs_status(&s->peer), EL_NFS_E_ROFS);
    nfs_call3(&s->peer, EL_NFS_RENAME, &dir);
    el_nfs_xdr_put_string(&s->peer.args, "deep");
    el_nfs_xdr_put_opaque(&s->peer.args, dir.bytes, dir.len);
    el_nfs_xdr_put_string(&s->peer.args, "other");
    assert_int_equal(nfs_status(&s->peer), EL_NFS_E_ROFS);
    nfs_call3(&s->peer, EL_NFS_LINK, &file);
    el_nfs_xdr_put_opaque(&s->peer.args, dir.bytes, dir.len);
    el_nfs_xdr_put_string(&s->peer.args, "other");
    assert_int_equal(nfs_status(&s->peer), EL_NFS_E_ROFS);
}

static uint32_t access_of(struct server *s, const struct nfs_handle *handle, uint32_t uid)
{
    s->peer.uid = uid;
    nfs_call3(&s->peer, EL_NFS_ACCESS, handle);
    el_wire_put_be32(&s->peer.args, 0x3f);
    assert_int_equal(nfs_status(&s->peer), EL_NFS_OK);
    el_wire_skip(&s->peer.results, 88);
    return el_wire_be32(&s->peer.results);
}

static void users_of_a_machine_are_kept_apart(void **state)
{
    struct server *s = *state;
    struct nfs_handle file = find(s, "private"), dir = find(s, "etc");
    uint32_t stranger = getuid() + 12345;
    uint8_t byte;
    bool end;

    assert_int_equal(access_of(s, &file, 0), EL_NFS_ACCESS_READ);
    assert_int_equal(access_of(s, &file, stranger), 0);
    assert_int_equal(access_of(s, &dir, stranger), EL_NFS_ACCESS_READ | EL_NFS_ACCESS_LOOKUP);
    assert_int_equal(nfs_read(&s->peer, &file, 0, &byte, 1, &end), -EL_NFS_E_ACCES);
    s->peer.uid = 0;
    assert_int_equal(nfs_read(&s->peer, &file, 0, &byte, 1, &end), 1);
}

static void the_portmapper_tells_and_takes_nothing(void **state)
{
    struct server *s = *state;
    static const struct {
        uint32_t program, protocol, port;
    } cases[] = {{EL_NFS_PROGRAM_NFS, 6, 2049},
                 {EL_NFS_PROGRAM_MOUNT, 17, 2049},
                 {EL_NFS_PROGRAM_LOCK, 17, 2049},
                 {EL_NFS_PROGRAM_PORTMAP, 6, 111},
                 {100024, 17, 0},
                 {EL_NFS_PROGRAM_NFS, 132, 0}};
    char address[64];

    s->peer.question.portmap = true;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nfs_call(&s->peer, EL_NFS_PROGRAM_PORTMAP, 2, 3);
        el_wire_put_be32(&s->peer.args, cases[i].program);
        el_wire_put_be32(&s->peer.args, 3);
        el_wire_put_be32(&s->peer.args, cases[i].protocol);
        el_wire_put_be32(&s->peer.args, 0);
        assert_int_equal(nfs_send(&s->peer), EL_NFS_SUCCESS);
        assert_int_equal(el_wire_be32(&s->peer.results), cases[i].port);
    }
    s->peer.question.to = el_ip4(0xc0a84d01);
    nfs_call(&s->peer, EL_NFS_PROGRAM_PORTMAP, 4, 3);
    el_wire_put_be32(&s->peer.args, EL_NFS_PROGRAM_NFS);
    el_wire_put_be32(&s->peer.args, 3);
    el_nfs_xdr_put_string(&s->peer.args, "tcp");
    el_nfs_xdr_put_string(&s->peer.args, "");
    el_nfs_xdr_put_string(&s->peer.args, "");
    assert_int_equal(nfs_send(&s->peer), EL_NFS_SUCCESS);
    el_nfs_xdr_string(&s->peer.results, address, sizeof address);
    assert_string_equal(address, "192.168.77.1.8.1");
    nfs_call(&s->peer, EL_NFS_PROGRAM_PORTMAP, 2, 1); /* SET */
    el_wire_put_zero(&s->peer.args, 16);
    assert_int_equal(nfs_send(&s->peer), EL_NFS_SUCCESS);
    assert_int_equal(el_wire_be32(&s->peer.results), 0);
    nfs_call(&s->peer, EL_NFS_PROGRAM_PORTMAP, 2, 5); /* CALLIT */
    assert_int_equal(nfs_send(&s->peer), EL_NFS_PROC_UNAVAIL);
    nfs_call(&s->peer, EL_NFS_PROGRAM_NFS, 3, EL_NFS_NULL);
    assert_int_equal(nfs_send(&s->peer), EL_NFS_PROG_UNAVAIL);
}

static void programs_and_versions_that_are_not_there(void **state)
{
    struct server *s = *state;

    nfs_call(&s->peer, EL_NFS_PROGRAM_NFS, 4, 1);
    assert_int_equal(nfs_send(&s->peer), EL_NFS_PROG_MISMATCH);
    assert_int_equal(el_wire_be32(&s->peer.results), 3);
    assert_int_equal(el_wire_be32(&s->peer.results), 3);
    nfs_call(&s->peer, 100227, 3, 0); /* NFS_ACL */
    assert_int_equal(nfs_send(&s->peer), EL_NFS_PROG_UNAVAIL);
    nfs_call(&s->peer, EL_NFS_PROGRAM_NFS, 3, 22);
    assert_int_equal(nfs_send(&s->peer), EL_NFS_PROC_UNAVAIL);
    nfs_call(&s->peer, EL_NFS_PROGRAM_NFS, 3, UINT32_MAX);
    assert_int_equal(nfs_send(&s->peer), EL_NFS_PROC_UNAVAIL);
    nfs_call(&s->peer, EL_NFS_PROGRAM_NFS, 3, EL_NFS_READ);
    assert_int_equal(nfs_send(&s->peer), EL_NFS_GARBAGE_ARGS);
}

static void a_lock_is_granted_with_its_cookie(void **state)
{
    struct server *s = *state;
    size_t len;

    nfs_call(&s->peer, EL_NFS_PROGRAM_LOCK, 4, 2);
    el_nfs_xdr_put_string(&s->peer.args, "cookie");
    el_wire_put_zero(&s->peer.args, 40);
    assert_int_equal(nfs_send(&s->peer), EL_NFS_SUCCESS);
    const uint8_t *cookie = el_nfs_xdr_opaque(&s->peer.results, 100, &len);
    assert_int_equal(len, 6);
    assert_memory_equal(cookie, "cookie", 6);
    assert_int_equal(el_wire_be32(&s->peer.results), 0);
}

static void only_the_network_is_answered(void **state)
{
    struct server *s = *state;
    struct el_nfs_config config = {.key = "k", .clients = {el_ip4(0x0a000000), 8}};
    struct el_nfs *whole = s->peer.nfs;

    s->peer.nfs = el_nfs_new(&config);
    nfs_call(&s->peer, EL_NFS_PROGRAM_NFS, 3, EL_NFS_NULL);
    assert_int_equal(nfs_send(&s->peer), EL_NFS_SUCCESS);
    s->peer.question.from.ip = el_ip4(0x0b000002);
    assert_int_equal(nfs_send(&s->peer), -1);
    el_nfs_free(s->peer.nfs);
    s->peer.nfs = whole;
}

static void count_name(void *arg, const char *name)
{
    unsigned *counts = arg;

    counts[0] += strcmp(name, "deep") == 0;
    counts[1] += strcmp(name, "big") == 0;
}

static void two_sources_are_one(void **state)
{
    struct server *s = *state;
    struct el_nfs_source first, second, both;
    struct nfs_handle top, deep, big;
    unsigned counts[2] = {0};
    uint8_t bytes[8];
    bool end;

    mkdirat(s->fd, "deep", 0755);
    write_file(s, "deep/hidden", 3);
    assert_int_equal(el_nfs_source_dir(openat(s->fd, "etc", O_RDONLY | O_DIRECTORY), &first), 0);
    assert_int_equal(el_nfs_source_dir(dup(s->fd), &second), 0);
    assert_int_equal(el_nfs_source_union(&first, &second, &both), 0);
    assert_int_equal(both.list(both.arg, "", count_name, counts), EL_NFS_OK);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 1);
    assert_int_equal(el_nfs_export(s->peer.nfs, "/both", &both, NULL), 0);
    assert_int_equal(nfs_mount(&s->peer, "/both", &top), EL_NFS_OK);
    assert_int_equal(nfs_lookup(&s->peer, &top, "deep", &deep), EL_NFS_OK);
    assert_int_equal(nfs_lookup(&s->peer, &deep, "file", &big), EL_NFS_OK);
    assert_int_equal(nfs_lookup(&s->peer, &deep, "hidden", &big), EL_NFS_OK);
    assert_int_equal(nfs_lookup(&s->peer, &top, "big", &big), EL_NFS_OK);
    for (int i = 0; i < 2; i++) /* the second time it is open already */
        assert_int_equal(nfs_read(&s->peer, &big, 5, bytes, sizeof bytes, &end), 8);
    assert_int_equal(bytes[0], 5);
    assert_int_equal(nfs_lookup(&s->peer, &top, "none", &deep), EL_NFS_E_NOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        WITH_SERVER(paths_are_mounted_or_not),
        WITH_SERVER(a_file_is_read_whole_and_in_parts),
        WITH_SERVER(links_are_told_and_not_followed),
        WITH_SERVER(there_is_no_way_out),
        WITH_SERVER(handles_outlive_the_server),
        WITH_SERVER(handles_cannot_be_made_up),
        WITH_SERVER(a_directory_is_told_once_whatever_happens_meanwhile),
        WITH_SERVER(nothing_can_be_changed),
        WITH_SERVER(users_of_a_machine_are_kept_apart),
        WITH_SERVER(the_portmapper_tells_and_takes_nothing),
        WITH_SERVER(programs_and_versions_that_are_not_there),
        WITH_SERVER(a_lock_is_granted_with_its_cookie),
        WITH_SERVER(only_the_network_is_answered),
        WITH_SERVER(two_sources_are_one),
    };

    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
