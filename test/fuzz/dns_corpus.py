#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes corpus/dns and corpus/dns_resolv: conversations as dns_fuzz.c plays them, and text."""
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
QUESTION, TCP, ANSWER, FITS, TIME, LOST, SERVERS = range(7)
A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, NAPTR, DNAME, RRSIG, HTTPS = (
    1, 2, 5, 6, 12, 15, 16, 28, 33, 35, 39, 46, 65)


def name(text):
    return b"".join(bytes([len(l)]) + l.encode() for l in text.split(".") if l) + b"\0"


def record(owner, kind, data, ttl=300, cls=1):
    owner = owner if isinstance(owner, bytes) else name(owner)
    return owner + struct.pack(">HHIH", kind, cls, ttl, len(data)) + data


def message(text, kind, answers=(), authority=(), additional=(), flags=0x0100, ident=7, questions=1):
    head = struct.pack(">HHHHHH", ident, flags, questions, len(answers), len(authority), len(additional))
    return head + (name(text) + struct.pack(">HH", kind, 1)) * questions + b"".join(
        [*answers, *authority, *additional])


OPT = b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0)
OPT_DO = b"\0" + struct.pack(">HHIH", 41, 4096, 0x8000, 0)
ECS = b"\0" + struct.pack(">HHIH", 41, 4096, 0, 11) + struct.pack(">HHHBB", 8, 7, 1, 24, 0) + b"\xc0\0\2"
WWW = "www.example.com"
HERE_PTR = b"\xc0\x0c"
SOA_DATA = name("ns.example.com") + name("host.example.com") + struct.pack(">IIIII", 1, 2, 3, 4, 60)
SVCB = struct.pack(">H", 1) + b"\0" + struct.pack(">HH", 4, 4) + bytes([10, 0, 0, 1])
SIG = struct.pack(">HBBIIIH", A, 8, 3, 300, 0, 0, 1) + name("example.com") + b"sig"


def piece(kind, body=b"", length=None):
    return bytes([kind]) + struct.pack(">H", len(body) if length is None else length) + body


def asks(kind, *answers, additional=(OPT,), text=WWW):
    return piece(QUESTION, message(text, kind, additional=additional)) + b"".join(
        piece(FITS, a) for a in answers)


def says(kind, answers=(), authority=(), flags=0x8180, **more):
    return message(WWW, kind, answers, authority, flags=flags, **more)


CONVERSATIONS = {
    "address": asks(A, says(A, [record(HERE_PTR, A, bytes([192, 0, 2, 1]))])),
    "alias": asks(A, says(A, [record(HERE_PTR, CNAME, name("a.example.net")),
                              record("a.example.net", A, bytes([192, 0, 2, 1]))])),
    "alias-ring": asks(A, says(A, [record(HERE_PTR, CNAME, HERE_PTR)])),
    "many": asks(AAAA, says(AAAA, [record(HERE_PTR, AAAA, bytes(15) + bytes([i])) for i in range(60)])),
    "nothing": asks(A, says(A, [], [record("example.com", SOA, SOA_DATA)], flags=0x8183)),
    "rebinding": asks(A, says(A, [record(HERE_PTR, A, bytes([10, 0, 0, 1]))])),
    "hints": asks(HTTPS, says(HTTPS, [record(HERE_PTR, HTTPS, SVCB)])),
    "types": b"".join(asks(k, says(k, [record(HERE_PTR, k, d)])) for k, d in [
        (MX, struct.pack(">H", 10) + b"\2mx" + HERE_PTR), (SRV, struct.pack(">HHH", 1, 2, 3) + name("s.example")),
        (NAPTR, struct.pack(">HH", 1, 2) + b"\1u\3sip\0" + name("n.example")), (TXT, b"\5hello"),
        (NS, b"\2ns" + HERE_PTR), (SOA, SOA_DATA)]),
    "signed": asks(A, says(A, [record(HERE_PTR, A, bytes([192, 0, 2, 1])), record(HERE_PTR, RRSIG, SIG),
                               record("example.com", DNAME, name("example.net"))]), additional=(OPT_DO,)),
    "client-subnet": asks(A, additional=(ECS,)),
    "cut": asks(A, says(A, flags=0x8380), says(A, [record(HERE_PTR, A, bytes([192, 0, 2, 1]))])),
    "no-edns": asks(A, says(A, flags=0x8181, questions=0), says(A)),
    "failing": asks(A, says(A, flags=0x8182), says(A, flags=0x8185)),
    "silence": asks(A) + piece(TIME, b"", 90),
    "broken": asks(A) + piece(LOST) + piece(LOST),
    "stale": asks(A, says(A, [record(HERE_PTR, A, bytes([192, 0, 2, 1]), 1)])) + piece(TIME, b"x" * 20)
    + asks(A) + piece(TIME, b"x" * 90),
    "other-servers": asks(A) + piece(SERVERS, b"x") + piece(TIME, b"x" * 20) + piece(SERVERS, b"xx"),
    "by-tcp": piece(TCP, message(WWW, TXT)) + piece(FITS, says(TXT, [record(HERE_PTR, TXT, b"\xff" + b"x" * 255)] * 9)),
    "local": b"".join(piece(QUESTION, message(n, k)) for n, k in [
        ("localhost", A), ("a.el2w", A), ("1.0.0.127.in-addr.arpa", PTR), ("x.invalid", A), ("", NS), ("b", AAAA),
        ("10.in-addr.arpa", SOA), ("a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 61, 255)]),
    "loops": piece(QUESTION, struct.pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1")
    + piece(QUESTION, struct.pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + b"\1a\xc0\x0c\0\1\0\1"),
    "two-questions": piece(QUESTION, message(WWW, A, questions=2)),
    "two-opt": piece(QUESTION, message(WWW, A, additional=(OPT, OPT))),
    "version-1": piece(QUESTION, message(WWW, A, additional=(b"\0" + struct.pack(">HHIH", 41, 1232, 1 << 16, 0),))),
    "guessed": asks(A) + piece(ANSWER, says(A)) * 10,
}
TEXTS = {
    "usual": b"# made by hand\nsearch example.com\nnameserver 192.0.2.53\nnameserver 2001:db8::53\noptions edns0\n",
    "scopes": b"nameserver fe80::1%2\nnameserver fe80::1%eth0\n",
    "names": b"a.b.c\n.\n1.2.0.192.in-addr.arpa\n" + b"1." * 32 + b"ip6.arpa\n",
    "long": b"x" * 63 + b"." + b"y" * 64 + b"\n" + b"a." * 127,
}

if __name__ == "__main__":
    for folder, files in (("dns", CONVERSATIONS), ("dns_resolv", TEXTS)):
        where = os.path.join(HERE, "corpus", folder)
        os.makedirs(where, exist_ok=True)
        for title, content in files.items():
            with open(os.path.join(where, title), "wb") as out:
                out.write(content)
