# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(dhcp_wire_test dhcp)
el_unit_test(dhcp_test dhcp)
el_unit_test(dhcp_host_test dhcp)
el_unit_test(dhcp_modes_test dhcp)
el_unit_test(dhcp_pxe_test dhcp)
el_unit_test(dhcp_reservation_test dhcp)
el_unit_test(dhcp_rule_test dhcp)
