/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine's own volume over a directory that nobody changes. */
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
#include "base/time.h"
#include "nfs/overlay_io.h"
#include "nfs/source_dir_io.h"
#include "nfs_peer.h"

enum { BIG = 700001 };

struct world {
    char path[64];
    int lower, upper;
    struct el_nfs_overlay_dir dir;
    struct el_nfs_overlays overlays;
    struct nfs_peer peer;
    struct nfs_handle top;
};

/* (Re)starts the server. */
static void serve(struct world *w)
{
    struct el_nfs_config config = {.key = "not a secret", .port = EL_NFS_PORT};
    struct el_nfs_source source;

    el_nfs_file_release(w->peer.reply.file);
    w->peer.reply.file = NULL;
    el_nfs_free(w->peer.nfs);
    w->peer.nfs = el_nfs_new(&config);
    assert_non_null(w->peer.nfs);
    w->dir = (struct el_nfs_overlay_dir){w->upper, "upper", el_nfs_keys(w->peer.nfs),
                                         el_nfs_files(w->peer.nfs)};
    w->overlays = el_nfs_overlays_in(&w->dir);
    assert_int_equal(el_nfs_source_dir(dup(w->lower), &source), 0);
    assert_int_equal(el_nfs_export(w->peer.nfs, "/debian", &source, &w->overlays), 0);
}

