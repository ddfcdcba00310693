/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An NFS server, as a machine: the bytes of a call go in, those of its reply come out. It speaks
 * NFS version 3 and MOUNT (RFC 1813), portmapper and rpcbind (RFC 1833), and enough of the lock
 * manager (version 4, X/Open) that nobody waits for a lock for ever.
 *
 *     nfs = el_nfs_new(&config);
 *     el_nfs_export(nfs, "/debian", &source, NULL);
 *     el_nfs_answer(nfs, &question, bytes, len, &reply);
 *
 * What a call says of users (AUTH_SYS) keeps the users of one machine apart, as their kernel does
 * too. It is no proof: a machine is who its address says, and gets what is exported to its network;
 * what this process itself may not read is not served. Handles cannot be made up (handle.h).
 *
 * A volume that can be written is one machine's alone (overlay_io.h), so locks are granted without
 * a look: there is nobody to share them with.
 */
#ifndef EL_NFS_NFS_H
#define EL_NFS_NFS_H

#include "base/addr.h"
#include "nfs/source.h"
#include "nfs/tree.h"
#include "nfs/xdr.h"

enum {
    EL_NFS_EXPORTS = 64,
    EL_NFS_EXPORT_PATH = 512, /* with its NUL */
    EL_NFS_MACHINE = 64,      /* what a machine is called, with its NUL */
    EL_NFS_REPLY = 132 * 1024,
    EL_NFS_CALL_MAX = EL_NFS_IO_MAX + 4096,
};

struct el_nfs;

struct el_nfs_config {
    uint8_t key[EL_NFS_KEY];  /* handles survive as long as it does; copied */
    struct el_prefix clients; /* who is answered; family 0: everybody */
    uint16_t port;            /* the one of all programs, for who asks the portmapper */
    /* What the machine at an address is called: its overlay's name. NULL: its address. */
    void (*machine)(void *arg, const struct el_ip *client, char name[EL_NFS_MACHINE]);
    void *arg;
};

/* Who makes the volume of an export that can be written, of one machine. */
struct el_nfs_overlays {
    enum el_nfs_status (*open)(void *arg, struct el_nfs_tree *lower, uint64_t id,
                               const char *machine, struct el_nfs_volume **volume);
    void *arg;
};

struct el_nfs_question {
    struct el_endpoint from;
    struct el_ip to; /* the address that was asked; family 0: not known */
    uint64_t now_ns;
    bool stream;  /* came on a stream: long replies are possible, and parts of files */
    bool portmap; /* came to the portmapper's port: nothing else is answered there */
};

struct el_nfs_reply {
    struct el_wire out;       /* over the caller's EL_NFS_REPLY bytes; nothing in it: no answer */
    struct el_nfs_file *file; /* not NULL: FILE_LEN bytes of it follow, and zeros up to a multiple
                                 of 4. The caller releases it. */
    uint64_t file_offset;     /* in file->content.fd */
    uint32_t file_len;
};

struct el_nfs *el_nfs_new(const struct el_nfs_config *config); /* NULL if out of memory */
void el_nfs_free(struct el_nfs *nfs);                          /* NULL is allowed */

/* For sources and overlays that are made before they are exported. */
const struct el_nfs_keys *el_nfs_keys(const struct el_nfs *nfs);
struct el_nfs_files *el_nfs_files(struct el_nfs *nfs);

/* Exports SOURCE, which is the server's from now on, also on failure, as PATH ("/debian", or "/");
 * with OVERLAYS each machine has a writable volume of its own. 0; EL_EINVAL: no path; EL_EEXIST;
 * EL_EFULL; EL_EIO: the source cannot be read. */
int el_nfs_export(struct el_nfs *nfs, const char *path, const struct el_nfs_source *source,
                  const struct el_nfs_overlays *overlays);

/* True if anything that is exported can be written: calls may be EL_NFS_CALL_MAX long then. */
bool el_nfs_writes(const struct el_nfs *nfs);

/* Answers one call. */
void el_nfs_answer(struct el_nfs *nfs, const struct el_nfs_question *question, const uint8_t *bytes,
                   size_t len, struct el_nfs_reply *reply);

#endif
