# SPDX-License-Identifier: GPL-2.0-or-later
# The corpora of forward and peer are made by forward_corpus.py, that of manage by manage_corpus.py.
el_fuzz_target(agent_fuzz spoke)
el_fuzz_target(control_fuzz node)
el_fuzz_target(forward_fuzz MUTATIONS 1500 datapath)
el_fuzz_target(guard_fuzz datapath)
el_remember_x25519(forward_fuzz)
el_fuzz_target(join_fuzz spoke)
el_fuzz_target(lan_fuzz node)
el_fuzz_target(manage_fuzz link)
el_fuzz_target(peer_fuzz service)
el_fuzz_target(hub_api_fuzz MUTATIONS 1000 hub)
