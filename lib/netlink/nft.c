/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A batch of changes to an nftables table. */
#include "netlink/nft.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH_BYTES = 60 << 10,  /* a netlink socket's usual send buffer holds three times as much */
    MESSAGE_BYTES = 4 << 10, /* more than any message here: the last one may begin at BATCH_BYTES */
    USERDATA_BYTES = 128,
};

struct el_nft {
    const char *table;
    struct mnl_nlmsg_batch *batch;
    struct nlmsghdr *last;   /* the message before the next one */
    struct nftnl_rule *rule; /* the one that is being said */
    uint32_t sequence;
    bool failed; /* out of memory, or of room */
    _Alignas(struct nlmsghdr) char bytes[BATCH_BYTES + MESSAGE_BYTES];
};

/* -- messages -- */

/* The message is complete; the next one begins behind it. */
static void next(struct el_nft *nft, struct nlmsghdr *message)
{
    nft->last = message;
    if (!mnl_nlmsg_batch_next(nft->batch))
        nft->failed = true;
}

/* A header in the batch, or NULL if something has failed. */
static struct nlmsghdr *begin(struct el_nft *nft, uint16_t type, uint16_t flags)
{
    if (nft->failed)
        return NULL;
    return nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(nft->batch), type, NFPROTO_INET, flags,
                                 nft->sequence++);
}

static void end_rule(struct el_nft *nft)
{
    struct nlmsghdr *message =
        nft->rule ? begin(nft, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND) : NULL;

    if (message) {
        nftnl_rule_nlmsg_build_payload(message, nft->rule);
        next(nft, message);
    }
    if (nft->rule)
        nftnl_rule_free(nft->rule);
    nft->rule = NULL;
}

struct el_nft *el_nft_new(const char *table)
{
    struct el_nft *nft = calloc(1, sizeof *nft);

    if (!nft)
        return NULL;
    nft->table = table;
    nft->batch = mnl_nlmsg_batch_start(nft->bytes, BATCH_BYTES);
    if (!nft->batch) {
        free(nft);
        return NULL;
    }
    nftnl_batch_begin(mnl_nlmsg_batch_current(nft->batch), nft->sequence++);
    mnl_nlmsg_batch_next(nft->batch);
    return nft;
}

void el_nft_free(struct el_nft *nft)
{
    if (!nft)
        return;
    if (nft->rule)
        nftnl_rule_free(nft->rule);
    mnl_nlmsg_batch_stop(nft->batch);
    free(nft);
}

/* -- tables and chains -- */

static void say_table(struct el_nft *nft, uint16_t type, uint16_t how, uint32_t flags)
{
    struct nftnl_table *table = nftnl_table_alloc();

    end_rule(nft);
    nft->failed = nft->failed || !table || nftnl_table_set_str(table, NFTNL_TABLE_NAME, nft->table);
    struct nlmsghdr *message = begin(nft, type, how);
    if (message) {
        if (flags)
            nftnl_table_set_u32(table, NFTNL_TABLE_FLAGS, flags);
        nftnl_table_nlmsg_build_payload(message, table);
        next(nft, message);
    }
    if (table)
        nftnl_table_free(table);
}

void el_nft_add_table(struct el_nft *nft, uint32_t flags)
{
    say_table(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE, flags);
}

void el_nft_delete_table(struct el_nft *nft)
{
    say_table(nft, NFT_MSG_DELTABLE, 0, 0);
}

void el_nft_chain(struct el_nft *nft, const struct el_nft_chain *said)
{
    struct nftnl_chain *chain = nftnl_chain_alloc();

    end_rule(nft);
    nft->failed = nft->failed || !chain ||
                  nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, nft->table) ||
                  nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, said->name) ||
                  nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, said->type);
    struct nlmsghdr *message = begin(nft, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    if (message) {
        nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, said->hook);
        nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, said->priority);
        nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
        nftnl_chain_nlmsg_build_payload(message, chain);
        next(nft, message);
    }
    if (chain)
        nftnl_chain_free(chain);
}

/* -- rules -- */

