# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(addr_fuzz base)
el_fuzz_target(conf_fuzz base)
