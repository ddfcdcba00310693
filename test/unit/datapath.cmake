# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(datapath_capture_test datapath)
el_unit_test(datapath_report_test datapath)
el_unit_test(datapath_test datapath)
el_unit_test(datapath_change_test datapath)
el_unit_test(datapath_guard_test datapath)
el_unit_test(datapath_lanes_test datapath)
