# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(base_addr_test base)
el_unit_test(base_conf_test base)
el_unit_test(base_csprng_test base)
el_unit_test(base_err_test base)
el_unit_test(base_log_test base)
el_unit_test(base_map_test base)
el_unit_test(base_wire_test base)
el_unit_test(base_writer_test base)
