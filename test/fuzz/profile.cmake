# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(profile_template_fuzz profile MUTATIONS 2000)
el_fuzz_target(profile_value_fuzz profile)
