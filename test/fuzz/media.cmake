# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(media_iso_fuzz media MUTATIONS 2000)
el_fuzz_target(media_udf_fuzz media MUTATIONS 2000)
el_fuzz_target(media_recognise_fuzz media)
