# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(stream_test stream)
el_unit_test(stream_io_test stream)
