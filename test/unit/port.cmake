# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(port_test port)
el_unit_test(port_pair_test port)
el_unit_test(port_errors_test port)
if(TARGET port_errors_test)
    # It plays the kernel.
    target_link_options(port_errors_test PRIVATE LINKER:--wrap=writev)
endif()
