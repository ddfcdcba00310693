# SPDX-License-Identifier: GPL-2.0-or-later
el_sim_test(control_server_test control http net)
