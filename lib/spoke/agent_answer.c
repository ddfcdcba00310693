/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hub has for a spoke: everything in it was said by somebody else. */
#include "spoke/agent_answer.h"

#include "base/conf.h"
#include "node/peer.h"
#include "spoke/join_answer.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* -- notices -- */

static bool is_word(const char *text, size_t capacity)
{
    return strlen(text) < capacity && el_node_is_name(text, strlen(text));
}

static bool is_printable(char c)
{
    return c > ' ' && c <= '~';
}

/* As a line of a log, and of a text: a blank in the place of each that is not ASCII's own, none at
 * its ends. */
static void copy_sentence(char text[EL_AGENT_NOTICE_TEXT], const char *from)
{
    size_t len = 0;

    while (*from && !is_printable(*from))
        from++;
    for (; *from && len + 1 < EL_AGENT_NOTICE_TEXT; from++)
        text[len++] = is_printable(*from) ? *from : ' ';
    while (len > 0 && text[len - 1] == ' ')
        len--;
    text[len] = '\0';
}

static int add_notice(struct el_agent_self *self, const char *kind, const char *network,
                      const char *text, struct el_err *err)
{
    struct el_agent_notice *notice = &self->notices[self->notice_count];

    if (self->notice_count == EL_AGENT_NOTICES)
        return el_err(err, EL_EINVAL, "more than %d notices", EL_AGENT_NOTICES);
    if (!is_word(kind, sizeof notice->kind) || !is_word(network, sizeof notice->network))
        return el_err(err, EL_EINVAL, "a notice is not KIND NETWORK SENTENCE");
    strcpy(notice->kind, kind);
    strcpy(notice->network, network);
    copy_sentence(notice->text, text);
    if (!notice->text[0])
        return el_err(err, EL_EINVAL, "a notice says nothing");
    self->notice_count++;
    return 0;
}

/* -- JSON -- */

static const char *text_of(const json_t *body, const char *member)
{
    return json_string_value(json_object_get(body, member));
}

/* Not more than there is room for: the rest when these are over. */
static int read_notices(struct el_agent_self *self, const json_t *array, struct el_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < json_array_size(array) && i < EL_AGENT_NOTICES; i++) {
        const json_t *item = json_array_get(array, i);
        const char *kind = text_of(item, "kind"), *network = text_of(item, "network"),
                   *text = text_of(item, "text");
        rc = add_notice(self, kind ? kind : "", network ? network : "-", text ? text : "", err);
    }
    return rc;
}

static int read_self(const json_t *body, struct el_agent_self *self, struct el_err *err)
{
    const char *state = text_of(body, "state");
    const json_t *networks = json_object_get(body, "networks");

    if (!state || strcmp(state, "enrolled") != 0 || !json_is_array(networks))
        return el_err(err, EL_EPROTO,
                      "it does not say that we are enrolled, and in which networks");
    int rc = el_spoke_networks_read_json(&self->networks, networks, err);
    if (rc == 0)
        rc = el_spoke_peers_read_json(&self->peers, json_object_get(body, "peers"), err);
    return rc == 0 ? read_notices(self, json_object_get(body, "notices"), err) : rc;
}

void el_agent_answer_read(int status, const json_t *body, struct el_agent_answer *answer)
{
    struct el_err why = {""};

    *answer = (struct el_agent_answer){.verdict = EL_AGENT_LATER};
    if (status == 200 && read_self(body, &answer->self, &why) == 0) {
        answer->verdict = EL_AGENT_SELF;
        return;
    }
    sodium_memzero(&answer->self, sizeof answer->self);
    if (status == 200) {
        (void)el_err(&answer->sentence, EL_EPROTO, "the hub's answer makes no sense: %s", why.text);
        return;
    }
    el_join_answer_sentence(status, body, &answer->sentence);
    if (status == 403 && strcmp(el_join_answer_type(body), "key-revoked") == 0)
        answer->verdict = EL_AGENT_REVOKED;
}

/* -- text -- */

struct reading {
    struct el_conf_common common;
    struct el_agent_self self;
};

static int read_network(void *values, const char *text, struct el_err *err)
{
    return el_spoke_networks_read(&((struct reading *)values)->self.networks, text, err);
}

static int read_peer(void *values, const char *text, struct el_err *err)
{
    return el_spoke_peers_read(&((struct reading *)values)->self.peers, text, err);
}

static int read_notice(void *values, const char *text, struct el_err *err)
{
    struct el_agent_self *self = &((struct reading *)values)->self;
    char words[2][EL_AGENT_NOTICE_KIND];

    for (unsigned i = 0; i < 2; i++) {
        size_t len = strcspn(text, " ");
        if (len >= sizeof words[i] || text[len] != ' ')
            return el_err(err, EL_EINVAL, "this is not KIND NETWORK SENTENCE");
        memcpy(words[i], text, len);
        words[i][len] = '\0';
        text += len + 1;
    }
    return add_notice(self, words[0], words[1], text, err);
}

#define LINES(word, function) \
    .name = word, .type = EL_CONF_CUSTOM, .parse = function, .metavar = "X", .repeat = true

static const struct el_conf_option options[] = {
    {LINES("network", read_network)},
    {LINES("peer", read_peer)},
    {LINES("notice", read_notice)},
};

static const struct el_conf_schema schema = {
    .name = "self", .options = options, .count = sizeof options / sizeof options[0]};

int el_agent_self_parse(const char *text, struct el_agent_self *self, struct el_err *err)
{
    struct reading reading = {.self = {.notice_count = 0}};
    struct el_conf *conf = el_conf_new(&schema, &reading);

    sodium_memzero(self, sizeof *self);
    if (!conf)
        return el_err(err, EL_ENOMEM, "out of memory");
    int rc = el_conf_file(conf, text, "self", err);
    if (rc == 0)
        rc = el_conf_finish(conf, err);
    el_conf_free(conf);
    if (rc == 0)
        *self = reading.self;
    sodium_memzero(&reading, sizeof reading);
    return rc;
}

static void write_lines(FILE *out, const struct el_agent_self *self)
{
    fputs("[self]\n", out);
    el_spoke_networks_print(out, &self->networks);
    el_spoke_peers_print(out, &self->peers);
    for (unsigned i = 0; i < self->notice_count; i++)
        fprintf(out, "notice = %s %s %s\n", self->notices[i].kind, self->notices[i].network,
                self->notices[i].text);
}

int el_agent_self_text(const struct el_agent_self *self, char text[EL_AGENT_TEXT])
{
    FILE *out = fmemopen(text, EL_AGENT_TEXT, "w");

    if (!out)
        return EL_ENOMEM;
    setvbuf(out, NULL, _IONBF, 0); /* no copy of it stays behind */
    write_lines(out, self);
    bool fits = !ferror(out);
    return fclose(out) == 0 && fits ? 0 : EL_EFULL;
}
