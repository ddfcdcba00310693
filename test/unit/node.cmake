# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(node_boot_options_test node)
el_unit_test(node_capture_test node)
el_unit_test(node_control_test node)
el_unit_test(node_errand_test node)
el_unit_test(node_key_test node)
el_unit_test(node_peer_test node)
el_unit_test(node_regions_test node)
el_unit_test(node_report_test node)
