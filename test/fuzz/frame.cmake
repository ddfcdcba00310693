# SPDX-License-Identifier: GPL-2.0-or-later
el_fuzz_target(frame_fuzz frame)
el_fuzz_target(gso_fuzz frame)
el_fuzz_target(gro_fuzz frame)
el_fuzz_target(pcapng_fuzz frame)

# Writes the seed corpora of the three, and of vnet_fuzz: frame_corpus DIRECTORY, run by hand when a format changes.
add_executable(frame_corpus EXCLUDE_FROM_ALL frame_corpus.c)
target_include_directories(frame_corpus PRIVATE ${PROJECT_SOURCE_DIR}/test)
