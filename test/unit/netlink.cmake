# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(netlink_test netlink)
el_unit_test(netlink_firewall_test netlink)
