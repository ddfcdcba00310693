#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seed corpora of overlay_fuzz, reasm_fuzz, pmtu_fuzz and switch_fuzz, byte for byte the
same each time: overlay_corpus.py [DIRECTORY, by default corpus/ beside this file]."""
import struct
import sys
from pathlib import Path

HUB, SPOKE = 0x64400001, 0x64400002
MTU_1440 = bytes([1440 // 8])


def csum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip4(payload, protocol, src=SPOKE, dst=HUB, fragment=0, ident=1, options=b""):
    def header(c):
        return struct.pack("!BBHHHBBHII", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload),
                           ident, fragment, 64, protocol, c, src, dst) + options
    return header(csum(header(0))) + payload


def udp(payload, sport=0xC001, dport=4789, checksum=False, src=SPOKE, dst=HUB):
    data = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    if checksum:
        c = csum(struct.pack("!IIBBH", src, dst, 0, 17, len(data)) + data) or 0xFFFF
        data = data[:6] + struct.pack("!H", c) + data[8:]
    return data


def vxlan(frame, vni=77, flags=0x08000000, reserved=0):
    return struct.pack("!II", flags, vni << 8 | reserved) + frame


def eth(payload, ethertype, tags=()):
    head = bytes.fromhex("525400000001 525400000002")
    for tpid in tags:
        head += struct.pack("!HH", tpid, 5)
    return head + struct.pack("!H", ethertype) + payload


def syn(options, ip6=False):
    options += b"\0" * (-len(options) % 4)
    src, dst = bytes([0xFD] + [0] * 14 + [1]), bytes([0xFD] + [0] * 14 + [2])
    length = 20 + len(options)
    pseudo = src + dst + struct.pack("!II", length, 6) if ip6 else struct.pack("!IIBBH", 1, 2, 0, 6, length)

    def segment(c):
        return struct.pack("!HHIIHHHH", 49152, 80, 1, 0, length // 4 << 12 | 2, 65535, c, 0) + options
    data = segment(csum(pseudo + segment(0)))
    if ip6:
        return struct.pack("!IHBB", 6 << 28, length, 6, 64) + src + dst + data
    return ip4(data, 6, 1, 2)


def echo(kind, payload, **kw):
    def body(c):
        return struct.pack("!BBHHH", kind, 0, c, 7, 9) + payload
    return ip4(body(csum(body(0))), 1, **kw)


def compact(frame, start=None, offset=16):
    """In the compact form; START: of a checksum that is partial."""
    if start is None:
        return vxlan(frame)
    return vxlan(frame, flags=0x08200000, reserved=start // 2 | (0x80 if offset == 6 else 0))


def packet(frame, **kw):
    return ip4(udp(vxlan(frame, **kw)), 17)


MSS = bytes([2, 4]) + struct.pack("!H", 1460)
arp = eth(bytes(46), 0x0806)
overlay = {
    "arp": packet(arp),
    "compact": compact(arp),
    "compact-tcp": compact(eth(syn(MSS), 0x0800), 34),
    "compact-tcp6": compact(eth(syn(MSS, True), 0x86DD, (0x88A8, 0x8100)), 62),
    "compact-udp": compact(eth(ip4(udp(bytes(30)), 17), 0x0800), 34, 6),
    "compact-nowhere": compact(eth(syn(MSS), 0x0800), 36),
    "compact-padded": compact(eth(syn(MSS), 0x0800) + bytes(6), 34),
    "udp-checksum": ip4(udp(vxlan(arp), checksum=True), 17),
    "gbp": packet(arp, flags=0x88000000),
    "gpe": packet(arp, flags=0x0C000000),
    "reserved-byte": packet(arp, reserved=1),
    "no-vni": packet(arp, flags=0),
    "short-frame": packet(bytes(13)),
    "options": ip4(udp(vxlan(arp)), 17, options=bytes([7, 3, 4, 0])),
    "other-port": ip4(udp(vxlan(arp), dport=4790), 17),
    "nested": packet(eth(ip4(udp(vxlan(arp, vni=78)), 17), 0x0800)),
    "echo": echo(8, b"abcdefghijklmnop"),
    "echo-odd": echo(8, b"abcdefghijklmno"),
    "echo-reply": echo(0, b"x" * 56),
    "unreachable": ip4(struct.pack("!BBHI", 3, 3, 0xFCFC, 0), 1),
    "fragment-first": ip4(bytes(64), 17, fragment=0x2000),
    "fragment-last": ip4(bytes(9), 17, fragment=8),
    "syn4": packet(eth(syn(MSS), 0x0800)),
    "syn4-odd-place": packet(eth(syn(b"\1" + MSS + b"\1\1\4\2"), 0x0800)),
    "syn4-linux": packet(eth(syn(MSS + bytes.fromhex("0402080a00000001000000000103030a")), 0x0800)),
    "syn6": packet(eth(syn(MSS, ip6=True), 0x86DD)),
    "syn4-tagged": packet(eth(syn(MSS), 0x0800, tags=[0x8100])),
    "syn4-two-tags": packet(eth(syn(MSS), 0x0800, tags=[0x88A8, 0x8100])),
    "syn4-two-mss": packet(eth(syn(MSS + MSS), 0x0800)),
    "syn4-no-mss": packet(eth(syn(b""), 0x0800)),
    "syn4-bad-length": packet(eth(syn(bytes([2, 0, 5, 180])), 0x0800)),
}

MORE, ICMP, RAW, WAIT = 1, 2, 4, 8


def piece(units, length, flags, fill=0, source=1, ident=1):
    return struct.pack("!BBBHBB", source, ident, units, length, flags, fill)


def raw(data):
    return struct.pack("!BBBHBB", 0, 0, 0, len(data), RAW, 0) + data


reasm = {
    "two": piece(0, 64, MORE) + piece(8, 9, 0),
    "two-swapped": piece(8, 9, 0) + piece(0, 64, MORE),
    "many": b"".join(piece(u, 8, MORE) for u in range(0, 40)) + piece(40, 1, 0),
    "largest": piece(0, 800, MORE) + piece(100, 780, 0),
    "too-large": piece(0, 800, MORE) + piece(100, 781, 0),
    "ping-of-death": piece(0, 64, MORE, 0, 1, 2) + piece(255, 2047, 0, 0, 1, 2),
    "teardrop": piece(0, 64, MORE) + piece(3, 4, 0, 1) + piece(8, 9, 0),
    "overlap-same-bytes": piece(0, 64, MORE) + piece(4, 64, MORE) + piece(8, 9, 0),
    "duplicate": piece(0, 64, MORE) * 3 + piece(8, 9, 0),
    "two-ends": piece(8, 9, 0) + piece(8, 8, 0) + piece(0, 64, MORE),
    "late": piece(0, 64, MORE) + b"".join(piece(0, 64, MORE | WAIT, 0, 2, i) for i in range(5)) + piece(8, 9, 0),
    "full": b"".join(piece(0, 64, MORE, 0, i % 3, i) for i in range(20)) + piece(8, 9, 0, 0, 1, 19),
    "protocols": piece(0, 64, MORE) + piece(8, 9, ICMP) + piece(8, 9, 0),
    "raw": raw(ip4(bytes(64), 17, fragment=0x2000)) + raw(ip4(bytes(9), 1, fragment=8)) + piece(0, 64, MORE),
}

START4, START6, STOP, NEXT, ANSWER = b"\0\0", b"\0\1", b"\1", b"\4", b"\5"
FULL = b"\x08" + struct.pack("!H", 1400)
pmtu = {
    "ethernet": START4 + ANSWER * 10 + NEXT * 4,
    "six": START6 + ANSWER * 5 + NEXT * 4,
    "silent": START4 + NEXT * 8 + FULL + b"\3\x06" + NEXT * 8,
    "black-hole": START4 + ANSWER * 10 + (FULL + b"\2\x96" + ANSWER) * 3 + (FULL + NEXT) * 12 + ANSWER * 4,
    "growth": START4 + ANSWER * 4 + NEXT * 4 + (FULL + b"\3\x3c" + ANSWER * 3) * 3,
    "too-big": START4 + ANSWER * 9 + b"\7" + struct.pack("!H", 1430) + ANSWER + b"\7\0\0" + FULL + NEXT * 4,
    "roaming": START4 + ANSWER * 3 + START6 + ANSWER * 3 + STOP + ANSWER + NEXT,
    "forged": START4 + b"\6" + struct.pack("!HHH", 7, 1, 1216) + b"\6" + struct.pack("!HHH", 7, 2, 1584),
}


def op(code, port, a, b):
    return bytes([code, port, a, b])


PLAIN, ISOLATED, PROTECTED = 1, 3, 5
SHORTCUT = 0x09
three = op(0, 0, PLAIN, 0) * 3
switch = {
    "learn": three + op(6, 0, 2, 3) + op(6, 1, 3, 2) + op(6, 0, 2, 3),
    "networks": op(0, 0, PLAIN, 0) + op(0, 0, PLAIN, 1) + op(0, 0, PLAIN, 0) + op(6, 0, 2, 3) + op(6, 1, 3, 2) + op(6, 2, 3, 2),
    "move": three + op(6, 0, 2, 3) + op(6, 1, 2, 3) + op(6, 2, 3, 2),
    "age": three + op(6, 0, 2, 3) + op(3, 0, 0x40, 0) + op(4, 0, 0, 0) + op(6, 1, 3, 2),
    "isolate": op(0, 0, PLAIN, 0) + op(0, 0, ISOLATED, 0) * 2 + op(6, 1, 2, 3) + op(6, 2, 3, 2) + op(6, 0, 4, 2),
    "protect": op(0, 0, PROTECTED, 0) + op(0, 0, PLAIN, 0) + op(6, 0, 2, 3) + op(6, 1, 2, 3) + op(5, 0, 4, 0) + op(6, 1, 4, 2),
    "publish": three + op(6, 0, 2, 3) + op(2, 0, 0, 0) + op(6, 1, 3, 2) + op(6, 0, 2, 3) + op(2, 0, 1, 0) + op(6, 1, 3, 2),
    "shortcut": op(0, 0, PLAIN, 0) + op(0, 0, ISOLATED, 0) + op(0, 0, SHORTCUT, 0) + op(6, 2, 2, 2) + op(6, 1, 2, 3) + op(6, 0, 3, 2) + op(6, 0, 3, 9) + op(8, 2, 0, 0) + op(6, 0, 3, 2),
    "remove": three + op(6, 0, 2, 3) + op(1, 0, 0, 0) + op(6, 1, 3, 2) + op(0, 0, PLAIN, 1) + op(6, 0, 2, 3),
    "full": op(0, 0, 0xF1, 0) * 2 + b"".join(op(6, 0, s, 40) for s in range(2, 20)) + b"".join(op(6, 1, s, 40) for s in range(20, 32)),
    "storm": three + op(6, 0, 2, 3) * 40,
    "strange": three + op(6, 0, 0, 2) + op(6, 0, 1, 2) + op(6, 0, 2, 1) + op(6, 8, 2, 3),
}


def main():
    top = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "corpus")
    corpora = {"overlay": {name: MTU_1440 + data for name, data in overlay.items()},
               "reasm": reasm, "pmtu": pmtu, "switch": switch}
    for what, files in corpora.items():
        (top / what).mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (top / what / name).write_bytes(data)


main()
