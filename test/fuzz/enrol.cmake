# SPDX-License-Identifier: GPL-2.0-or-later
# Drawing QR codes takes a millisecond.
el_fuzz_target(enrol_text_fuzz MUTATIONS 1500 enrol)
el_fuzz_target(enrol_token_fuzz enrol)
