# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(enrol_token_fuzz enrol)
