# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(dns_fuzz MUTATIONS 1500 dns)
el_fuzz_target(dns_resolv_fuzz MUTATIONS 1500 dns)
