# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(state_test boot state)
el_unit_test(state_registry_test state registry)
