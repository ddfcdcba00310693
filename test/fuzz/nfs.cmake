# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(nfs_fuzz nfs)
