# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(lwip_fuzz MUTATIONS 1000 net frame)
