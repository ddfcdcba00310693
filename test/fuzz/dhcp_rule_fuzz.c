/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule about an option, as a person might write it: refused with a reason, or one that a reply
 * can carry. */
#include "dhcp/dhcp_rule.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct el_dhcp_message request, reply;
    static struct el_dhcp_client client;
    static struct el_dhcp_rule rule;
    struct el_dhcp_rule_facts facts = {.request = &request, .client = &client, .ip = 0xc0a84d64};
    struct el_err err = {""};
    char text[2048];

    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    if (el_dhcp_rule_parse(text, &rule, &err) != 0) {
        if (!err.text[0])
            abort();
        return 0;
    }
    if (rule.len > sizeof rule.bytes || rule.code == EL_DHCP_O_TYPE || rule.code == EL_DHCP_O_END)
        abort();
    memset(&reply, 0, sizeof reply);
    el_dhcp_rules_put(&rule, 1, &facts, &reply);
    el_dhcp_rules_take_out(&rule, 1, &facts, &reply);
    if (rule.len == 0 && el_dhcp_has(&reply, rule.code))
        abort();
    return 0;
}
