# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(control_api_fuzz control)
el_fuzz_target(control_exchange_fuzz control http)
el_fuzz_target(control_sse_fuzz control)
