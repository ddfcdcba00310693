#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of forward_fuzz and peer_fuzz into corpus/: run it in test/fuzz. The orders are
explained in forward_fuzz.c."""

import os
import struct

HUB, MARS, VENUS = (bytes.fromhex("525400770001")[:4] + bytes([0, i + 1]) for i in range(3))
ALL = b"\xff" * 6
NONE, TCP4, TCP6, UDP = 0, 1, 4, 5


def csum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ip4(protocol, payload, fragment=0):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol, 0,
                       b"\x0a\x4d\x00\x01", b"\x0a\x4d\x00\x02")
    return head[:10] + struct.pack(">H", csum(head)) + head[12:] + payload


def tcp(flags, payload, options=b""):
    return struct.pack(">HHIIBBHHH", 40000, 80, 1, 1, (20 + len(options)) // 4 << 4, flags, 500, 0,
                       0) + options + payload


def udp(payload):
    return struct.pack(">HHHH", 50000, 69, 8 + len(payload), 0) + payload


def eth(dst, src, kind, payload):
    return dst + src + struct.pack(">H", kind) + payload


def frame(card, data, gso=NONE, size=0, start=34, offset=0, flags=0):
    return struct.pack(">BBBHBBBH", 0, card, gso, size, start, offset, flags, len(data)) + data


def sized(data):
    return struct.pack(">H", len(data)) + data


SYN = eth(HUB, MARS, 0x800, ip4(6, tcp(2, b"", b"\x02\x04\x05\xb4")))
SUPER = eth(HUB, MARS, 0x800, ip4(6, tcp(0x18, b"x" * 300)))
USO = eth(VENUS, MARS, 0x800, ip4(17, udp(b"u" * 200)))
WAIT, LONG = b"\x05\x02", b"\x06\x1e"

FORWARD = {
    "conversation": frame(1, eth(ALL, MARS, 0x806, b"\0" * 46)) + WAIT
                    + frame(0, eth(MARS, HUB, 0x800, ip4(17, udp(b"hello")))) + WAIT
                    + frame(1, SYN, offset=16, flags=1)
                    + frame(1, SUPER, TCP4, 100, 34, 16, 1) + WAIT
                    + frame(1, USO, UDP, 60, 34, 6, 1) + LONG,
    "narrow": b"\x07\x10" + LONG + b"\x0a\x03" + frame(1, eth(HUB, MARS, 0x88B5, b"")
              + b"n" * 1400) + WAIT + b"\x09\x14" + frame(1, SUPER, TCP4, 7, 34, 16, 1) + LONG
              + b"\x08\x00" + frame(1, SYN) + WAIT,
    "hostile": b"\x03\x00\x4d" + sized(eth(MARS, HUB, 0x88B5, b"the hub's address"))
               + b"\x03\x00\x4e" + sized(eth(ALL, MARS, 0x88B5, b"another network"))
               + b"\x01" + sized(b"\x08\0\0\0\0\0\x4d\0" + SYN)
               + b"\x02\x00" + sized(ip4(1, b"\x08\0\xf7\xff\0\0\0\0"))
               + b"\x0a\x50\x03\x01\x4d" + sized(eth(ALL, VENUS, 0x800, ip4(17, udp(b"flood")))) + WAIT,
    "compact": frame(2, eth(HUB, VENUS, 0x800, ip4(6, tcp(0x18, b"x" * 300))), TCP4, 100, 34, 16, 1) + WAIT
               + b"".join(b"\x02\x01" + sized(head + SYN) for head in
                          (b"\x08\0\0\0\0\0\x4d\0", b"\x08\x20\0\0\0\0\x4d\x11",
                           b"\x08\x20\0\0\0\0\x4d\x91", b"\x08\x20\0\0\0\0\x4e\x11"))
               + b"\x02\x00" + sized(b"\x08\0\0\0\0\0\x4d\0" + SYN)
               + b"\x0b\x02" + frame(2, USO, UDP, 60, 34, 6, 1) + LONG,
    "fragments": b"\x04\x00\x00\x01" + sized(b"\xc3\x50\x12\xb5\0\x4c\0\0\x08\0\0\0\0\0\x4d\0"
                 + eth(HUB, MARS, 0x88B5, b"f" * 18))
                 + b"\x04\x00\x06\x00" + sized(b"f" * 28) + WAIT
                 + b"\x0a\xff\x04\x01\x10\x01" + sized(b"g" * 1400) + LONG
                 + b"\x04\x00\x05\x01" + sized(b"over" * 4) + LONG,
}

KEY, PSK = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=", "/" * 42 + "8="
PEER = {
    "peers": f"p mars={KEY},ip=100.64.0.9,endpoint=hub.example:443,psk-key={PSK},keepalive=25,wire=fast\n"
             f"p venus=I{KEY[1:]}\np mars=J{KEY[1:]}\n",
    "endpoints": "e hub\ne hub:80\ne [fd00::1]:80\ne fd00::1\ne 192.0.2.1:51820\n",
    "options": "r 192.168.77.100-192.168.77.199\nm 52:54:00:12:34:56=192.168.77.20,node20\n"
               "n 192.168.77.1/24\nn 10.0.0.1/8\nn 10.0.0.1/31\n",
}

for folder, seeds in (("forward", FORWARD), ("peer", PEER)):
    os.makedirs(f"corpus/{folder}", exist_ok=True)
    for name, seed in seeds.items():
        with open(f"corpus/{folder}/{name}", "wb") as file:
            file.write(seed if isinstance(seed, bytes) else seed.encode())
