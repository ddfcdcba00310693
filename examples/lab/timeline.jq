# SPDX-License-Identifier: GPL-2.0-or-later
# Turns the log lines of hub, spoke, link and lab, as they come, into the timeline: one line for each
# step on the way from a cold machine to a booted system. --arg mac is the machine's address.
include "log";

# The step that an event is: [what, details]; empty where it is none.
def step:
    if is("lab"; "start") then ["start", "hub and spoke"]
    # Both ends say so; the hub's line tells from where.
    elif is("tunnel"; "session-up") and .peer == "mars" then
        ["tunnel up", "\(.peer) calls from \(.endpoint)"]
    elif is("lab"; "power-on") then ["power on", "\(.firmware), \(.accel), \(.mac)"]
    elif .room == "dhcp" and (.event | IN("discover", "ack")) and .mac == $mac then
        ["DHCP " + .event, ([.client, .ip, .file] | map(values | select(. != "")) | join(" "))]
    elif is("tftp"; "done") and .bytes > 0 then ["loader", "\(name), \(.bytes | size) over TFTP"]
    elif is("boot"; "menu") then ["menu", "region \(.region // "unknown")"]
    elif download and .bytes > 100000 then
        [(if name | test("initrd") then "initrd" else "kernel" end),
         "\(name), \(.bytes | size) over HTTP"]
    elif .room == "console" then ["console", .line]
    elif is("boot"; "report") and .mac == $mac then ["report", "\(.step), through the tunnel"]
    else empty end;

foreach (lines | select(is("lab"; "end") or any(step; true))) as $line ({};
    ($line.time | seconds) as $now
    | .start //= $now
    | .took = $now - (.last // $now)
    | .last = $now
    | .text = ($line | first(step) // null);
    if .text == null then halt
    else "\(.last - .start | fixed | right(8))\("+\([.took, 0] | max | fixed)" | right(9))  " +
         "\(.text[0] | left(14))\(.text[1])" end)
