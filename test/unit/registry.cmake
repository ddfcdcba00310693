# SPDX-License-Identifier: GPL-2.0-or-later
el_unit_test(registry_test registry)
el_unit_test(registry_memory_test registry)
if(TARGET registry_memory_test)
    target_link_options(registry_memory_test PRIVATE
        LINKER:--wrap=malloc,--wrap=calloc,--wrap=realloc)
endif()
