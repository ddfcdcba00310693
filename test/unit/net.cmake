# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(net_heap_test net)
el_unit_test(net_kernel_test net)
el_unit_test(net_lwip_limits_test net)
el_unit_test(net_lwip_link_test net)
el_unit_test(net_lwip_test net)
el_unit_test(net_memory_test net)
el_unit_test(net_resolve_test net)
el_unit_test(net_tls_test net)
