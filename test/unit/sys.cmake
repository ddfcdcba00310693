# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(sys_test sys)
el_unit_test(sys_gate_test sys)
el_unit_test(sys_confine_test sys)
el_unit_test(sys_control_test sys)
el_unit_test(sys_message_test sys)
el_unit_test(sys_supervisor_test sys net)
