#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# nfs_corpus.py DIRECTORY: writes a call of every procedure (nfs_fuzz.c says what the bytes mean).
import os, struct, sys

STREAM, PORTMAP, WRITABLE = 1, 2, 4
NFS, MOUNT, LOCK, MAPPER = 100003, 100005, 100021, 100000

def u32(*values):
    return struct.pack(">%dI" % len(values), *values)

def u64(value):
    return struct.pack(">Q", value)

def opaque(b):
    return u32(len(b)) + b + b"\0" * (-len(b) % 4)

def fh(i):
    return opaque((b"HANDLE%d" % i).ljust(64, b"."))

TOP, DIR, FILE, LINK = map(fh, range(4))
SATTR = u32(1, 0o644, 1, 0, 1, 0, 1) + u64(5) + u32(1, 2, 10, 20)
NOTHING = u32(0, 0, 0, 0, 0, 0)
SYS = u32(1) + opaque(u32(7) + opaque(b"n1") + u32(1000, 100, 2, 4, 24)) + u32(0, 0)
NONE = u32(0, 0, 0, 0)

def call(program, version, procedure, args=b"", auth=SYS):
    return u32(0x51, 0, 2, program, version, procedure) + auth + args

calls = {
    "null": call(NFS, 3, 0), "getattr": call(NFS, 3, 1, FILE),
    "setattr": call(NFS, 3, 2, FILE + SATTR + u32(1, 3, 4)), "lookup": call(NFS, 3, 3, TOP + opaque(b"etc")),
    "lookup-up": call(NFS, 3, 3, DIR + opaque(b"..")), "access": call(NFS, 3, 4, FILE + u32(63)),
    "readlink": call(NFS, 3, 5, LINK), "read": call(NFS, 3, 6, FILE + u64(10) + u32(500)),
    "write": call(NFS, 3, 7, FILE + u64(3) + u32(5, 2) + opaque(b"hello")),
    "create": call(NFS, 3, 8, DIR + opaque(b"new") + u32(1) + SATTR),
    "create-exclusive": call(NFS, 3, 8, DIR + opaque(b"new") + u32(2) + u64(99)),
    "mkdir": call(NFS, 3, 9, DIR + opaque(b"new") + SATTR),
    "symlink": call(NFS, 3, 10, DIR + opaque(b"new") + NOTHING + opaque(b"../target")),
    "mknod": call(NFS, 3, 11, DIR + opaque(b"null") + u32(4) + NOTHING + u32(1, 3), NONE),
    "mkfifo": call(NFS, 3, 11, DIR + opaque(b"fifo") + u32(7) + NOTHING),
    "remove": call(NFS, 3, 12, DIR + opaque(b"file")), "rmdir": call(NFS, 3, 13, TOP + opaque(b"etc")),
    "rename": call(NFS, 3, 14, TOP + opaque(b"etc") + DIR + opaque(b"usr")),
    "link": call(NFS, 3, 15, FILE + DIR + opaque(b"second")),
    "readdir": call(NFS, 3, 16, TOP + u64(0) + u64(0) + u32(4096)),
    "readdirplus": call(NFS, 3, 17, TOP + u64(2) + u64(0) + u32(512, 4096)),
    "fsstat": call(NFS, 3, 18, TOP), "fsinfo": call(NFS, 3, 19, TOP), "pathconf": call(NFS, 3, 20, TOP),
    "commit": call(NFS, 3, 21, FILE + u64(0) + u32(0)),
    "version": call(NFS, 4, 0), "rpc": u32(1, 0, 3), "gss": call(NFS, 3, 0, b"", u32(6, 0, 0, 0)),
    "mnt": call(MOUNT, 3, 1, opaque(b"/ro/etc")), "mnt1": call(MOUNT, 1, 1, opaque(b"/ro")),
    "mnt-out": call(MOUNT, 3, 1, opaque(b"/ro/../x")), "mnt-no-slash": call(MOUNT, 3, 1, opaque(b"r/o/e/t/c")),
    "mnt-dump": call(MOUNT, 3, 2),
    "umnt": call(MOUNT, 3, 3, opaque(b"/ro")), "export": call(MOUNT, 3, 5),
    "lock": call(LOCK, 4, 2, opaque(b"cookie") + u32(0, 1) + opaque(b"n1") + FILE),
    "share": call(LOCK, 4, 20, opaque(b"cookie")),
    "getport": call(MAPPER, 2, 3, u32(NFS, 3, 6, 0)), "pmap-dump": call(MAPPER, 2, 4),
    "callit": call(MAPPER, 2, 5, u32(NFS, 3, 0) + opaque(b"")),
    "getaddr": call(MAPPER, 4, 3, u32(NFS, 3) + opaque(b"tcp") + opaque(b"10.0.0.2.0.111") + opaque(b"")),
}

directory = sys.argv[1]
os.makedirs(directory, exist_ok=True)

def write(name, how, data):
    with open(os.path.join(directory, name), "wb") as f:
        f.write(bytes([how]) + data)

for name, data in calls.items():
    how = PORTMAP if name in ("getport", "pmap-dump", "getaddr", "callit") else WRITABLE
    write(name, how, data)
write("readdirplus-read-only", 0, calls["readdirplus"])
write("write-read-only", 0, calls["write"])
two = b"".join(u32(1 << 31 | len(calls[n])) + calls[n] for n in ("lookup", "read"))
write("stream", STREAM | WRITABLE, two)
write("fragments", STREAM, b"".join(u32(4) + calls["null"][i:i + 4] for i in range(0, 40, 4)) + u32(1 << 31))
write("bomb", STREAM, u32(0) * 100)
