# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
title="el2w, wire=fast"
wire=fast
. "$bench/parts/el2w.bash"
