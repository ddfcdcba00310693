# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(profile_template_fuzz profile)
el_fuzz_target(profile_value_fuzz profile)
