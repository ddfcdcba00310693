/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client may send. Input: one byte that says how it comes (1: on a stream, whose records are
 * found first; 2: to the portmapper's port; 4: to the volume that can be written), then the bytes.
 * Nobody can make a handle, so 64 bytes that begin with "HANDLE" and a digit stand for a good one:
 * of the top, a directory, a file, a link. Every call has at most one reply, which is whole.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"
#include "nfs/nfs.h"
#include "nfs/rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STREAM = 1, PORTMAP = 2, WRITABLE = 4, INPUT_MAX = 1 << 16 };

static const struct {
    const char *path;
    enum el_nfs_type type;
} files[] = {{"", EL_NFS_DIR}, {"etc", EL_NFS_DIR}, {"etc/file", EL_NFS_REG}, {"link", EL_NFS_LNK}};

enum { FILES = sizeof files / sizeof files[0] };

static const uint8_t content[1000];
static uint8_t input[INPUT_MAX];
static uint8_t output[EL_NFS_REPLY];

static void check(int holds)
{
    if (!holds)
        abort();
}

/* -- a tree in memory -- */

static void describe(size_t i, struct el_nfs_attr *attr)
{
    *attr = (struct el_nfs_attr){
        .type = files[i].type, .mode = 0755, .nlink = 1, .size = sizeof content, .id = i + 1};
}

static enum el_nfs_status tree_stat(void *arg, const char *path, struct el_nfs_attr *attr)
{
    (void)arg;
    for (size_t i = 0; i < FILES; i++) {
        if (strcmp(files[i].path, path) != 0)
            continue;
        describe(i, attr);
        return EL_NFS_OK;
    }
    return EL_NFS_E_NOENT;
}

static enum el_nfs_status tree_readlink(void *arg, const char *path, char target[EL_NFS_PATH_MAX])
{
    (void)arg;
    (void)path;
    memcpy(target, "etc", 4);
    return EL_NFS_OK;
}

static enum el_nfs_status tree_open(void *arg, const char *path, struct el_nfs_file *file,
                                    struct el_nfs_attr *attr)
{
    *file = (struct el_nfs_file){.content = {.bytes = content, .size = sizeof content, .fd = -1}};
    return tree_stat(arg, path, attr);
}

static enum el_nfs_status tree_list(void *arg, const char *path, el_nfs_name_cb *cb, void *cb_arg)
{
    (void)arg;
    if (!*path) {
        cb(cb_arg, "etc");
        cb(cb_arg, "link");
    } else {
        cb(cb_arg, "file");
    }
    return EL_NFS_OK;
}

static enum el_nfs_status tree_space(void *arg, struct el_nfs_space *space)
{
    (void)arg;
    *space = (struct el_nfs_space){0};
    return EL_NFS_OK;
}

static const struct el_nfs_source source = {.stat = tree_stat,
                                            .readlink = tree_readlink,
                                            .open = tree_open,
                                            .list = tree_list,
                                            .space = tree_space};

/* -- a volume that takes everything and keeps nothing -- */

struct sink {
    struct el_nfs_volume volume;
    struct el_nfs_volume *lower;
};

static struct el_nfs_volume *lower_of(struct el_nfs_volume *volume)
{
    return ((struct sink *)volume)->lower;
}

static enum el_nfs_status sink_getattr(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                       struct el_nfs_attr *attr)
{
    return lower_of(volume)->ops->getattr(lower_of(volume), node, attr);
}

static enum el_nfs_status sink_lookup(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                      const char *name, struct el_nfs_node *node,
                                      struct el_nfs_attr *attr)
{
    check(strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && *name && !strchr(name, '/'));
    return lower_of(volume)->ops->lookup(lower_of(volume), dir, name, node, attr);
}

static enum el_nfs_status sink_parent(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                      struct el_nfs_node *node, struct el_nfs_attr *attr)
{
    return lower_of(volume)->ops->parent(lower_of(volume), dir, node, attr);
}

static enum el_nfs_status sink_readlink(struct el_nfs_volume *volume,
                                        const struct el_nfs_node *node,
                                        char target[EL_NFS_PATH_MAX])
{
    return lower_of(volume)->ops->readlink(lower_of(volume), node, target);
}

static enum el_nfs_status sink_file(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                    struct el_nfs_file **file, struct el_nfs_attr *attr)
{
    return lower_of(volume)->ops->open(lower_of(volume), node, file, attr);
}

static enum el_nfs_status sink_list(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                    el_nfs_name_cb *cb, void *cb_arg)
{
    return lower_of(volume)->ops->list(lower_of(volume), dir, cb, cb_arg);
}

static uint64_t sink_version(struct el_nfs_volume *volume, const struct el_nfs_attr *dir)
{
    return lower_of(volume)->ops->version(lower_of(volume), dir);
}

static enum el_nfs_status sink_space(struct el_nfs_volume *volume, struct el_nfs_space *space)
{
    return lower_of(volume)->ops->space(lower_of(volume), space);
}

static enum el_nfs_status sink_setattr(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                       const struct el_nfs_change *change, struct el_nfs_attr *attr)
{
    check(change->mode <= 07777 && change->atime.ns < 1000000000 && change->mtime.ns < 1000000000);
    return sink_getattr(volume, node, attr);
}

static enum el_nfs_status sink_write(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                     uint64_t offset, const uint8_t *bytes, size_t len, bool sync,
                                     struct el_nfs_attr *attr)
{
    check(offset + len <= INT64_MAX && len <= EL_NFS_IO_MAX);
    for (size_t i = 0; i < len; i++)
        output[0] ^= bytes[i];
    (void)sync;
    return sink_getattr(volume, node, attr);
}

static enum el_nfs_status sink_commit(struct el_nfs_volume *volume, const struct el_nfs_node *node)
{
    (void)volume;
    (void)node;
    return EL_NFS_OK;
}

static enum el_nfs_status sink_make(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                    const char *name, const struct el_nfs_making *making,
                                    struct el_nfs_node *node, struct el_nfs_attr *attr)
{
    check(*name && !strchr(name, '/') && making->type >= EL_NFS_REG && making->type <= EL_NFS_FIFO);
    check((making->type == EL_NFS_LNK) == (making->target != NULL));
    *node = *dir;
    return sink_getattr(volume, dir, attr);
}

static enum el_nfs_status sink_remove(struct el_nfs_volume *volume, const struct el_nfs_node *dir,
                                      const char *name, bool directory)
{
    (void)volume;
    (void)dir;
    (void)directory;
    check(*name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
    return EL_NFS_OK;
}

static enum el_nfs_status sink_rename(struct el_nfs_volume *volume, const struct el_nfs_node *from,
                                      const char *from_name, const struct el_nfs_node *to,
                                      const char *to_name)
{
    check(*from_name && *to_name && !strchr(to_name, '/'));
    (void)volume;
    (void)from;
    (void)to;
    return EL_NFS_OK;
}

static enum el_nfs_status sink_link(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                    const struct el_nfs_node *dir, const char *name)
{
    (void)volume;
    (void)node;
    (void)dir;
    check(*name && !strchr(name, '/'));
    return EL_NFS_OK;
}

static void sink_close(struct el_nfs_volume *volume)
{
    free(volume);
}

static const struct el_nfs_volume_ops sink_ops = {
    .getattr = sink_getattr,
    .lookup = sink_lookup,
    .parent = sink_parent,
    .readlink = sink_readlink,
    .open = sink_file,
    .list = sink_list,
    .version = sink_version,
    .space = sink_space,
    .close = sink_close,
    .setattr = sink_setattr,
    .write = sink_write,
    .commit = sink_commit,
    .make = sink_make,
    .remove = sink_remove,
    .rename = sink_rename,
    .link = sink_link,
};

static enum el_nfs_status sink_open(void *arg, struct el_nfs_tree *lower, uint64_t id,
                                    const char *machine, struct el_nfs_volume **volume)
{
    struct sink *sink = calloc(1, sizeof *sink);

    (void)arg;
    (void)machine;
    check(sink != NULL);
    sink->lower = el_nfs_tree_volume(lower);
    sink->volume = (struct el_nfs_volume){&sink_ops, id, sink->lower->root};
    *volume = &sink->volume;
    return EL_NFS_OK;
}

static const struct el_nfs_overlays sinks = {.open = sink_open};

/* -- the harness -- */

/* The handle that a mount of PATH gives. */
static void mount(struct el_nfs *nfs, const char *path, uint8_t handle[EL_NFS_HANDLE_MAX])
{
    const struct el_nfs_question question = {.from = {.ip = el_ip4(0x0a000001)}};
    uint8_t bytes[256], answer[512];
    struct el_nfs_reply reply = {.out = el_wire_write(answer, sizeof answer)};
    const uint32_t head[] = {1, 0, 2, EL_NFS_PROGRAM_MOUNT, 3, 1, 0, 0, 0, 0};
    struct el_wire w = el_wire_write(bytes, sizeof bytes);

    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
        el_wire_put_be32(&w, head[i]);
    el_nfs_xdr_put_string(&w, path);
    el_nfs_answer(nfs, &question, bytes, el_wire_done(&w), &reply);
    memcpy(handle, answer + 32, EL_NFS_HANDLE_MAX);
}

/* Puts good handles where the input asks for them. */
static void put_handles(uint8_t *bytes, size_t len, uint8_t handles[2 * FILES][EL_NFS_HANDLE_MAX],
                        bool writable)
{
    for (size_t i = 0; i + EL_NFS_HANDLE_MAX <= len; i++)
        if (memcmp(bytes + i, "HANDLE", 6) == 0)
            memcpy(bytes + i, handles[bytes[i + 6] % FILES + (writable ? FILES : 0)],
                   EL_NFS_HANDLE_MAX);
}

static void answer(struct el_nfs *nfs, const struct el_nfs_question *question, const uint8_t *bytes,
                   size_t len)
{
    struct el_nfs_reply reply = {.out = el_wire_write(output, sizeof output)};

    el_nfs_answer(nfs, question, bytes, len, &reply);
    size_t n = el_wire_done(&reply.out);
    check(el_wire_ok(&reply.out) && n % 4 == 0 && n <= sizeof output);
    check(n == 0 || (n >= 20 && memcmp(output, bytes, 4) == 0));
    check(question->stream || n <= 65507);
    el_nfs_file_release(reply.file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t handles[2 * FILES][EL_NFS_HANDLE_MAX];
    static struct el_nfs *nfs;

    if (!nfs) {
        static const char *const tops[] = {"/ro", "/rw"};
        struct el_nfs_config config = {.key = "fuzz", .port = EL_NFS_PORT};
        el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
        nfs = el_nfs_new(&config);
        check(nfs && el_nfs_export(nfs, "/ro", &source, NULL) == 0 &&
              el_nfs_export(nfs, "/rw", &source, &sinks) == 0);
        for (size_t i = 0; i < 2; i++) {
            uint64_t volume;
            struct el_nfs_node node;
            mount(nfs, tops[i], handles[i * FILES]);
            check(el_nfs_handle_open(el_nfs_keys(nfs), handles[i * FILES], EL_NFS_HANDLE_MAX,
                                     &volume, &node));
            for (size_t k = 0; k < FILES; k++) {
                el_nfs_node_path(el_nfs_keys(nfs), files[k].path, &node);
                node.id = k + 1;
                el_nfs_handle_seal(el_nfs_keys(nfs), volume, &node, handles[i * FILES + k]);
            }
        }
    }
    if (size < 1 || size > INPUT_MAX)
        return 0;
    struct el_nfs_question question = {.from = {.ip = el_ip4(0x0a000001), .port = 800},
                                       .to = el_ip4(0x0a000002),
                                       .now_ns = 1,
                                       .stream = data[0] & STREAM,
                                       .portmap = data[0] & PORTMAP};
    size_t len = size - 1;
    memcpy(input, data + 1, len);
    put_handles(input, len, handles, data[0] & WRITABLE);
    if (!question.stream) {
        answer(nfs, &question, input, len);
        return 0;
    }
    struct el_nfs_record record;
    for (size_t at = 0; el_nfs_record_next(input + at, len - at, INPUT_MAX, &record) > 0;) {
        check(record.taken >= 4 && record.taken <= len - at && record.len <= record.taken - 4);
        answer(nfs, &question, record.bytes, record.len);
        at += record.taken;
    }
    return 0;
}
