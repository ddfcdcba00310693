#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seed corpus of lwip_fuzz: lwip_corpus.py DIRECTORY, run by hand when the format changes."""
import struct
import sys

SYN, FIN, RST, PSH, ACK, OURS = 2, 1, 4, 8, 16, 0x40
MSS = bytes([2, 4, 5, 0xb4])
SCALE = bytes([3, 3, 7, 1])
SACK_OK = bytes([4, 2, 1, 1])


def segment(flags, seq=0, ack=0, window=0xffff, options=b"", data=b"", size=None, step=0):
    size = len(data) if size is None else size
    first = data[:1] or b"\0"
    return (struct.pack(">BHBhhHBH", 2, step, flags, seq, ack, window, len(options) // 4, size)
            + options + first)


def raw(packet, step=0):
    return struct.pack(">BHH", 0, step, len(packet)) + packet


def fragment(offset, more, ident, protocol, size, head=b"", step=0):
    return (struct.pack(">BHHBBH", 1, step, (0x2000 if more else 0) | offset, ident, protocol, size)
            + head.ljust(min(size, 16), b"\0"))


OPEN = segment(SYN, options=MSS + SCALE + SACK_OK) + segment(ACK)
ARP = bytes.fromhex("ffffffffffff 020000000002 0806 0001 0800 06 04 0001 020000000002 0a000002"
                    "000000000000 0a000001")
REPLY = bytes.fromhex("020000000001 020000000002 0806 0001 0800 06 04 0002 020000000002 0a000002"
                      "020000000001 0a000001")
DISCOVER = bytes.fromhex("ffffffffffff 525400123456 0800 4500001f 00000000 40117acf 00000000 ffffffff"
                         "0044 0007 000b 0000 61736b")
PING = bytes.fromhex("4500001c 00010000 400166dd 0a000002 0a000001 0800f7ff 00000000")
SEEDS = {
    "echo": (0, OPEN + segment(ACK | PSH, data=b"hello") + segment(ACK) + segment(ACK | FIN) + segment(ACK, 1)),
    "greeting": (4, OPEN + segment(ACK) + segment(ACK, step=200) + segment(RST)),
    "zero-window": (4, OPEN + segment(ACK, window=0) + segment(ACK, window=0, step=5000) + segment(ACK, step=9000)),
    "holes": (0, OPEN + segment(ACK, seq=3000, size=1000) + segment(ACK, seq=1000, size=1000)
              + segment(ACK, seq=500, size=1460) + segment(ACK, size=1000) + segment(ACK | FIN, seq=4000)),
    "close": (0, OPEN + segment(ACK, data=b"c") + segment(ACK) + segment(ACK, size=100)),
    "finish": (0, OPEN + segment(ACK, data=b"f") + segment(ACK) + segment(ACK | FIN) + segment(ACK, step=1000)),
    "pause": (0, OPEN + segment(ACK, data=b"p") + segment(ACK, size=1460) * 4 + segment(RST | ACK)),
    "tiny-mss": (4, segment(SYN, options=bytes([2, 4, 0, 1])) + segment(ACK)),
    "bad-options": (0, segment(SYN, options=bytes([2, 40, 5, 0, 3, 0, 0, 0])) + segment(ACK)),
    "cut-option": (0, segment(SYN, options=bytes([1, 1, 1, 2])) + segment(SYN, options=bytes([1, 1, 1, 3]))
                   + segment(SYN, options=bytes([1, 1, 1, 99]))),
    "partial-acks": (4, OPEN + segment(ACK, ack=-3000) + segment(ACK, ack=-2999) * 4 + segment(ACK)),
    "connect": (2, segment(OURS | SYN | ACK, options=MSS) + segment(OURS | ACK | PSH, data=b"x")
                + segment(OURS | FIN | ACK)),
    "refused": (2, segment(OURS | RST | ACK)),
    "both-open": (2, segment(OURS | SYN, options=MSS) + segment(OURS | SYN | ACK)),
    "arp": (1, raw(ARP) + raw(REPLY) + OPEN + segment(ACK | PSH, data=b"hello")),
    "arp-late": (7, raw(b"", 1000) + raw(REPLY, 3000) + OPEN),
    "arp-short": (1, raw(ARP[:41]) + raw(ARP[:15])),
    "discover": (1, raw(DISCOVER)),
    "ping": (0, raw(PING) + raw(PING[:24])),
    "fragments": (0, fragment(0, True, 1, 17, 1480, bytes.fromhex("138800070c000000"))
                  + fragment(185, True, 1, 17, 1480) + fragment(370, False, 1, 17, 112)),
    "overlapping": (0, fragment(0, True, 2, 17, 64) + fragment(4, True, 2, 17, 64) + fragment(0, False, 2, 17, 24)
                    + fragment(8191, False, 3, 6, 1480)),
}

for name, (first, records) in SEEDS.items():
    with open(f"{sys.argv[1]}/{name}", "wb") as file:
        file.write(bytes([first]) + records)
