/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How it stands with a spoke's direct ways, as text and as JSON. */
#include "spoke/agent_ways.h"

#include <stdio.h>
#include <string.h>

void el_agent_ways_text(const struct el_spoke_way *ways, unsigned count,
                        char text[EL_AGENT_WAYS_TEXT])
{
    size_t len = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < count && len < EL_AGENT_WAYS_TEXT; i++) {
        char key[EL_TUNNEL_KEY_TEXT];
        el_tunnel_key_text(ways[i].key, key);
        len += (size_t)snprintf(text + len, EL_AGENT_WAYS_TEXT - len, "%s %s %s\n", key,
                                ways[i].live ? "live" : "dead", ways[i].used ? "used" : "idle");
    }
}

/* WORD is YES or NO; else it is neither, and *KNOWN is false. */
static bool either(const char *word, const char *yes, const char *no, bool *known)
{
    bool is_yes = strcmp(word, yes) == 0;

    *known = *known && (is_yes || strcmp(word, no) == 0);
    return is_yes;
}

/* The object of one line; NULL: it is none. */
static json_t *way_json(const char *line)
{
    char key[EL_TUNNEL_KEY_TEXT], live[5], used[5];
    uint8_t bytes[EL_TUNNEL_KEY_BYTES];
    bool known = true;

    if (sscanf(line, "%44s %4s %4s", key, live, used) != 3 || el_json_key_parse(key, bytes) < 0)
        return NULL;
    bool is_live = either(live, "live", "dead", &known);
    bool is_used = either(used, "used", "idle", &known);
    return known ? json_pack("{s:s, s:b, s:b}", "key", key, "live", is_live, "used", is_used)
                 : NULL;
}

json_t *el_agent_ways_json(const char *text)
{
    json_t *list = json_array();

    for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL)
        if (json_array_append_new(list, way_json(line)) < 0) {
            json_decref(list);
            return NULL;
        }
    return json_pack("{s:o}", "peers", list);
}