/* nft's notation of a comment: type, length, text with its NUL. */
static bool set_comment(struct nftnl_rule *rule, const char *comment)
{
    uint8_t bytes[USERDATA_BYTES];
    size_t len = strnlen(comment, sizeof bytes - 3);

    bytes[0] = NFTNL_UDATA_RULE_COMMENT;
    bytes[1] = (uint8_t)(len + 1);
    memcpy(bytes + 2, comment, len);
    bytes[2 + len] = '\0';
    return nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, bytes, (uint32_t)(len + 3)) == 0;
}

void el_nft_rule(struct el_nft *nft, const char *chain, const char *comment)
{
    end_rule(nft);
    nft->rule = nftnl_rule_alloc();
    if (!nft->rule || nftnl_rule_set_str(nft->rule, NFTNL_RULE_TABLE, nft->table) ||
        nftnl_rule_set_str(nft->rule, NFTNL_RULE_CHAIN, chain) || !set_comment(nft->rule, comment))
        nft->failed = true;
    else
        nftnl_rule_set_u32(nft->rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
}

/* A new expression at the end of the rule, or NULL if something has failed. */
static struct nftnl_expr *add(struct el_nft *nft, const char *name)
{
    struct nftnl_expr *expression = nft->failed ? NULL : nftnl_expr_alloc(name);

    if (expression)
        nftnl_rule_add_expr(nft->rule, expression);
    else
        nft->failed = true;
    return expression;
}

void el_nft_load_meta(struct el_nft *nft, uint32_t key)
{
    struct nftnl_expr *e = add(nft, "meta");

    if (!e)
        return;
    nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
    nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

void el_nft_load_ct(struct el_nft *nft, uint32_t key)
{
    struct nftnl_expr *e = add(nft, "ct");

    if (!e)
        return;
    nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, key);
    nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
}

void el_nft_load_payload(struct el_nft *nft, uint32_t base, uint32_t offset, uint32_t len)
{
    struct nftnl_expr *e = add(nft, "payload");

    if (!e)
        return;
    nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
    nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
    nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
    nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
}

void el_nft_mask(struct el_nft *nft, const void *mask, uint32_t len)
{
    static const uint8_t zero[16];
    struct nftnl_expr *e = add(nft, "bitwise");

    if (!e)
        return;
    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
    nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
    if (nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len) ||
        nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, len))
        nft->failed = true;
}

void el_nft_compare(struct el_nft *nft, uint32_t op, const void *value, uint32_t len)
{
    struct nftnl_expr *e = add(nft, "cmp");

    if (!e)
        return;
    nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
    nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
    if (nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, value, len))
        nft->failed = true;
}

void el_nft_count(struct el_nft *nft)
{
    (void)add(nft, "counter");
}

void el_nft_masquerade(struct el_nft *nft)
{
    (void)add(nft, "masq");
}

void el_nft_verdict(struct el_nft *nft, int verdict)
{
    struct nftnl_expr *e = add(nft, "immediate");

    if (!e)
        return;
    nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
}

/* -- the kernel -- */

/* What the kernel says is there when the sending returns: an error for each message that has one,
 * and an acknowledgement of the last. 0 or the first error. */
static int hear(struct mnl_socket *socket)
{
    _Alignas(struct nlmsghdr) char bytes[8192];
    bool done = false;
    ssize_t got;

    while ((got = recv(mnl_socket_get_fd(socket), bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        int left = (int)got;
        for (const struct nlmsghdr *m = (const void *)bytes; mnl_nlmsg_ok(m, left);
             m = mnl_nlmsg_next(m, &left)) {
            const struct nlmsgerr *said = mnl_nlmsg_get_payload(m);
            if (m->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(m) < sizeof *said)
                continue;
            if (said->error < 0)
                return -said->error;
            done = true;
        }
    }
    return done ? 0 : got < 0 && errno != EAGAIN ? errno : EIO;
}

int el_nft_send(struct el_nft *nft, struct mnl_socket *socket)
{
    end_rule(nft);
    if (nft->failed || !nft->last)
        return ENOMEM;
    nft->last->nlmsg_flags |= NLM_F_ACK;
    nftnl_batch_end(mnl_nlmsg_batch_current(nft->batch), nft->sequence++);
    mnl_nlmsg_batch_next(nft->batch);
    if (mnl_socket_sendto(socket, mnl_nlmsg_batch_head(nft->batch),
                          mnl_nlmsg_batch_size(nft->batch)) < 0)
        return errno;
    return hear(socket);
}
