# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(tftp_wire_test tftp)
el_unit_test(tftp_test tftp)
