/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options that a person wants machines to be told, and which machines.
 *
 *     [CONDITION=VALUE,]...OPTION=VALUE
 *
 *     ntp-servers=10.0.0.1,10.0.0.2            everybody
 *     arch=arm64-uefi,boot-file=grubaa64.efi   these only
 *     mac=52:54:00,region=berlin,42=           these are told no time servers
 *     224=hex:00ff10                           whatever 224 is to somebody
 *
 * Conditions, all of which must hold: mac (or its first bytes), class (what option 60 begins with),
 * user-class (one of option 77), client (os, PXE, HTTP or iPXE), arch (a name that the log has, or
 * a number), region (the spoke), network (its name), subnet (of the address, or of the relay).
 *
 * OPTION is a number or a name of RFC 2132 and its successors; a VALUE has the form that the option
 * has: addresses, a number, text, domain names, routes (RANGE=IP). "hex:", "text:", "ip:", "u8:",
 * "u16:" and "u32:" in front of it say another, and an option without a name needs one. No VALUE:
 * the option is not sent, though it were otherwise. Of several rules for one option that one counts
 * that has the most conditions, and of these the last. The option is sent whether the machine asks
 * for it or not, but for 108 (RFC 8925) and 116 (RFC 2563), which forbid that.
 */
#ifndef EL_DHCP_DHCP_RULE_H
#define EL_DHCP_DHCP_RULE_H

#include "base/err.h"
#include "dhcp/dhcp_client.h"

enum {
    EL_DHCP_RULES_MAX = 256,
    EL_DHCP_RULE_BYTES = 512, /* of a value */
    EL_DHCP_RULE_TEXT = 64,   /* of a condition's, with NUL */
};

struct el_dhcp_rule {
    unsigned conditions; /* how many; of those below, what is not said is empty */
    uint8_t mac[6];
    uint8_t mac_len;
    char vendor_class[EL_DHCP_RULE_TEXT];
    char user_class[EL_DHCP_RULE_TEXT];
    char region[EL_DHCP_RULE_TEXT];
    char network[EL_DHCP_RULE_TEXT];
    char arch[EL_DHCP_RULE_TEXT];
    char client[EL_DHCP_RULE_TEXT];
    struct el_prefix subnet;
    uint8_t code;
    uint16_t len; /* 0: the option is not sent */
    uint8_t bytes[EL_DHCP_RULE_BYTES];
};

/* Who asks. */
struct el_dhcp_rule_facts {
    const struct el_dhcp_message *request;
    const struct el_dhcp_client *client;
    const char *region;  /* NULL: nobody knows */
    const char *network; /* the same */
    uint32_t ip;         /* the client's, or its relay's; 0: neither */
};

/* 0, or EL_EINVAL with the reason in ERR: the notation, or an option that is the server's own. */
int el_dhcp_rule_parse(const char *text, struct el_dhcp_rule *rule, struct el_err *err);

/* The rule that counts for option CODE; NULL: none. */
const struct el_dhcp_rule *el_dhcp_rule_for(const struct el_dhcp_rule *rules, size_t count,
                                            uint8_t code, const struct el_dhcp_rule_facts *facts);

/* Puts all options that rules say; what is not to be sent is taken out by the second, at the end.
 */
void el_dhcp_rules_put(const struct el_dhcp_rule *rules, size_t count,
                       const struct el_dhcp_rule_facts *facts, struct el_dhcp_message *reply);
void el_dhcp_rules_take_out(const struct el_dhcp_rule *rules, size_t count,
                            const struct el_dhcp_rule_facts *facts, struct el_dhcp_message *reply);

#endif
