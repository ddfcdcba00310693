# SPDX-License-Identifier: GPL-2.0-or-later
el_sim_test(tftp_server_test tftp net)
