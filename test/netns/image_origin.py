#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A web server as one does not want it, and a proxy: for the test images-fetch.

    image_origin.py PORT ROOT       serves the files of ROOT at /good/FILE, and like this:

    /cut/FILE       ends the connection after the first half of what was asked for
    /lying/FILE     says that there is more than it sends
    /slow/FILE      sends half of it and then nothing
    /endless        never says how much it is, and never ends
    /loop           redirects to itself
    /to/REST        redirects to whatever REST is, decoded
    /changing/FILE  cuts, and is another version every time
    /status/N       answers so
    /noise          is not HTTP

As a proxy it takes CONNECT and absolute URLs. Each request is a line of the standard output.
"""
import http.server
import os
import select
import shutil
import socket
import socketserver
import sys
import urllib.parse
import urllib.request

ROOT = sys.argv[2]
PIECE = 65536


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    version = 0

    def log_message(self, *_):
        pass

    def note(self):
        print(self.command, self.path, self.headers.get("Range", "-"),
              self.headers.get("Proxy-Authorization", "-"), flush=True)

    def send_part(self, name, how):
        path = os.path.join(ROOT, os.path.basename(name))
        size = os.path.getsize(path)
        tag = '"%d-%s"' % (size, os.path.basename(name))
        if how == "changing":
            Origin.version += 1
            tag = '"%d"' % Origin.version
        begin = 0
        wanted = self.headers.get("Range")
        if wanted and self.headers.get("If-Range") == tag:
            begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if begin >= size:
                self.send_response(416)
                self.send_header("Content-Range", "bytes */%d" % size)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (begin, size - 1, size))
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(size - begin + (1000 if how == "lying" else 0)))
        self.end_headers()
        left = size - begin
        if how in ("cut", "slow", "changing") and left > PIECE:
            left //= 2
        with open(path, "rb") as file:
            file.seek(begin)
            while left > 0:
                piece = file.read(min(PIECE, left))
                left -= len(piece)
                self.wfile.write(piece)
        self.wfile.flush()
        if how == "slow":
            self.connection.recv(1)  # until they have gone
        self.close_connection = True

    def redirect(self, where):
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.note()
        if self.path.startswith("http://"):
            self.forward()
            return
        kind, _, rest = self.path.lstrip("/").partition("/")
        if kind in ("good", "cut", "lying", "slow", "changing"):
            self.send_part(rest, kind)
        elif kind == "loop":
            self.redirect("/loop")
        elif kind == "to":
            self.redirect(urllib.parse.unquote(rest))
        elif kind == "status":
            self.send_error(int(rest))
        elif kind == "endless":
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(bytes(PIECE))
        else:
            self.wfile.write(b"\0\1\2 noise\r\n\r\n")
            self.close_connection = True

    def forward(self):
        with urllib.request.urlopen(self.path) as answer:
            self.send_response(answer.status)
            self.send_header("Content-Length", answer.headers["Content-Length"])
            self.end_headers()
            shutil.copyfileobj(answer, self.wfile)

    def do_CONNECT(self):
        self.note()
        host, port = self.path.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as other:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: other, other: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(PIECE)
                    if not data:
                        self.close_connection = True
                        return
                    ends[end].sendall(data)

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # they have hung up


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


Server(("127.0.0.1", int(sys.argv[1])), Origin).serve_forever()
