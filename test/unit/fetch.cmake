# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(fetch_test fetch)
