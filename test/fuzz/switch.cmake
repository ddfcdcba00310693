# SPDX-License-Identifier: GPL-2.0-or-later
# The corpus is made by overlay_corpus.py.
el_fuzz_target(switch_fuzz switch)
el_fuzz_target(switch_loop_fuzz switch)