static void put_file(int at, const char *name, const char *text)
{
    int fd = openat(at, name, O_CREAT | O_WRONLY | O_TRUNC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char *big = malloc(BIG + 1);

    snprintf(w->path, sizeof w->path, "/tmp/el2w-nfs.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    int top = open(w->path, O_RDONLY | O_DIRECTORY);
    mkdirat(top, "lower", 0755);
    mkdirat(top, "upper", 0755);
    w->lower = openat(top, "lower", O_RDONLY | O_DIRECTORY);
    w->upper = openat(top, "upper", O_RDONLY | O_DIRECTORY);
    close(top);
    mkdirat(w->lower, "etc", 0755);
    mkdirat(w->lower, "etc/deep", 0755);
    mkdirat(w->lower, "empty", 0755);
    put_file(w->lower, "etc/hostname", "debian\n");
    put_file(w->lower, "etc/deep/file", "deep\n");
    memset(big, 'b', BIG);
    big[BIG] = '\0';
    put_file(w->lower, "big", big);
    free(big);
    w->peer.question.from = (struct el_endpoint){.ip = el_ip4(0x0a000002), .port = 700};
    serve(w);
    assert_int_equal(nfs_mount(&w->peer, "/debian", &w->top), EL_NFS_OK);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    char command[128];
    struct stat st;

    /* What is below was never touched. */
    assert_int_equal(fstatat(w->lower, "etc/hostname", &st, 0), 0);
    assert_int_equal(st.st_size, 7);
    assert_int_equal(fstatat(w->lower, "big", &st, 0), 0);
    assert_int_equal(st.st_size, BIG);
    assert_int_equal(faccessat(w->lower, "etc/deep/file", F_OK, 0), 0);
    el_nfs_file_release(w->peer.reply.file);
    el_nfs_free(w->peer.nfs);
    close(w->lower);
    close(w->upper);
    snprintf(command, sizeof command, "rm -rf %s", w->path);
    assert_int_equal(system(command), 0);
    free(w);
    return 0;
}

/* -- a client's calls; each gives the status -- */

static int find(struct world *w, const char *path, struct nfs_handle *handle)
{
    char copy[256];
    int status = EL_NFS_OK;

    snprintf(copy, sizeof copy, "%s", path);
    *handle = w->top;
    for (char *name = strtok(copy, "/"); name && status == EL_NFS_OK; name = strtok(NULL, "/")) {
        struct nfs_handle dir = *handle;
        status = nfs_lookup(&w->peer, &dir, name, handle);
    }
    return status;
}

/* Splits "etc/new": the directory, which must be there, and the name in it. */
static const char *split(struct world *w, const char *path, struct nfs_handle *dir)
{
    const char *slash = strrchr(path, '/');
    char parent[256] = "";

    if (slash)
        snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
    assert_int_equal(find(w, parent, dir), EL_NFS_OK);
    return slash ? slash + 1 : path;
}

/* Begins a call about a name. */
static struct el_wire *call_at(struct world *w, uint32_t procedure, const char *path)
{
    struct nfs_handle dir;
    const char *name = split(w, path, &dir);

    nfs_call3(&w->peer, procedure, &dir);
    el_nfs_xdr_put_string(&w->peer.args, name);
    return &w->peer.args;
}

/* A sattr3 with nothing but a mode. */
static void put_mode(struct el_wire *args, uint32_t mode)
{
    el_wire_put_be32(args, true);
    el_wire_put_be32(args, mode);
    el_wire_put_zero(args, 20);
}

static int create(struct world *w, const char *path, uint32_t how)
{
    struct el_wire *args = call_at(w, EL_NFS_CREATE, path);

    el_wire_put_be32(args, how);
    put_mode(args, 0640);
    return nfs_status(&w->peer);
}

static int create_exclusive(struct world *w, const char *path, uint64_t verifier)
{
    struct el_wire *args = call_at(w, EL_NFS_CREATE, path);

    el_wire_put_be32(args, 2);
    el_wire_put_be64(args, verifier);
    return nfs_status(&w->peer);
}

static int make_dir(struct world *w, const char *path)
{
    put_mode(call_at(w, EL_NFS_MKDIR, path), 0755);
    return nfs_status(&w->peer);
}

static int take_away(struct world *w, const char *path, bool directory)
{
    call_at(w, directory ? EL_NFS_RMDIR : EL_NFS_REMOVE, path);
    return nfs_status(&w->peer);
}

static int move(struct world *w, const char *from, const char *to)
{
    struct nfs_handle dir;
    const char *name = split(w, to, &dir);
    struct el_wire *args = call_at(w, EL_NFS_RENAME, from);

    el_nfs_xdr_put_opaque(args, dir.bytes, dir.len);
    el_nfs_xdr_put_string(args, name);
    return nfs_status(&w->peer);
}

static int make_link(struct world *w, const char *from, const char *to)
{
    struct nfs_handle file, dir;
    const char *name = split(w, to, &dir);

    assert_int_equal(find(w, from, &file), EL_NFS_OK);
    nfs_call3(&w->peer, EL_NFS_LINK, &file);
    el_nfs_xdr_put_opaque(&w->peer.args, dir.bytes, dir.len);
    el_nfs_xdr_put_string(&w->peer.args, name);
    return nfs_status(&w->peer);
}

static int write_at(struct world *w, const char *path, uint64_t offset, const char *text)
{
    struct nfs_handle file;

    assert_int_equal(find(w, path, &file), EL_NFS_OK);
    nfs_call3(&w->peer, EL_NFS_WRITE, &file);
    el_wire_put_be64(&w->peer.args, offset);
    el_wire_put_be32(&w->peer.args, (uint32_t)strlen(text));
    el_wire_put_be32(&w->peer.args, EL_NFS_UNSTABLE);
    el_nfs_xdr_put_string(&w->peer.args, text);
    return nfs_status(&w->peer);
}

static int resize(struct world *w, const char *path, uint64_t size)
{
    struct nfs_handle file;

    assert_int_equal(find(w, path, &file), EL_NFS_OK);
    nfs_call3(&w->peer, EL_NFS_SETATTR, &file);
    el_wire_put_zero(&w->peer.args, 12);
    el_wire_put_be32(&w->peer.args, true);
    el_wire_put_be64(&w->peer.args, size);
    el_wire_put_zero(&w->peer.args, 12);
    return nfs_status(&w->peer);
}

static struct nfs_attr attr_of(struct world *w, const char *path)
{
    struct nfs_handle handle;
    struct nfs_attr attr = {.type = 0};

    assert_int_equal(find(w, path, &handle), EL_NFS_OK);
    assert_int_equal(nfs_getattr(&w->peer, &handle, &attr), EL_NFS_OK);
    return attr;
}

static void reads(struct world *w, const char *path, const char *text)
{
    char bytes[256];
    struct nfs_handle handle;
    bool end;

    assert_int_equal(find(w, path, &handle), EL_NFS_OK);
    int got = nfs_read(&w->peer, &handle, 0, bytes, sizeof bytes, &end);
    assert_int_equal(got, strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
}

/* The names of a directory, sorted, as one text. */
static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void lists(struct world *w, const char *path, const char *expected)
{
    char names[32][32], text[32 * 33] = "";
    struct nfs_handle dir;
    size_t count = 0;

    assert_int_equal(find(w, path, &dir), EL_NFS_OK);
    nfs_call3(&w->peer, EL_NFS_READDIR, &dir);
    el_wire_put_zero(&w->peer.args, 16);
    el_wire_put_be32(&w->peer.args, 8192);
    assert_int_equal(nfs_status(&w->peer), EL_NFS_OK);
    struct el_wire *r = &w->peer.results;
    el_wire_skip(r, 88 + 8);
    while (el_wire_be32(r)) {
        el_wire_skip(r, 8);
        el_nfs_xdr_string(r, names[count], sizeof names[count]);
        el_wire_skip(r, 8);
        count += names[count][0] != '.';
    }
    qsort(names, count, sizeof names[0], compare);
    for (size_t i = 0; i < count; i++) {
        strcat(text, names[i]);
        strcat(text, " ");
    }
    assert_string_equal(text, expected);
}

/* -- the tests -- */

static void what_is_written_stays(void **state)
{
    struct world *w = *state;
    struct nfs_handle before, after;

    assert_int_equal(find(w, "etc/hostname", &before), EL_NFS_OK);
    assert_int_equal(write_at(w, "etc/hostname", 3, "IAN"), EL_NFS_OK);
    assert_int_equal(create(w, "etc/new", EL_NFS_GUARDED), EL_NFS_OK);
    assert_int_equal(create(w, "etc/new", EL_NFS_GUARDED), EL_NFS_E_EXIST);
    assert_int_equal(create(w, "etc/new", EL_NFS_UNCHECKED), EL_NFS_OK);
    assert_int_equal(write_at(w, "etc/new", 0, "new\n"), EL_NFS_OK);
    assert_int_equal(make_dir(w, "home"), EL_NFS_OK);
    assert_int_equal(create(w, "home/mine", EL_NFS_GUARDED), EL_NFS_OK);
    struct nfs_attr first = attr_of(w, "home/mine");
    serve(w);
    reads(w, "etc/hostname", "debIAN\n");
    reads(w, "etc/new", "new\n");
    lists(w, "etc", "deep hostname new ");
    lists(w, "", "big empty etc home ");
    assert_int_equal(attr_of(w, "home/mine").id, first.id);
    assert_int_equal(first.mode, 0640);
    assert_int_equal(find(w, "etc/hostname", &after), EL_NFS_OK);
    assert_memory_equal(before.bytes, after.bytes, sizeof before.bytes);
}

static void a_large_file_is_copied_whole_unless_it_is_cut(void **state)
{
    struct world *w = *state;
    struct nfs_handle big;
    char bytes[4];
    bool end;

    assert_int_equal(write_at(w, "big", 300000, "x"), EL_NFS_OK);
    assert_int_equal(attr_of(w, "big").size, BIG);
    assert_int_equal(find(w, "big", &big), EL_NFS_OK);
    assert_int_equal(nfs_read(&w->peer, &big, 299999, bytes, 3, &end), 3);
    assert_memory_equal(bytes, "bxb", 3);
    assert_int_equal(nfs_read(&w->peer, &big, BIG - 1, bytes, 4, &end), 1);
    assert_true(end);
    assert_int_equal(resize(w, "etc/hostname", 3), EL_NFS_OK);
    reads(w, "etc/hostname", "deb");
    assert_int_equal(resize(w, "etc/hostname", 5), EL_NFS_OK);
    assert_int_equal(attr_of(w, "etc/hostname").size, 5);
    assert_int_equal(resize(w, "etc/deep/file", 0), EL_NFS_OK);
    serve(w);
    reads(w, "etc/deep/file", "");
    assert_int_equal(resize(w, "etc", 0), EL_NFS_E_ISDIR);
}

static void what_is_removed_is_gone(void **state)
{
    struct world *w = *state;
    struct nfs_handle file;
    struct nfs_attr attr;

    assert_int_equal(find(w, "etc/deep/file", &file), EL_NFS_OK);
    assert_int_equal(take_away(w, "etc/deep", true), EL_NFS_E_NOTEMPTY);
    assert_int_equal(take_away(w, "etc/deep", false), EL_NFS_E_ISDIR);
    assert_int_equal(take_away(w, "etc/deep/file", true), EL_NFS_E_NOTDIR);
    assert_int_equal(take_away(w, "etc/deep/file", false), EL_NFS_OK);
    assert_int_equal(take_away(w, "etc/deep/file", false), EL_NFS_E_NOENT);
    assert_int_equal(nfs_getattr(&w->peer, &file, &attr), EL_NFS_E_STALE);
    assert_int_equal(take_away(w, "etc/deep", true), EL_NFS_OK);
    serve(w);
    lists(w, "etc", "hostname ");
    assert_int_equal(nfs_getattr(&w->peer, &file, &attr), EL_NFS_E_STALE);
    /* Made anew, it has nothing of what was there. */
    assert_int_equal(make_dir(w, "etc/deep"), EL_NFS_OK);
    lists(w, "etc/deep", "");
    assert_int_equal(create(w, "etc/deep/file", EL_NFS_GUARDED), EL_NFS_OK);
    reads(w, "etc/deep/file", "");
}

static void names_move(void **state)
{
    struct world *w = *state;

    assert_int_equal(move(w, "etc/deep", "empty/deeper"), EL_NFS_OK);
    reads(w, "empty/deeper/file", "deep\n");
    assert_int_equal(create(w, "empty/deeper/other", EL_NFS_GUARDED), EL_NFS_OK);
    lists(w, "etc", "hostname ");
    serve(w);
    lists(w, "empty/deeper", "file other ");
    struct nfs_handle up, deeper;
    assert_int_equal(find(w, "empty/deeper", &deeper), EL_NFS_OK);
    assert_int_equal(nfs_lookup(&w->peer, &deeper, "..", &up), EL_NFS_OK);
    struct nfs_attr attr;
    assert_int_equal(nfs_getattr(&w->peer, &up, &attr), EL_NFS_OK);
    assert_int_equal(attr.id, attr_of(w, "empty").id);
    assert_int_equal(move(w, "empty/deeper/file", "etc/hostname"), EL_NFS_OK);
    reads(w, "etc/hostname", "deep\n");
    assert_int_equal(move(w, "empty/deeper/file", "x"), EL_NFS_E_NOENT);
    assert_int_equal(move(w, "empty", "empty/deeper/within"), EL_NFS_E_INVAL);
    assert_int_equal(move(w, "etc", "empty"), EL_NFS_E_NOTEMPTY);
    assert_int_equal(move(w, "etc/hostname", "empty"), EL_NFS_E_ISDIR);
    assert_int_equal(move(w, "empty", "etc/hostname"), EL_NFS_E_NOTDIR);
    assert_int_equal(move(w, "etc/hostname", "etc/hostname"), EL_NFS_OK);
    assert_int_equal(move(w, "etc/hostname", "etc/name"), EL_NFS_OK);
    lists(w, "etc", "name ");
    serve(w);
    reads(w, "etc/name", "deep\n");
}

static void a_file_has_several_names(void **state)
{
    struct world *w = *state;

    assert_int_equal(make_link(w, "etc/hostname", "second"), EL_NFS_OK);
    assert_int_equal(make_link(w, "etc/hostname", "second"), EL_NFS_E_EXIST);
    assert_int_equal(make_link(w, "etc", "dir"), EL_NFS_E_ISDIR);
    assert_int_equal(attr_of(w, "second").id, attr_of(w, "etc/hostname").id);
    assert_int_equal(attr_of(w, "second").nlink, 2);
    assert_int_equal(write_at(w, "second", 0, "D"), EL_NFS_OK);
    reads(w, "etc/hostname", "Debian\n");
    assert_int_equal(take_away(w, "etc/hostname", false), EL_NFS_OK);
    serve(w);
    reads(w, "second", "Debian\n");
    assert_int_equal(attr_of(w, "second").nlink, 1);
    assert_int_equal(take_away(w, "second", false), EL_NFS_OK);
    lists(w, "", "big empty etc ");
}

static void links_and_devices_are_what_the_machine_says(void **state)
{
    struct world *w = *state;
    struct nfs_handle link;
    char target[64];

    struct el_wire *args = call_at(w, EL_NFS_SYMLINK, "link");
    put_mode(args, 0777);
    el_nfs_xdr_put_string(args, "../../over/there");
    assert_int_equal(nfs_status(&w->peer), EL_NFS_OK);
    args = call_at(w, EL_NFS_MKNOD, "null");
    el_wire_put_be32(args, EL_NFS_CHR);
    put_mode(args, 0666);
    el_wire_put_be32(args, 1);
    el_wire_put_be32(args, 3);
    assert_int_equal(nfs_status(&w->peer), EL_NFS_OK);
    serve(w);
    assert_int_equal(find(w, "link", &link), EL_NFS_OK);
    nfs_call3(&w->peer, EL_NFS_READLINK, &link);
    assert_int_equal(nfs_status(&w->peer), EL_NFS_OK);
    el_wire_skip(&w->peer.results, 88);
    el_nfs_xdr_string(&w->peer.results, target, sizeof target);
    assert_string_equal(target, "../../over/there");
    assert_int_equal(attr_of(w, "null").type, EL_NFS_CHR);
    assert_int_equal(attr_of(w, "null").mode, 0666);
    w->peer.uid = 1000;
    args = call_at(w, EL_NFS_MKNOD, "mem");
    el_wire_put_be32(args, EL_NFS_CHR);
    put_mode(args, 0666);
    el_wire_put_zero(args, 8);
    assert_int_equal(nfs_status(&w->peer), EL_NFS_E_ACCES);
}

static void exclusive_is_once(void **state)
{
    struct world *w = *state;

    assert_int_equal(create_exclusive(w, "lock", 77), EL_NFS_OK);
    assert_int_equal(create_exclusive(w, "lock", 77), EL_NFS_OK);
    serve(w);
    assert_int_equal(create_exclusive(w, "lock", 77), EL_NFS_OK);
    assert_int_equal(create_exclusive(w, "lock", 78), EL_NFS_E_EXIST);
    assert_int_equal(create_exclusive(w, "etc", 77), EL_NFS_E_EXIST);
}

static void a_call_that_comes_twice_is_done_once(void **state)
{
    struct world *w = *state;

    call_at(w, EL_NFS_REMOVE, "etc/hostname");
    assert_int_equal(nfs_status(&w->peer), EL_NFS_OK);
    assert_int_equal(nfs_status(&w->peer), EL_NFS_OK);
    w->peer.question.now_ns += 200 * EL_S;
    assert_int_equal(nfs_status(&w->peer), EL_NFS_E_NOENT);
    put_mode(call_at(w, EL_NFS_MKDIR, "dir"), 0755);
    assert_int_equal(nfs_status(&w->peer), EL_NFS_OK);
    assert_int_equal(nfs_status(&w->peer), EL_NFS_OK);
}

static void machines_do_not_see_each_other(void **state)
{
    struct world *w = *state;
    struct nfs_handle mine = w->top, others;
    struct nfs_attr attr;

    assert_int_equal(create(w, "mine", EL_NFS_GUARDED), EL_NFS_OK);
    w->peer.question.from.ip = el_ip4(0x0a000003);
    assert_int_equal(nfs_getattr(&w->peer, &mine, &attr), EL_NFS_E_STALE);
    assert_int_equal(nfs_mount(&w->peer, "/debian", &others), EL_NFS_OK);
    w->top = others;
    lists(w, "", "big empty etc ");
    assert_int_equal(take_away(w, "etc/hostname", false), EL_NFS_OK);
    w->peer.question.from.ip = el_ip4(0x0a000002);
    w->top = mine;
    lists(w, "", "big empty etc mine ");
    reads(w, "etc/hostname", "debian\n");
}

static void commit_says_whether_we_are_still_the_same(void **state)
{
    struct world *w = *state;
    uint64_t verifiers[3];
    struct nfs_handle file;

    assert_int_equal(find(w, "etc/hostname", &file), EL_NFS_OK);
    assert_int_equal(write_at(w, "etc/hostname", 0, "x"), EL_NFS_OK);
    for (size_t i = 0; i < 3; i++) {
        if (i == 2)
            serve(w);
        nfs_call3(&w->peer, EL_NFS_COMMIT, &file);
        el_wire_put_zero(&w->peer.args, 12);
        assert_int_equal(nfs_status(&w->peer), EL_NFS_OK);
        el_wire_skip(&w->peer.results, 4 + 24 + 88);
        verifiers[i] = el_wire_be64(&w->peer.results);
        assert_true(el_wire_ok(&w->peer.results));
    }
    assert_true(verifiers[0] == verifiers[1]);
    assert_true(verifiers[1] != verifiers[2]);
}

static void users_may_do_what_their_kernel_lets_them(void **state)
{
    struct world *w = *state;

    w->peer.uid = 1000;
    assert_int_equal(create(w, "etc/user", EL_NFS_GUARDED), EL_NFS_E_ACCES);
    assert_int_equal(take_away(w, "etc/hostname", false), EL_NFS_E_ACCES);
    assert_int_equal(write_at(w, "etc/hostname", 0, "x"), EL_NFS_E_ACCES);
    assert_int_equal(resize(w, "etc/hostname", 0), EL_NFS_E_PERM);
    w->peer.uid = 0;
    put_mode(call_at(w, EL_NFS_MKDIR, "tmp"), 01777);
    assert_int_equal(nfs_status(&w->peer), EL_NFS_OK);
    w->peer.uid = 1000;
    assert_int_equal(create(w, "tmp/mine", EL_NFS_GUARDED), EL_NFS_OK);
    assert_int_equal(attr_of(w, "tmp/mine").uid, 1000);
    w->peer.uid = 1001;
    assert_int_equal(take_away(w, "tmp/mine", false), EL_NFS_E_ACCES);
    assert_int_equal(move(w, "tmp/mine", "tmp/yours"), EL_NFS_E_ACCES);
    w->peer.uid = 1000;
    assert_int_equal(take_away(w, "tmp/mine", false), EL_NFS_OK);
}

static void another_tree_is_not_mixed_in(void **state)
{
    struct world *w = *state;
    struct nfs_handle handle;
    int before = w->lower;

    assert_int_equal(create(w, "mine", EL_NFS_GUARDED), EL_NFS_OK);
    w->lower = openat(before, "etc", O_RDONLY | O_DIRECTORY);
    serve(w);
    assert_int_equal(nfs_mount(&w->peer, "/debian", &handle), EL_NFS_E_IO);
    close(w->lower);
    w->lower = before;
    serve(w);
    assert_int_equal(nfs_mount(&w->peer, "/debian", &handle), EL_NFS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        WITH_WORLD(what_is_written_stays),
        WITH_WORLD(a_large_file_is_copied_whole_unless_it_is_cut),
        WITH_WORLD(what_is_removed_is_gone),
        WITH_WORLD(names_move),
        WITH_WORLD(a_file_has_several_names),
        WITH_WORLD(links_and_devices_are_what_the_machine_says),
        WITH_WORLD(exclusive_is_once),
        WITH_WORLD(a_call_that_comes_twice_is_done_once),
        WITH_WORLD(machines_do_not_see_each_other),
        WITH_WORLD(commit_says_whether_we_are_still_the_same),
        WITH_WORLD(users_may_do_what_their_kernel_lets_them),
        WITH_WORLD(another_tree_is_not_mixed_in),
    };

    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
