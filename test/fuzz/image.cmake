# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(image_manifest_fuzz image)
