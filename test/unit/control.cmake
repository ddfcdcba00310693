# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(control_api_test control)
el_unit_test(control_events_test control)
el_unit_test(control_sse_test control)
el_unit_test(control_socket_test control http net sys)
el_unit_test(control_memory_test control)
