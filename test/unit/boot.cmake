# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(boot_life_test boot)
el_unit_test(boot_test boot)
