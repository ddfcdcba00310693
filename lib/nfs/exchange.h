/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the server: one call and its answer, and the programs that answer. */
#ifndef EL_NFS_EXCHANGE_H
#define EL_NFS_EXCHANGE_H

#include "nfs/listing.h"
#include "nfs/nfs.h"
#include "nfs/replay.h"
#include "nfs/rpc.h"

enum { EL_NFS_OVERLAYS = 64 }; /* volumes of machines that are open at once */

struct el_nfs_exported {
    char path[EL_NFS_EXPORT_PATH];
    struct el_nfs_tree *tree;
    const struct el_nfs_overlays *overlays;
};

/* A machine's volume that is open. */
struct el_nfs_opened {
    struct el_nfs_volume *volume;
    uint64_t asked; /* the server's count when it was asked for last */
};

struct el_nfs {
    struct el_nfs_config config;
    struct el_nfs_keys keys;
    struct el_nfs_files *files;
    struct el_nfs_listings *listings;
    struct el_nfs_replay *replay;
    uint64_t write_verifier; /* another one each time we start */
    struct el_nfs_exported exports[EL_NFS_EXPORTS];
    size_t export_count;
    struct el_nfs_opened overlays[EL_NFS_OVERLAYS];
    uint64_t asked;
};

struct el_nfs_exchange {
    struct el_nfs *nfs;
    const struct el_nfs_question *question;
    const struct el_nfs_cred *cred;
    struct el_wire args; /* what is left of the arguments */
    struct el_wire *out; /* where results go */
    struct el_nfs_reply *reply;
};

/* Reads the arguments and writes the results. False: the arguments are garbage; what was written
 * does not count then. */
typedef bool el_nfs_serve(struct el_nfs_exchange *x);

struct el_nfs_program {
    uint32_t number, low, high; /* versions */
    /* Indexed by procedure; NULL: there is no such one. */
    el_nfs_serve *const *procedures;
    uint32_t procedure_count;
    uint64_t once; /* bits of the procedures whose repetition is answered as the first was */
};

extern const struct el_nfs_program el_nfs_program_nfs, el_nfs_program_lock;
extern const struct el_nfs_program el_nfs_program_mount1, el_nfs_program_mount3;
extern const struct el_nfs_program el_nfs_program_portmap2, el_nfs_program_portmap3;

bool el_nfs_serve_null(struct el_nfs_exchange *x);

/* The volume of an export for whoever asks. */
enum el_nfs_status el_nfs_volume_for(struct el_nfs_exchange *x, struct el_nfs_exported *exported,
                                     struct el_nfs_volume **volume);

/* The volume with this number, if it is one for whoever asks. */
enum el_nfs_status el_nfs_volume_by_id(struct el_nfs_exchange *x, uint64_t id,
                                       struct el_nfs_volume **volume);

#endif
