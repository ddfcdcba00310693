# SPDX-License-Identifier: GPL-2.0-or-later
# What came from where: each transfer to the machine, and what the link did to it. Run over the logs
# of a round when it is over.
include "log";

def row($what; $from): "  \($what | left(26)) \($from | left(5)) 192.168.77.1 to \(client | left(15))"
    + " \(.bytes | size | right(10)) \(duration | fixed | right(7)) s  \(rate)";

lines
| if is("tftp"; "done") and .bytes > 0 then row(name; "TFTP")
  elif download and path != "/report" then row(path; "HTTP")
  elif is("link"; "counters") then
      "  link \(.link | left(9)) \(.packets) packets, \(.bytes | size), \(.lost) lost, \(.overflowed) over the queue"
  else empty end
