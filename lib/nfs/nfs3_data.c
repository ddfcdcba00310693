/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * READ, WRITE, COMMIT (RFC 1813 §3.3.6, §3.3.7, §3.3.21).
 *
 * What is read on a stream is not copied: the reply says how long it is, and its bytes go from the
 * file to the socket (sendfile), unless there are so few that copying is cheaper.
 */
#include "nfs/nfs3.h"

enum { SPLICE_LEAST = 16384 };

/* -- READ -- */

struct piece {
    struct el_nfs_file *file;
    uint64_t offset;
    uint32_t len;
    bool end;
};

static void put_read(struct el_nfs_exchange *x, const struct el_nfs_target *target, uint32_t len,
                     bool end)
{
    el_nfs_put_status(x, EL_NFS_OK);
    el_nfs_put_post(x, target);
    el_wire_put_be32(x->out, len);
    el_wire_put_be32(x->out, end);
    el_wire_put_be32(x->out, len);
}

/* As much as stands in the descriptor in a row. The reference goes with the reply. */
static void send_spliced(struct el_nfs_exchange *x, const struct el_nfs_target *target,
                         struct piece *piece)
{
    struct el_content_stretch stretch = {piece->file->content.fd_offset + piece->offset,
                                         piece->len};

    if (piece->file->content.stretch)
        stretch = piece->file->content.stretch(&piece->file->content, piece->offset);
    if (stretch.len < piece->len) {
        piece->len = (uint32_t)stretch.len;
        piece->end = false;
    }
    put_read(x, target, piece->len, piece->end);
    x->reply->file = piece->file;
    x->reply->file_offset = stretch.fd_offset;
    x->reply->file_len = piece->len;
    piece->file = NULL;
}

static enum el_nfs_status send_copied(struct el_nfs_exchange *x, const struct el_nfs_target *target,
                                      struct piece *piece)
{
    const struct el_wire before = *x->out;

    put_read(x, target, 0, false);
    size_t room = el_wire_left(x->out) & ~(size_t)3;
    if (piece->len > room) {
        piece->len = (uint32_t)room;
        piece->end = false;
    }
    uint8_t *to = el_wire_take(x->out, piece->len);
    int got = to ? el_content_read(&piece->file->content, piece->offset, to, piece->len) : EL_EIO;
    *x->out = before;
    if (got < 0)
        return EL_NFS_E_IO;
    put_read(x, target, (uint32_t)got, piece->end || (uint32_t)got < piece->len);
    el_wire_skip(x->out, (size_t)got);
    el_wire_put_zero(x->out, el_nfs_xdr_pad((size_t)got));
    return EL_NFS_OK;
}

static enum el_nfs_status read_piece(struct el_nfs_exchange *x, const struct el_nfs_target *target,
                                     struct piece *piece, uint32_t count)
{
    uint32_t most = x->question->stream ? EL_NFS_IO_MAX : EL_NFS_IO_UDP;
    uint64_t size = target->attr.size;
    uint64_t left = piece->offset < size ? size - piece->offset : 0;

    /* Whoever may run a program has to read it, and an owner may have closed the file to himself
     * after he had opened it (RFC 1813 §4.4). */
    if (!el_nfs_owns(x->cred, &target->attr) &&
        !el_nfs_may(x->cred, &target->attr, EL_NFS_MAY_READ) &&
        !el_nfs_may(x->cred, &target->attr, EL_NFS_MAY_EXEC))
        return EL_NFS_E_ACCES;
    count = count < most ? count : most;
    piece->len = left < count ? (uint32_t)left : count;
    piece->end = piece->len == left;
    if (x->question->stream && piece->file->content.fd >= 0 && piece->len >= SPLICE_LEAST) {
        send_spliced(x, target, piece);
        return EL_NFS_OK;
    }
    return send_copied(x, target, piece);
}

