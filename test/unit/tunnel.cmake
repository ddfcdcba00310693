# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(heap_test base)
el_unit_test(noise_test tunnel)
el_unit_test(tunnel_parts_test tunnel)
el_unit_test(tunnel_machine_test tunnel)
el_unit_test(tunnel_suite_test tunnel)
el_unit_test(tunnel_io_test tunnel)
el_unit_test(tunnel_io_errors_test tunnel)
if(TARGET tunnel_io_errors_test)
    # It plays the kernel.
    target_link_options(tunnel_io_errors_test PRIVATE LINKER:--wrap=sendmsg,--wrap=sendmmsg)
endif()
