# SPDX-License-Identifier: GPL-2.0-or-later
# Reading and showing log lines; included by timeline.jq and summary.jq.

# The log lines among all lines: a console or a crash may stand between them.
def lines: inputs | fromjson? | select(type == "object" and has("time") and has("event"));

def is($room; $event): .room == $room and .event == $event;

# Seconds since 1970, with their fraction.
def seconds:
    capture("^(?<whole>[^.]+)(?<fraction>\\.[0-9]+)?Z$")
    | (.whole + "Z" | fromdateiso8601) + ("0" + (.fraction // ".0") | tonumber);

def pad($width): " " * ([$width - length, 0] | max) // "";
def left($width): tostring | . + pad($width);
def right($width): tostring | pad($width) + .;

# Two decimals, always.
def fixed:
    (. * 100 | round) as $n | "\($n / 100 | floor).\(($n % 100) / 10 | floor)\($n % 10)";
def size:
    if . < 10000 then "\(.) bytes" elif . < 1e6 then "\(. / 1000 | floor) kB"
    else "\(. / 1e5 | floor | . / 10) MB" end;
# How long a transfer took, and to whom it went.
def duration: .seconds | tonumber? // 0;
def client: .client // "" | sub(":[0-9]+$"; "");
# Only of what is long enough to have one.
def rate: if .bytes < 50000 or duration <= 0.01 then ""
          else "\(.bytes * 8 / duration / 1e6 | fixed) Mbit/s" end;
def path: .path // .file // "" | split("?")[0];
def name: path | split("/")[-1];
def download: is("http"; "request") and .method == "GET" and .status < 300;
