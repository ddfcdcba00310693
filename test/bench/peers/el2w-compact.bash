# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
title="el2w, wire=compact"
wire=compact
. "$bench/parts/el2w.bash"
