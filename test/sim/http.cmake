# SPDX-License-Identifier: GPL-2.0-or-later
el_sim_test(http_server_test http net)