bool el_nfs_read(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    struct piece piece = {.offset = el_wire_be64(&x->args)};
    uint32_t count = el_wire_be32(&x->args);
    struct el_nfs_target target;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = el_nfs_aim(x, &given, &target);
    if (status == EL_NFS_OK)
        status = target.volume->ops->open(target.volume, &target.node, &piece.file, &target.attr);
    if (status == EL_NFS_OK) {
        target.known = true;
        status = read_piece(x, &target, &piece, count);
        el_nfs_file_release(piece.file);
    }
    if (status == EL_NFS_OK)
        return true;
    el_nfs_put_status(x, status);
    if (!target.known)
        el_nfs_look_again(&target);
    el_nfs_put_post(x, &target);
    return true;
}

/* -- WRITE, COMMIT -- */

/* A program that somebody else has written to does not run with its owner's rights any more, as on
 * a local file system. */
static void drop_set_id(struct el_nfs_exchange *x, struct el_nfs_target *target)
{
    const struct el_nfs_change change = {.set_mode = true, .mode = target->attr.mode & 01777};

    if (x->cred->uid != 0 && (target->attr.mode & 06000))
        (void)target->volume->ops->setattr(target->volume, &target->node, &change, &target->attr);
}

static enum el_nfs_status write_bytes(struct el_nfs_exchange *x, struct el_nfs_target *target,
                                      uint64_t offset, const uint8_t *bytes, size_t len, bool sync)
{
    struct el_nfs_volume *volume = target->volume;

    if (!el_nfs_is_writable(volume))
        return EL_NFS_E_ROFS;
    if (target->attr.type != EL_NFS_REG)
        return target->attr.type == EL_NFS_DIR ? EL_NFS_E_ISDIR : EL_NFS_E_INVAL;
    if (!el_nfs_owns(x->cred, &target->attr) &&
        !el_nfs_may(x->cred, &target->attr, EL_NFS_MAY_WRITE))
        return EL_NFS_E_ACCES;
    if (offset > INT64_MAX - len)
        return EL_NFS_E_FBIG;
    enum el_nfs_status status =
        volume->ops->write(volume, &target->node, offset, bytes, len, sync, &target->attr);
    if (status == EL_NFS_OK)
        drop_set_id(x, target);
    return status;
}

bool el_nfs_write(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    uint64_t offset = el_wire_be64(&x->args);
    uint32_t count = el_wire_be32(&x->args);
    uint32_t stable = el_wire_be32(&x->args);
    size_t len;
    const uint8_t *bytes = el_nfs_xdr_opaque(&x->args, EL_NFS_IO_MAX, &len);
    struct el_nfs_target target;

    if (!el_nfs_taken(x) || stable > EL_NFS_FILE_SYNC)
        return false;
    enum el_nfs_status status = el_nfs_find(x, &given, &target);
    const struct el_nfs_attr before = target.attr;
    bool known = target.known;
    if (status == EL_NFS_OK && count > len)
        status = EL_NFS_E_INVAL;
    if (status == EL_NFS_OK)
        status = write_bytes(x, &target, offset, bytes, count, stable != EL_NFS_UNSTABLE);
    el_nfs_put_status(x, status);
    el_nfs_put_wcc(x, known ? &before : NULL, &target);
    if (status != EL_NFS_OK)
        return true;
    el_wire_put_be32(x->out, count);
    el_wire_put_be32(x->out, stable != EL_NFS_UNSTABLE ? EL_NFS_FILE_SYNC : EL_NFS_UNSTABLE);
    el_wire_put_be64(x->out, x->nfs->write_verifier);
    return true;
}

bool el_nfs_commit(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    el_wire_skip(&x->args, 8 + 4); /* the whole file is as quickly done */
    struct el_nfs_target target;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = el_nfs_find(x, &given, &target);
    const struct el_nfs_attr before = target.attr;
    /* Of a volume that is only read nothing is outstanding. */
    if (status == EL_NFS_OK && target.volume->ops->commit)
        status = target.volume->ops->commit(target.volume, &target.node);
    el_nfs_put_status(x, status);
    el_nfs_put_wcc(x, target.known ? &before : NULL, &target);
    if (status == EL_NFS_OK)
        el_wire_put_be64(x->out, x->nfs->write_verifier);
    return true;
}
