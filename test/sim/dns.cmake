# SPDX-License-Identifier: GPL-2.0-or-later
el_sim_test(dns_server_test dns net)
