# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(link_manage_test link)
el_unit_test(link_queues_test link)
el_unit_test(link_trace_test link)
el_unit_test(link_tunnel_manage_test link)
el_unit_test(link_way_test link)
