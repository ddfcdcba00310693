# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(http_fuzz http)
el_fuzz_target(http_response_fuzz http)
