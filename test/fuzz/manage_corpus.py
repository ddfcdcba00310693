#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of manage_fuzz into corpus/manage: run it in test/fuzz. The form of a message is
that of link/manage.c."""

import os
import struct

(BEGIN, COMPLETE, PEER_SET, PEER_REMOVE, NETWORK_SET, NETWORK_REMOVE, ANSWER, HELLO, PEER_STATE,
 NETWORK_GONE, RELAYED, DIRECT, PORT_SET, PORT_REMOVE, PORT_GONE) = range(1, 16)
KEY = bytes(range(1, 33))
IP4, IP6, NONE = (bytes([family]) + address.ljust(16, b"\0") for family, address in
                  ((4, bytes([100, 64, 0, 2])), (6, b"\xfd" + bytes(14) + b"\x02"), (0, b"")))


def message(kind, body=b"", sequence=7):
    return struct.pack(">BBI", 1, kind, sequence) + body


def text(value, size):
    return value.encode().ljust(size, b"\0")


def peer(memberships, name="mars", ip=IP4, wire=2, psk=bytes(32), role=0, endpoint=NONE, own=bytes(6)):
    return (text(name, 64) + KEY + psk + ip + struct.pack(">HBB", 25, wire, role) + endpoint +
            struct.pack(">HIB", 51820 if endpoint != NONE else 0, 0, len(memberships)) +
            b"".join(struct.pack(">IB", *one) + own for one in memberships))


def network(name="boot", queues=2, form=0, vid=0):
    return (struct.pack(">I", 77) + text(name, 24) + b"\1" + bytes.fromhex("525400770001") +
            struct.pack(">BBH", queues, form, vid))


def loop(vni):
    return struct.pack(">I", vni) + bytes([6]) * 32


seeds = {
    "begin": message(BEGIN),
    "complete": message(COMPLETE),
    "peer": message(PEER_SET, peer([(77, 1), (78, 0)])),
    "peer-alone": message(PEER_SET, peer([], psk=KEY)),
    "peer-eight": message(PEER_SET, peer([(vni, vni & 1) for vni in range(8)])),
    "peer-nine": message(PEER_SET, peer([(vni, 1) for vni in range(9)])),
    "peer-twice": message(PEER_SET, peer([(77, 1), (77, 0)])),
    "peer-maybe": message(PEER_SET, peer([(77, 2)])),
    "peer-nameless": message(PEER_SET, peer([], name="")),
    "peer-name-long": message(PEER_SET, peer([], name="x" * 64)),
    "peer-name-odd": message(PEER_SET, peer([], name="a\nb")),
    "peer-ip6": message(PEER_SET, peer([], ip=IP6)),
    "peer-wire": message(PEER_SET, peer([], wire=200)),
    "peer-direct": message(PEER_SET, peer([(77, 1)], role=2, endpoint=IP6, psk=KEY)),
    "peer-own": message(PEER_SET, peer([(77, 1)], role=1, own=bytes.fromhex("525400770001"))),
    "peer-own-group": message(PEER_SET, peer([(77, 1)], own=b"\1" * 6)),
    "peer-role": message(PEER_SET, peer([], role=3)),
    "remove": message(PEER_REMOVE, KEY),
    "remove-zeros": message(PEER_REMOVE, bytes(32)),
    "network": message(NETWORK_SET, network()),
    "network-many-queues": message(NETWORK_SET, network(queues=17)),
    "network-vlan": message(NETWORK_SET, network(name="eth1.30", queues=1, form=2, vid=30)),
    "network-vlan-4095": message(NETWORK_SET, network(form=2, vid=4095)),
    "network-tap-vlan": message(NETWORK_SET, network(form=0, vid=30)),
    "network-formless": message(NETWORK_SET, network(form=3)),
    "network-path": message(NETWORK_SET, network(name="../../x")),
    "network-remove": message(NETWORK_REMOVE, struct.pack(">I", 78)),
    "network-vni": message(NETWORK_REMOVE, struct.pack(">I", 1 << 24)),
    "answer": message(ANSWER, b"\5" + text("mars: its tunnel address is taken", 160)),
    "answer-endless": message(ANSWER, b"\0" + b"x" * 160),
    "hello": message(HELLO, struct.pack(">BBH", 2, 16, 2048), 0),
    "hello-laneless": message(HELLO, struct.pack(">BBH", 0, 16, 2048), 0),
    "state": message(PEER_STATE, KEY + b"\1" + IP6 + struct.pack(">HIB", 51820, 2, 0) + b"\0", 0),
    "state-tcp": message(PEER_STATE, KEY + b"\1" + IP4 + struct.pack(">HIB", 443, 0, 1) + b"\0", 0),
    "state-carrier": message(PEER_STATE, KEY + b"\1" + IP4 + struct.pack(">HIB", 443, 0, 3) + b"\0", 0),
    "state-nowhere": message(PEER_STATE, KEY + b"\0" + NONE + bytes(8), 0),
    "state-loops": message(PEER_STATE, KEY + b"\1" + NONE + bytes(7) + b"\2" + loop(77) + loop(78), 0),
    "state-loop-twice": message(PEER_STATE, KEY + b"\1" + NONE + bytes(7) + b"\2" + loop(77) * 2, 0),
    "state-loops-many": message(PEER_STATE, KEY + b"\1" + NONE + bytes(7) + b"\11", 0),
    "gone": message(NETWORK_GONE, struct.pack(">I", 77), 0),
    "port": message(PORT_SET, network(name="camera", queues=1)),
    "port-remove": message(PORT_REMOVE, text("camera", 16)),
    "port-nameless": message(PORT_REMOVE, text("", 16)),
    "port-gone": message(PORT_GONE, text("camera", 16), 0),
    "relayed": message(RELAYED, KEY + KEY[::-1], 0),
    "relayed-nobody": message(RELAYED, KEY + bytes(32), 0),
    "direct": message(DIRECT, KEY + b"\1\0", 0),
    "direct-maybe": message(DIRECT, KEY + b"\2\0", 0),
    "unknown": message(16),
    "padded": message(BEGIN, bytes(506)),
    "longer": message(BEGIN, b"\1"),
    "other-version": b"\2\1\0\0\0\0",
    "empty": b"",
}

os.makedirs("corpus/manage", exist_ok=True)
for name, seed in seeds.items():
    with open(os.path.join("corpus/manage", name), "wb") as file:
        file.write(seed)
