# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(switch_test switch)
el_unit_test(switch_lanes_test switch)
el_unit_test(switch_loop_test switch)
el_unit_test(switch_shortcut_test switch)
