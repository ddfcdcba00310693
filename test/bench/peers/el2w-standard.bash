# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
title="el2w, wire=standard"
wire=standard
. "$bench/parts/el2w.bash"
