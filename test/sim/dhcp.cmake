# SPDX-License-Identifier: GPL-2.0-or-later
el_sim_test(dhcp_sim_test dhcp net port frame)
