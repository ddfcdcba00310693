# SPDX-License-Identifier: GPL-2.0-or-later
# The corpora are made by overlay_corpus.py.
el_fuzz_target(overlay_fuzz overlay)
el_fuzz_target(reasm_fuzz overlay)
el_fuzz_target(pmtu_fuzz overlay)
