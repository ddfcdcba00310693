# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(nfs_overlay_test nfs)
el_unit_test(nfs_rpc_test nfs)
el_unit_test(nfs_test nfs)
