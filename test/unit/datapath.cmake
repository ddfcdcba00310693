# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(datapath_test node)
el_unit_test(datapath_change_test node)
el_unit_test(datapath_lanes_test node)
