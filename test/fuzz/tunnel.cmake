# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(tunnel_fuzz MUTATIONS 3000 tunnel)
el_remember_x25519(tunnel_fuzz)
