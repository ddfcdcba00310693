# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(overlay_test overlay)
el_unit_test(overlay_compact_test overlay)
el_unit_test(overlay_fragment_test overlay)
el_unit_test(overlay_kernel_test overlay netlink el_dep_nl)
