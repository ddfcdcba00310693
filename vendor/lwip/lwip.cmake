# SPDX-License-Identifier: GPL-2.0-or-later
# el_dep_lwip: lwIP is made to be compiled with a program's own options (lwipopts.h beside this file); the
# distribution's library has others. What it calls back for is in lib/net/lwip_stack.c.
set(sources)
foreach(name core/init core/def core/inet_chksum core/ip core/mem core/memp core/netif core/pbuf core/stats core/tcp
        core/tcp_in core/tcp_out core/timeouts core/udp core/ipv4/etharp core/ipv4/icmp core/ipv4/ip4 core/ipv4/ip4_addr
        core/ipv4/ip4_frag netif/ethernet)
    list(APPEND sources ${sysroot}/usr/src/lwip/src/${name}.c)
endforeach()
add_library(el_dep_lwip STATIC ${sources})
target_include_directories(el_dep_lwip SYSTEM PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/lwip
    ${sysroot}/usr/src/lwip/src/include)
target_compile_options(el_dep_lwip PRIVATE -w)
