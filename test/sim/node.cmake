# SPDX-License-Identifier: GPL-2.0-or-later
el_sim_test(agent_test hub)
el_sim_test(forward_test datapath)
if(TARGET forward_test)
    # It counts what is allocated.
    target_link_options(forward_test PRIVATE LINKER:--wrap=malloc,--wrap=calloc,--wrap=realloc)
endif()
el_sim_test(direct_test datapath)
el_sim_test(networks_test datapath)
el_sim_test(random_frames_test datapath)
el_sim_test(full_queues_test datapath)
el_sim_test(join_test hub)
el_sim_test(loop_test datapath)
el_sim_test(thousand_spokes_test link)
if(TARGET thousand_spokes_test)
    # It counts what is allocated.
    target_link_options(thousand_spokes_test PRIVATE LINKER:--wrap=sodium_malloc)
endif()
