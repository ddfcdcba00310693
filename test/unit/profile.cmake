# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(profile_crypt_test profile)
el_unit_test(profile_language_test profile)
el_unit_test(profile_templates_io_test profile)
el_unit_test(profile_test profile)
