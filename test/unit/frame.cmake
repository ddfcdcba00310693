# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(frame_test frame)
el_unit_test(frame_offload_test frame)
el_unit_test(frame_ecn_test frame)
el_unit_test(frame_pcapng_test frame)
