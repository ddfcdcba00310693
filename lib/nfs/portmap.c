/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where our programs are: the portmapper, version 2, and of rpcbind, versions 3 and 4, what clients
 * ask for (RFC 1833). Nobody can register anything, and nothing is called on behalf of others: that
 * is how portmappers came to flood third parties.
 */
#include "nfs/exchange.h"

#include <stdio.h>

enum {
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    NETID = 16,
    UADDR = 64,
    GETPORT = 3, /* GETADDR of rpcbind */
    DUMP = 4,
    GETTIME = 6,
    GETVERSADDR = 9, /* of version 4 */
};

static const struct el_nfs_program *const told[] = {
    &el_nfs_program_portmap2, &el_nfs_program_portmap3, &el_nfs_program_nfs,
    &el_nfs_program_mount1,   &el_nfs_program_mount3,   &el_nfs_program_lock};

enum { TOLD = sizeof told / sizeof told[0] };

static uint16_t port_of(const struct el_nfs_exchange *x, const struct el_nfs_program *program)
{
    return program->number == EL_NFS_PROGRAM_PORTMAP ? EL_NFS_PORTMAP_PORT : x->nfs->config.port;
}

/* The port of a program, whichever version of it is asked for: one that we do not speak is told by
 * the program itself. 0: there is no such program. */
static uint16_t find_port(const struct el_nfs_exchange *x, uint32_t number)
{
    for (size_t i = 0; i < TOLD; i++)
        if (told[i]->number == number)
            return port_of(x, told[i]);
    return 0;
}

static bool getport(struct el_nfs_exchange *x)
{
    uint32_t program = el_wire_be32(&x->args);

    el_wire_skip(&x->args, 4); /* version */
    uint32_t protocol = el_wire_be32(&x->args);
    el_wire_skip(&x->args, 4); /* port */
    if (!el_wire_ok(&x->args))
        return false;
    bool known = protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP;
    el_wire_put_be32(x->out, known ? find_port(x, program) : 0);
    return true;
}

static bool dump(struct el_nfs_exchange *x)
{
    static const uint32_t protocols[] = {PROTOCOL_TCP, PROTOCOL_UDP};

    for (size_t i = 0; i < TOLD; i++) {
        for (uint32_t version = told[i]->low; version <= told[i]->high; version++) {
            for (size_t p = 0; p < 2; p++) {
                el_wire_put_be32(x->out, true);
                el_wire_put_be32(x->out, told[i]->number);
                el_wire_put_be32(x->out, version);
                el_wire_put_be32(x->out, protocols[p]);
                el_wire_put_be32(x->out, port_of(x, told[i]));
            }
        }
    }
    el_wire_put_be32(x->out, false);
    return true;
}

/* SET and UNSET: no. */
static bool refuse(struct el_nfs_exchange *x)
{
    el_wire_put_be32(x->out, false);
    return true;
}

/* A universal address (RFC 5665 §5.2.3.3): the host that was asked, and the port in two parts. */
static bool getaddr(struct el_nfs_exchange *x)
{
    const uint8_t *host = x->question->to.b;
    char answer[UADDR] = "";
    uint32_t program = el_wire_be32(&x->args);
    size_t len;

    el_wire_skip(&x->args, 4); /* version */
    const uint8_t *netid = el_nfs_xdr_opaque(&x->args, NETID, &len);
    bool known =
        netid && len == 3 && (memcmp(netid, "tcp", 3) == 0 || memcmp(netid, "udp", 3) == 0);
    (void)el_nfs_xdr_opaque(&x->args, UADDR, &len); /* how the client calls us */
    (void)el_nfs_xdr_opaque(&x->args, UADDR, &len); /* owner */
    if (!el_wire_ok(&x->args))
        return false;
    uint16_t port = known && x->question->to.family == 4 ? find_port(x, program) : 0;
    if (port)
        snprintf(answer, sizeof answer, "%u.%u.%u.%u.%u.%u", host[0], host[1], host[2], host[3],
                 port >> 8, port & 0xffu);
    el_nfs_xdr_put_string(x->out, answer);
    return true;
}

static bool gettime(struct el_nfs_exchange *x)
{
    el_wire_put_be32(x->out, 0); /* nobody who boots needs our clock */
    return true;
}

static el_nfs_serve *const procedures2[] = {el_nfs_serve_null, refuse,
                                            refuse, [GETPORT] = getport, [DUMP] = dump};

static el_nfs_serve *const procedures3[] = {
    el_nfs_serve_null,      refuse, refuse, [GETPORT] = getaddr, [GETTIME] = gettime,
    [GETVERSADDR] = getaddr};

const struct el_nfs_program el_nfs_program_portmap2 = {
    .number = EL_NFS_PROGRAM_PORTMAP,
    .low = 2,
    .high = 2,
    .procedures = procedures2,
    .procedure_count = sizeof procedures2 / sizeof procedures2[0],
};

const struct el_nfs_program el_nfs_program_portmap3 = {
    .number = EL_NFS_PROGRAM_PORTMAP,
    .low = 3,
    .high = 4,
    .procedures = procedures3,
    .procedure_count = sizeof procedures3 / sizeof procedures3[0],
};
