# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(vendor_test el_ipxe el_dep_uv el_dep_sodium el_dep_b2 el_dep_nl el_dep_sqlite3 el_dep_cares
    el_dep_llhttp)
el_unit_test(ipxe_test el_ipxe)
