# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(stream_fuzz stream)
