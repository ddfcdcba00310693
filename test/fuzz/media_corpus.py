#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""media_corpus.py: makes corpus/media_iso, media_udf and media_recognise anew, with genisoimage, xorriso and
mkudffs; beside what they write, a UDF volume with everything that they do not: long and short descriptors, data in
the ICB, extended file entries, files in several extents, and descriptors that go on elsewhere.

An image becomes an input by naming its blocks that are not empty (media_image.h)."""
import os
import shutil
import struct
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BLOCK = 2048


def compact(image):
    blocks = (len(image) + BLOCK - 1) // BLOCK
    out = struct.pack(">H", blocks)
    for i in range(blocks):
        data = image[i * BLOCK:(i + 1) * BLOCK].rstrip(b"\0")
        if data:
            out += struct.pack(">HH", i, len(data)) + data
    return out


def tree(top):
    os.makedirs(top + "/a/b/c/d/e/f/g/h/i")
    open(top + "/a/b/c/d/e/f/g/h/i/deep", "w").write("deep\n")
    open(top + "/" + "n" * 200, "w").write("long\n")
    open(top + "/empty", "w").close()
    os.symlink("../a/./b", top + "/a/link")
    os.symlink("/a/" + "x" * 100 + "/" + "y" * 150, top + "/long-link")
    os.symlink("circle", top + "/circle")
    open(top + "/a/Grüße.txt", "w").write("Grüße\n")


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


# -- a UDF volume by hand -----------------------------------------------------------------------------------

def tagged(identifier, location, body):
    tag = bytearray(struct.pack("<HHBBHHHI", identifier, 2, 0, 0, 1, 0, 0, location))
    tag[4] = sum(tag) & 0xff
    return bytes(tag) + body


def extent(length, block):
    return struct.pack("<II", length, block)


def long_ad(length, block, partition=0):
    return struct.pack("<IIH6x", length, block, partition)


def text(name):
    return b"\x08" + name.encode("latin-1") if name.isascii() else b"\x10" + name.encode("utf-16-be")


def dstring(name, size):
    raw = text(name)
    return raw.ljust(size - 1, b"\0") + bytes([len(raw)])


STAMP = struct.pack("<HhBBBBBBBB", 0x1000 | 60, 2024, 2, 29, 13, 14, 15, 0, 0, 0)


def icb(location, kind, descriptors, size, area, extended=False):
    flags = struct.pack("<IHHHBBIHH", 0, 4, 0, 1, 0, kind, 0, 0, descriptors)
    body = flags + struct.pack("<IIIHBBIQ", 0, 0, 0x14a5, 1, 0, 0, 0, size)
    if extended:
        body += struct.pack("<QQ", size, 1) + STAMP * 4 + struct.pack("<II", 1, 0) + bytes(16 + 16 + 32 + 8)
    else:
        body += struct.pack("<Q", 1) + STAMP * 3 + struct.pack("<I", 1) + bytes(16 + 32 + 8)
    body += struct.pack("<II", 0, len(area)) + area
    return tagged(266 if extended else 261, location, body)


def fid(name, block, characteristics=0):
    raw = text(name) if name else b""
    body = struct.pack("<HBB", 1, characteristics, len(raw)) + long_ad(BLOCK, block) + struct.pack("<H", 0) + raw
    body = tagged(257, 0, body)
    return body + bytes(-len(body) % 4)


def udf_by_hand():
    start, image = 300, {}
    image[256] = tagged(2, 256, extent(16 * BLOCK, 32) + extent(16 * BLOCK, 48))
    for base in (32, 48):
        image[base] = tagged(1, base, bytes(8) + dstring("PRIMARY", 32))
        image[base + 1] = tagged(5, base + 1, struct.pack("<IHH", 1, 1, 0) + b"\0+NSR02".ljust(32, b"\0") +
                                 bytes(128) + struct.pack("<IIII", 1, start, 200, 0))
        volume = struct.pack("<I", 2) + bytes(64) + dstring("BY HAND", 128) + struct.pack("<I", BLOCK)
        volume += b"\0*OSTA UDF Compliant".ljust(32, b"\0") + long_ad(BLOCK, 0) + struct.pack("<II", 6, 1)
        volume += bytes(32 + 128) + extent(0, 0) + struct.pack("<BBHH", 1, 6, 1, 0)
        image[base + 2] = tagged(6, base + 2, volume)
        image[base + 3] = tagged(8, base + 3, b"")
    # Block 0 of the partition: the file set. 1: the root, a directory with its data in the ICB.
    image[start] = tagged(256, 0, bytes(400 - 16) + long_ad(BLOCK, 1))
    root = fid("", 1, 10) + fid("short", 2) + fid("long", 3) + fid("inline", 4) + fid("many", 5) + \
        fid("sub", 6, 2) + fid("Grüße", 4) + fid("hole", 7) + fid("gone", 2, 4) + fid("../etc", 2)
    image[start + 1] = icb(1, 4, 3, len(root), root)
    image[start + 2] = icb(2, 5, 0, 3000, extent(BLOCK, 20) + extent(3000 - BLOCK, 22))
    image[start + 3] = icb(3, 5, 1, 2 * BLOCK, long_ad(BLOCK, 20) + long_ad(BLOCK, 21), True)
    image[start + 4] = icb(4, 5, 3, 6, b"inline")
    image[start + 5] = icb(5, 5, 0, 4 * BLOCK, extent(BLOCK, 30) + extent(3 << 30 | BLOCK, 10))
    image[start + 10] = tagged(258, 10, struct.pack("<II", 0, 24) + extent(BLOCK, 28) + extent(BLOCK, 26) +
                               extent(BLOCK, 24))
    # A directory in two extents, with a name across their border.
    names = b"".join(fid("file-%03d" % i, 4) for i in range(60))
    image[start + 6] = icb(6, 4, 0, len(names), extent(BLOCK, 12) + extent(len(names) - BLOCK, 14))
    image[start + 12], image[start + 14] = names[:BLOCK], names[BLOCK:]
    image[start + 7] = icb(7, 5, 0, BLOCK, extent(2 << 30 | BLOCK, 0))
    for block in (20, 21, 22, 24, 26, 28, 30):
        image[start + block] = bytes([block]) * BLOCK
    out = bytearray(BLOCK * (start + 200))
    for block, data in image.items():
        out[block * BLOCK:block * BLOCK + len(data)] = data
    return bytes(out)


# ISO 9660 where a file is in three extents, the second somewhere else, and one directory is in itself.
def iso_by_hand():
    def both(value, size):
        return value.to_bytes(size, "little") + value.to_bytes(size, "big")

    def record(name, block, size, flags=0):
        raw = name if isinstance(name, bytes) else name.encode()
        body = b"\0" + both(block, 4) + both(size, 4) + bytes([124, 2, 29, 13, 14, 15, 4, flags, 0, 0]) + \
            both(1, 2) + bytes([len(raw)]) + raw
        body += bytes((len(body) + 1) % 2)
        return bytes([len(body) + 1]) + body

    primary = b"\x01CD001\x01\0" + b" " * 32 + b"BY HAND".ljust(32) + bytes(8) + both(40, 4) + bytes(32)
    primary += both(1, 2) + both(1, 2) + both(BLOCK, 2) + both(10, 4) + bytes(16)
    primary = primary.ljust(156, b"\0") + record(b"\0", 20, BLOCK, 2)
    root = record(b"\0", 20, BLOCK, 2) + record(b"\1", 20, BLOCK, 2) + record("LOOP", 20, BLOCK, 2)
    root += record("BIG.;1", 30, BLOCK, 0x80) + record("BIG.;1", 33, BLOCK, 0x80) + record("BIG.;1", 31, 100)
    root += record("READ_ME.TXT;1", 35, 6) + record("ASSOC.;1", 35, 6, 4) + record("FAR.;1", 3000000, 9)
    out = bytearray(BLOCK * 40)
    for block, data in {16: primary, 17: b"\xffCD001\x01", 20: root, 30: b"1" * BLOCK, 31: b"3" * 100,
                        33: b"2" * BLOCK, 35: b"hello\n"}.items():
        out[block * BLOCK:block * BLOCK + len(data)] = data
    return bytes(out)


# What media say of themselves: the bit of the group in media_recognise_fuzz.c, label, text.
SAID = {
    "debian": (0, "Debian 12.5.0 amd64 n", 'Debian GNU/Linux 12.5.0 "Bookworm" - Official amd64 NETINST'),
    "ubuntu": (1, "Ubuntu 24.04", 'Ubuntu-Server 24.04.1 LTS "Noble Numbat" - Release amd64 (20240827)'),
    "treeinfo": (2, "Rocky-9-3", "[general]\narch = x86_64\nfamily = Rocky Linux\nversion = 9.3\n"
                 "[images-x86_64]\ninitrd = images/pxeboot/initrd.img\nkernel = images/pxeboot/vmlinuz\n"),
    "discinfo": (3, "Fedora-S-dvd", "1699018880.0\nFedora 39\nx86_64\n"),
    "suse": (4, "openSUSE-Leap-15.5", "/ openSUSE-Leap 15.5-1\n"),
    "agama": (5, "SLES-16.0-Online-x86_64", "hsqs"),
    "alpine": (7, "alpine-std 3.19.1 x86_64", "alpine-standard-3.19.1 240126\n"),
    "proxmox": (8, "PVE", "PRODUCT='pve'\nPRODUCTLONG=\"Proxmox VE\"\nRELEASE='8.1'\nISORELEASE='2'\n"),
    "freebsd": (9, "14_0_RELEASE_AMD64_CD", '#!/bin/sh\nUSERLAND_VERSION="14.0-RELEASE"\n'),
    "esxi": (10, "ESXI", "title=Loading ESXi installer\nprefix=\nkernel=/b.b00\nkernelopt=runweasel cdromBoot\n"
             "modules=/jumpstrt.gz --- /k.b00\nbuild=8.0.2-0.0.22380479\n"),
    "windows": (11, "CCCOMA_X64FRE", "MSWIM\0\0\0" + "\0" * 64 + "\x60" + "\0" * 7 + "\xd0" + "\0" * 127 +
                "\0".join("<ARCH>9</ARCH><MAJOR>10</MAJOR><MINOR>0</MINOR><BUILD>22621</BUILD>")),
    "entry": (12, "OURS", "kernel = a\ninitrd = b\ninitrd = c\nargs = x=@url@/y\ntitle = Ours\narch = arm64\n"),
    "grub": (13, "LIVE 7", "menuentry x {\n linux /a root=${root} quiet\n initrd /b\n}\n"),
    "isolinux": (14, "LIVE", "LABEL x\n  KERNEL a\n  APPEND initrd=b,c root=/dev/ram0\n"),
    "netboot": (15, "", "Debian version:  12 (bookworm)\nInstaller build: 20230607\n"),
}


def said(bit, label, text):
    return struct.pack(">HB", 1 << bit, len(label)) + label.encode() + text.encode("latin-1")


def main():
    os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
    made = {"media_iso": {"by-hand": iso_by_hand()}, "media_udf": {"by-hand": udf_by_hand()}}
    with tempfile.TemporaryDirectory() as work:
        tree(work + "/tree")
        image = work + "/image"

        def take(kind, name, *command):
            if os.path.exists(image):
                os.remove(image)
            run(*command)
            made[kind][name] = open(image, "rb").read()

        mkisofs = ("genisoimage", "-quiet", "-no-pad", "-input-charset", "utf-8")
        take("media_iso", "rock-ridge", *mkisofs, "-R", "-o", image, work + "/tree")
        take("media_iso", "xorriso", "xorriso", "-as", "mkisofs", "-quiet", "-no-pad", "-R", "-J", "-o", image,
             work + "/tree")
        for name in ("long-link", "circle", "a/link"):
            os.remove(work + "/tree/" + name)
        shutil.rmtree(work + "/tree/a/b/c")
        take("media_iso", "joliet", *mkisofs, "-J", "-joliet-long", "-o", image, work + "/tree")
        take("media_udf", "bridge", *mkisofs, "-udf", "-o", image, work + "/tree")
        open(image, "wb").truncate(2 << 20)
        run("mkudffs", "--media-type=hd", "--blocksize=2048", "--udfrev=2.01", image)
        made["media_udf"]["mkudffs"] = open(image, "rb").read()
    inputs = {kind: {name: compact(image) for name, image in images.items()} for kind, images in made.items()}
    inputs["media_recognise"] = {name: said(*what) for name, what in SAID.items()}
    for kind, files in inputs.items():
        top = os.path.join(HERE, "corpus", kind)
        shutil.rmtree(top, ignore_errors=True)
        os.makedirs(top)
        for name, data in files.items():
            open(os.path.join(top, name), "wb").write(data)


main()
