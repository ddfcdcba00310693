# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(node_control_test link)
el_unit_test(node_key_test node)
el_unit_test(node_lan_test node)
el_unit_test(node_peer_test node)
el_unit_test(node_places_test node)
