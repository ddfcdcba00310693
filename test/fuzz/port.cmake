# SPDX-License-Identifier: GPL-2.0-or-later
# The corpus is made by frame_corpus.c.
el_fuzz_target(vnet_fuzz port)
