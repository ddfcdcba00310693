# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(dhcp_fuzz MUTATIONS 1000 dhcp)
el_fuzz_target(dhcp_host_fuzz dhcp)
el_fuzz_target(dhcp_rule_fuzz dhcp)
el_fuzz_target(dhcp_watch_fuzz dhcp)

# Writes the seed corpus: dhcp_corpus DIRECTORY, run by hand when a packet changes.
add_executable(dhcp_corpus EXCLUDE_FROM_ALL dhcp_corpus.c)
target_include_directories(dhcp_corpus PRIVATE ${PROJECT_SOURCE_DIR}/lib ${PROJECT_SOURCE_DIR}/test)
