/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How lwIP is built into el2w: without threads, with the callback interface, IPv4 alone, for
 * lib/net/lwip*.c, which supplies what is declared in arch/cc.h.
 *
 * Everything that peers can make grow has a limit here: the fixed pools (MEMP_NUM_…) and, for
 * packets, the one budget of el_lwip_malloc(). When a limit is reached lwIP drops and TCP sends
 * again; nothing fails for good.
 */
#ifndef EL_LWIPOPTS_H
#define EL_LWIPOPTS_H

/* -- no system around it -- */
#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0
#define LWIP_STATS           1 /* of the pools alone, to know how full they are */
#define LINK_STATS           0
#define ETHARP_STATS         0
#define IP_STATS             0
#define IPFRAG_STATS         0
#define ICMP_STATS           0
#define UDP_STATS            0
#define TCP_STATS            0
#define MEM_STATS            0
#define SYS_STATS            0
#define MEMP_STATS           1
#define LWIP_SINGLE_NETIF    0
#define LWIP_RAW             0

/* -- memory: packets from a budget, everything else from pools -- */
#define MEM_ALIGNMENT                  8
#define MEM_CUSTOM_ALLOCATOR           1
#define MEM_CUSTOM_MALLOC              el_lwip_malloc
#define MEM_CUSTOM_CALLOC              el_lwip_calloc
#define MEM_CUSTOM_FREE                el_lwip_free
#define MEMP_NUM_TCP_PCB               1024 /* connections, those in TIME_WAIT included: the oldest go */
#define MEMP_NUM_TCP_PCB_LISTEN        32
#define MEMP_NUM_UDP_PCB               2048 /* one for each TFTP transfer */
#define MEMP_NUM_TCP_SEG               16384
#define MEMP_NUM_PBUF                  1024
#define MEMP_NUM_REASSDATA             16
#define MEMP_NUM_FRAG_PBUF             256
#define MEMP_NUM_ARP_QUEUE             64
#define MEMP_NUM_SYS_TIMEOUT           8
#define PBUF_POOL_SIZE                 16 /* hardly used: what is received is in PBUF_RAM … */
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1  /* … and need not hold a window */

/* A packet that waits for ARP must not refer to anybody's memory. */
#define PBUF_NEEDS_COPY(p) (!((p)->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS))

/* -- Ethernet -- */
#define ARP_TABLE_SIZE 127 /* the most it can */
#define ARP_QUEUEING   1
#define ARP_QUEUE_LEN  3

/* -- IPv4 -- */
#define LWIP_IPV6             0
#define IP_FORWARD            0
#define IP_OPTIONS_ALLOWED    0 /* nobody sends them but for mischief */
#define IP_DEFAULT_TTL        64
#define IP_FRAG               1
#define IP_REASSEMBLY         1
#define IP_REASS_MAXAGE       15  /* seconds */
#define IP_REASS_MAX_PBUFS    128 /* of all datagrams that are incomplete */
#define SO_REUSE              1
#define IP_SOF_BROADCAST      1
#define IP_SOF_BROADCAST_RECV 0
#define LWIP_DHCP             0
#define LWIP_AUTOIP           0
#define LWIP_ACD              0
#define LWIP_IGMP             0
#define LWIP_DNS              0
#define LWIP_ICMP             1

/* A DHCP server hears machines that have no address yet. */
#define LWIP_IP_ACCEPT_UDP_PORT(port) ((port) == PP_NTOHS(67))

/* -- TCP -- */
#define TCP_MSS                    1460
#define LWIP_WND_SCALE             1
#define TCP_RCV_SCALE              3
#define TCP_WND                    (256 * 1024)
#define TCP_SND_BUF                (1024 * 1024)
#define TCP_SND_QUEUELEN           4096 /* segments; a peer may ask for very small ones */
#define TCP_SNDLOWAT               (TCP_SND_BUF / 4)
#define TCP_SNDQUEUELOWAT          (TCP_SND_QUEUELEN / 2)
#define TCP_LISTEN_BACKLOG         1
#define TCP_DEFAULT_LISTEN_BACKLOG 255
#define TCP_QUEUE_OOSEQ            1
#define TCP_OOSEQ_MAX_BYTES        TCP_WND
#define TCP_OOSEQ_MAX_PBUFS        256
#define LWIP_TCP_SACK_OUT          1
#define LWIP_TCP_TIMESTAMPS        0
#define TCP_MSL                    30000UL /* ms: TIME_WAIT takes a minute, as with Linux */
#define TCP_SYNMAXRTX              6
#define LWIP_TCP_RTO_TIME          1000 /* ms, RFC 6298 §2.1 */
/* lwIP counts its timeouts in two of these and takes at least three of those: 300 ms, not 1.5 s. */
#define TCP_TMR_INTERVAL           50 /* ms */

/* -- checksums: all are computed, and verified but where a frame comes with one that is partial --
 */
#define LWIP_CHKSUM                  el_lwip_checksum
#define LWIP_CHECKSUM_ON_COPY        0
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

/* -- from lib/net/lwip_stack.c -- */
#define LWIP_RAND()        el_lwip_random()
#define LWIP_HOOK_FILENAME "lwip_hooks.h"

#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) \
    el_lwip_isn(ip_2_ip4(local_ip)->addr, local_port, ip_2_ip4(remote_ip)->addr, remote_port)
#define LWIP_HOOK_IP4_ROUTE_SRC(src, dest) el_lwip_route(src)
#define LWIP_HOOK_IP4_INPUT(p, netif)      el_lwip_refuses(p, netif)

#endif
