#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""dhcp_ask.py INTERFACE SERVERS SECONDS [CODE=HEX|CODE:TEXT]...: broadcasts a DISCOVER with these options, again
every second, and prints what is offered, a line a server, until as many SERVERS have answered. In Python and with
nothing of ours, so that a mistake is not made on both sides."""
import random
import socket
import struct
import sys
import time

interface, servers, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
wire.bind((interface, 0))
mac = wire.getsockname()[4]
xid = random.getrandbits(32)


def option(text):
    if "=" in text:
        code, value = text.split("=", 1)
        value = bytes.fromhex(value)
    else:
        code, value = text.split(":", 1)
        value = value.encode()
    return bytes([int(code), len(value)]) + value


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def discover():
    options = bytes([53, 1, 1]) + b"".join(map(option, sys.argv[4:])) + b"\xff"
    dhcp = struct.pack("!BBBBIHH16x", 1, 1, 6, 0, xid, 0, 0x8000) + mac + bytes(10 + 192)
    dhcp += b"\x63\x82\x53\x63" + options
    dhcp += bytes(max(0, 300 - len(dhcp)))
    udp = struct.pack("!HHHH", 68, 67, 8 + len(dhcp), 0) + dhcp
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), b"\xff" * 4)
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return b"\xff" * 6 + mac + b"\x08\x00" + header + udp


def offer(frame):
    """What a frame offers, or None."""
    if len(frame) < 42 + 240 or frame[23] != 17 or frame[36:38] != b"\x00\x44":
        return None
    dhcp = frame[42:]
    if dhcp[0] != 2 or struct.unpack("!I", dhcp[4:8])[0] != xid:
        return None
    found, at = {}, 240
    while at < len(dhcp) and dhcp[at] != 255:
        if dhcp[at] == 0:
            at += 1
            continue
        found[dhcp[at]] = found.get(dhcp[at], b"") + dhcp[at + 2 : at + 2 + dhcp[at + 1]]
        at += 2 + dhcp[at + 1]
    said = {
        "server": socket.inet_ntoa(found[54]) if 54 in found else "",
        "type": found.get(53, b"\0")[0],
        "yiaddr": socket.inet_ntoa(dhcp[16:20]),
        "siaddr": socket.inet_ntoa(dhcp[20:24]),
        "file": dhcp[108:236].split(b"\0")[0].decode(),
    }
    return said | {code: value.hex() for code, value in found.items() if code not in (53, 54)}


answers = {}
end, again = time.monotonic() + seconds, 0.0
while len(answers) < servers and time.monotonic() < end:
    if time.monotonic() >= again:
        wire.send(discover())
        again = time.monotonic() + 1
    wire.settimeout(0.2)
    try:
        said = offer(wire.recv(2048))
    except TimeoutError:
        continue
    if said and said["server"] not in answers:
        answers[said["server"]] = said
        print(*(f"{key}={value}" for key, value in said.items()), flush=True)
sys.exit(0 if len(answers) >= servers else 1)
