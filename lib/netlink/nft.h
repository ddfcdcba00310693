/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One batch of changes to one nftables table of family inet (libnftnl, libmnl), which the kernel
 * makes all of or none of. A rule is said expression by expression, as `nft --debug=netlink` shows
 * them: what is loaded goes to a register, and is compared with a constant; a rule ends where a
 * comparison fails.
 *
 *     el_nft_chain(nft, &input);
 *     el_nft_rule(nft, "input", "ssh");
 *     el_nft_load_meta(nft, NFT_META_L4PROTO);
 *     el_nft_compare(nft, NFT_CMP_EQ, &tcp, 1);
 *     el_nft_load_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
 *     el_nft_compare(nft, NFT_CMP_EQ, &port, 2);
 *     el_nft_verdict(nft, NF_ACCEPT);
 *
 * Out of memory, or too long, is told at the end, by el_nft_send(). For this room only.
 */
#ifndef EL_NETLINK_NFT_H
#define EL_NETLINK_NFT_H

#include <stddef.h>
#include <stdint.h>

struct mnl_socket;
struct el_nft;

/* Changes to TABLE, whose name must outlive it. NULL if out of memory. */
struct el_nft *el_nft_new(const char *table);
void el_nft_free(struct el_nft *nft); /* NULL is allowed */

/* Adds the table (flags: NFT_TABLE_F_*), which may be there already, or deletes it. */
void el_nft_add_table(struct el_nft *nft, uint32_t flags);
void el_nft_delete_table(struct el_nft *nft);

/* A base chain that accepts what its rules say nothing about. */
struct el_nft_chain {
    const char *name, *type; /* "filter", "nat" */
    uint32_t hook;           /* NF_INET_* */
    int32_t priority;        /* NF_IP_PRI_* */
};
void el_nft_chain(struct el_nft *nft, const struct el_nft_chain *chain);

/* Begins a rule at the end of CHAIN, and ends the one before. COMMENT: up to 120 characters. */
void el_nft_rule(struct el_nft *nft, const char *chain, const char *comment);

void el_nft_load_meta(struct el_nft *nft, uint32_t key);    /* NFT_META_* */
void el_nft_load_ct(struct el_nft *nft, uint32_t key);      /* NFT_CT_* */
void el_nft_load_payload(struct el_nft *nft, uint32_t base, /* NFT_PAYLOAD_*_HEADER */
                         uint32_t offset, uint32_t len);
/* What is loaded, and MASK: of LEN bytes, up to 16. */
void el_nft_mask(struct el_nft *nft, const void *mask, uint32_t len);
void el_nft_compare(struct el_nft *nft, uint32_t op, const void *value, uint32_t len);
void el_nft_count(struct el_nft *nft);
void el_nft_masquerade(struct el_nft *nft);
void el_nft_verdict(struct el_nft *nft, int verdict); /* NF_ACCEPT, NF_DROP */

/* Ends and sends it, and hears what the kernel says. 0 or a positive errno. Once. */
int el_nft_send(struct el_nft *nft, struct mnl_socket *socket);

#endif
