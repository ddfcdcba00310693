/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers of the protocols: ONC RPC (RFC 5531), portmapper and rpcbind (RFC 1833), NFS version
 * 3 and MOUNT (RFC 1813), the lock manager (X/Open XNFS, Protocols for Interworking, chapter 14).
 */
#ifndef EL_NFS_NFS_WIRE_H
#define EL_NFS_NFS_WIRE_H

enum {
    EL_NFS_PORT = 2049,
    EL_NFS_PORTMAP_PORT = 111,

    EL_NFS_PROGRAM_PORTMAP = 100000,
    EL_NFS_PROGRAM_NFS = 100003,
    EL_NFS_PROGRAM_MOUNT = 100005,
    EL_NFS_PROGRAM_LOCK = 100021,

    EL_NFS_HANDLE_MAX = 64,   /* NFS3_FHSIZE */
    EL_NFS_HANDLE2_LEN = 32,  /* of version 2, for MOUNT version 1 */
    EL_NFS_NAME_MAX = 255,    /* of one component */
    EL_NFS_MOUNT_PATH = 1024, /* MNTPATHLEN */
    EL_NFS_PATH_MAX = 4096,   /* with its NUL: of a path in a volume, and what a link says */
    EL_NFS_IO_MAX = 1 << 20,  /* of a READ and a WRITE on a stream */
    EL_NFS_IO_UDP = 32768,    /* in a datagram */
    EL_NFS_VERIFIER = 8,      /* bytes: NFS3_WRITEVERFSIZE and the like */
};

/* accept_stat (RFC 5531 §9). */
enum el_nfs_accept {
    EL_NFS_SUCCESS = 0,
    EL_NFS_PROG_UNAVAIL = 1,
    EL_NFS_PROG_MISMATCH = 2,
    EL_NFS_PROC_UNAVAIL = 3,
    EL_NFS_GARBAGE_ARGS = 4,
    EL_NFS_SYSTEM_ERR = 5,
};

/* nfsstat3 (RFC 1813 §2.6). */
enum el_nfs_status {
    EL_NFS_OK = 0,
    EL_NFS_E_PERM = 1,
    EL_NFS_E_NOENT = 2,
    EL_NFS_E_IO = 5,
    EL_NFS_E_ACCES = 13,
    EL_NFS_E_EXIST = 17,
    EL_NFS_E_XDEV = 18,
    EL_NFS_E_NOTDIR = 20,
    EL_NFS_E_ISDIR = 21,
    EL_NFS_E_INVAL = 22,
    EL_NFS_E_FBIG = 27,
    EL_NFS_E_NOSPC = 28,
    EL_NFS_E_ROFS = 30,
    EL_NFS_E_MLINK = 31,
    EL_NFS_E_NAMETOOLONG = 63,
    EL_NFS_E_NOTEMPTY = 66,
    EL_NFS_E_DQUOT = 69,
    EL_NFS_E_STALE = 70,
    EL_NFS_E_BADHANDLE = 10001,
    EL_NFS_E_NOT_SYNC = 10002,
    EL_NFS_E_BAD_COOKIE = 10003,
    EL_NFS_E_NOTSUPP = 10004,
    EL_NFS_E_TOOSMALL = 10005,
    EL_NFS_E_SERVERFAULT = 10006,
    EL_NFS_E_BADTYPE = 10007,
    EL_NFS_E_JUKEBOX = 10008,
};

/* ftype3 (RFC 1813 §2.6). */
enum el_nfs_type {
    EL_NFS_REG = 1,
    EL_NFS_DIR = 2,
    EL_NFS_BLK = 3,
    EL_NFS_CHR = 4,
    EL_NFS_LNK = 5,
    EL_NFS_SOCK = 6,
    EL_NFS_FIFO = 7,
};

/* Procedures of NFS version 3 (RFC 1813 §3.3). */
enum el_nfs_procedure {
    EL_NFS_NULL,
    EL_NFS_GETATTR,
    EL_NFS_SETATTR,
    EL_NFS_LOOKUP,
    EL_NFS_ACCESS,
    EL_NFS_READLINK,
    EL_NFS_READ,
    EL_NFS_WRITE,
    EL_NFS_CREATE,
    EL_NFS_MKDIR,
    EL_NFS_SYMLINK,
    EL_NFS_MKNOD,
    EL_NFS_REMOVE,
    EL_NFS_RMDIR,
    EL_NFS_RENAME,
    EL_NFS_LINK,
    EL_NFS_READDIR,
    EL_NFS_READDIRPLUS,
    EL_NFS_FSSTAT,
    EL_NFS_FSINFO,
    EL_NFS_PATHCONF,
    EL_NFS_COMMIT,
};

/* ACCESS (RFC 1813 §3.3.4). */
enum {
    EL_NFS_ACCESS_READ = 0x01,
    EL_NFS_ACCESS_LOOKUP = 0x02,
    EL_NFS_ACCESS_MODIFY = 0x04,
    EL_NFS_ACCESS_EXTEND = 0x08,
    EL_NFS_ACCESS_DELETE = 0x10,
    EL_NFS_ACCESS_EXECUTE = 0x20,
};

/* FSINFO (RFC 1813 §3.3.19). */
enum {
    EL_NFS_FSF_LINK = 0x01,
    EL_NFS_FSF_SYMLINK = 0x02,
    EL_NFS_FSF_HOMOGENEOUS = 0x08,
    EL_NFS_FSF_CANSETTIME = 0x10,
};

enum el_nfs_stable { EL_NFS_UNSTABLE, EL_NFS_DATA_SYNC, EL_NFS_FILE_SYNC };

#endif
