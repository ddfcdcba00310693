/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Being enrolled. */
#include "spoke/spoke_enrol.h"

#include "base/log.h"
#include "node/key.h"
#include "spoke/spoke_join.h"
#include "sys/files.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY     "spoke"
#define KEY_NEW "spoke-new" /* of --join-again, until it is enrolled */

enum { PATH_BYTES = 4096, TOKEN_FILE_BYTES = 2 * EL_ENROL_TOKEN_TEXT };

/* -- the token -- */

int el_spoke_token(const char *said, struct el_enrol_token *token, struct el_err *err)
{
    char text[TOKEN_FILE_BYTES];
    struct el_err why = {""};
    bool is_file = said[0] == '@' || strcmp(said, "-") == 0;
    int n = 0;

    if (!is_file)
        return el_enrol_token_decode(said, token, err);
    if (said[0] == '@')
        n = el_sys_file_read_secret(said + 1, text, sizeof text - 1, &why);
    else
        n = el_sys_file_read("-", text, sizeof text - 1, &why);
    if (n < 0)
        return el_err(err, n, "token: %s", why.text);
    text[n] = '\0';
    int rc = el_enrol_token_decode(text, token, err);
    sodium_memzero(text, sizeof text);
    return rc;
}

static bool is_token_of(const struct el_enrol_token *token, const struct el_enrolment *enrolment)
{
    uint8_t private_key[EL_TUNNEL_KEY_BYTES], public_key[EL_TUNNEL_KEY_BYTES];

    el_enrol_token_key(token, private_key);
    el_tunnel_key_public(private_key, public_key);
    sodium_memzero(private_key, sizeof private_key);
    return memcmp(public_key, enrolment->token, sizeof public_key) == 0;
}

/* -- the keys -- */

static void key_path(const struct el_spoke_config *config, const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s.key", config->state, name);
}

/* The public half of the key file NAME, or of the one that was said; made if it is not there. */
static int public_key(const struct el_spoke_config *config, const char *name,
                      uint8_t key[EL_TUNNEL_KEY_BYTES], struct el_err *err)
{
    int fd = el_node_key_open(config->key, config->state, name, key, err);

    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 0;
}

static int use_new_key(const struct el_spoke_config *config, struct el_err *err)
{
    char from[PATH_BYTES], to[PATH_BYTES];

    key_path(config, KEY_NEW, from);
    key_path(config, KEY, to);
    if (rename(from, to) < 0)
        return el_err_os(err, errno, "key %s: cannot become %s", from, to);
    return 0;
}

/* Whether the key that we use is the enrolment's: 1, 0 or an error. A change of keys that was
 * interrupted is finished. */
static int settle_key(const struct el_spoke_config *config, const struct el_enrolment *enrolment,
                      struct el_err *err)
{
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    char path[PATH_BYTES];
    int rc = public_key(config, KEY, key, err);

    if (rc < 0 || memcmp(key, enrolment->key, sizeof key) == 0)
        return rc < 0 ? rc : 1;
    key_path(config, KEY_NEW, path);
    if (config->key || access(path, F_OK) < 0)
        return 0;
    rc = public_key(config, KEY_NEW, key, err);
    if (rc < 0 || memcmp(key, enrolment->key, sizeof key) != 0)
        return rc;
    rc = use_new_key(config, err);
    return rc < 0 ? rc : 1;
}

/* -- joining -- */

static int join(const struct el_spoke_config *config, struct el_launch *launch,
                const struct el_enrol_token *token, bool new_key, struct el_enrolment *enrolment,
                struct el_err *err)
{
    struct el_spoke_join_config joining = {
        .launch = launch,
        .token = token,
        .hub = config->hub,
        .code = config->code,
        .fast = config->wire == EL_TUNNEL_FAST || (config->wire == EL_TUNNEL_WIRES &&
                                                   el_tunnel_wire_check(EL_TUNNEL_FAST, NULL) == 0),
        .no_tcp = config->no_tcp,
        .give_up_ns = config->give_up_ns,
        .tunnel = &config->tunnel,
        .log_options = config->log_options,
    };
    int rc = public_key(config, new_key ? KEY_NEW : KEY, joining.key, err);

    if (rc == 0)
        rc = el_spoke_join(&joining, enrolment, err);
    if (rc == 0)
        rc = el_enrolment_write(config->state, enrolment, err);
    if (rc == 0 && new_key)
        rc = use_new_key(config, err);
    if (rc == 0)
        EL_LOG(EL_LOG_INFO, "node", "enrolled", EL_STR("name", enrolment->name),
               EL_IP("address", &enrolment->address),
               EL_STR("wire", el_tunnel_wire_names[enrolment->wire]));
    return rc;
}

/* Not to be guessed: the operator may have meant another computer. */
static int other_token(const struct el_enrolment *enrolment, const struct el_enrol_token *token,
                       struct el_err *err)
{
    bool same_hub = memcmp(enrolment->hub_key, token->hub_key, sizeof token->hub_key) == 0;

    return el_err(
        err, EL_EEXIST,
        "this spoke is enrolled already, as %s%s, with another token; with --join-again it "
        "joins with this one (%s), and with a new key",
        enrolment->name, same_hub ? "" : " at another hub",
        token->name[0] ? token->name : "no name in it");
}

/* Its key is good for nothing any more, at that hub. */
static int say_revoked(const struct el_enrolment *enrolment)
{
    EL_LOG(EL_LOG_ERROR, "node", "revoked", EL_STR("name", enrolment->name),
           EL_STR("why", "the hub has revoked this spoke"),
           EL_STR("hint", "it joins again with a new token: --join TOKEN"));
    return EL_SPOKE_REVOKED;
}

static int with_token(const struct el_spoke_config *config, struct el_launch *launch,
                      const struct el_enrol_token *token, bool enrolled,
                      struct el_enrolment *enrolment, struct el_err *err)
{
    bool revoked = enrolled && enrolment->revoked;

    if (enrolled && is_token_of(token, enrolment))
        return revoked ? say_revoked(enrolment) : 0;
    if (enrolled && !revoked && !config->join_again)
        return other_token(enrolment, token, err);
    sodium_memzero(enrolment, sizeof *enrolment);
    return join(config, launch, token, (revoked || config->join_again) && !config->key, enrolment,
                err);
}

/* -- whether -- */

bool el_spoke_may_be_enrolled(const char *state)
{
    struct el_enrolment enrolment;
    int rc = el_enrolment_read(state, &enrolment, NULL);

    sodium_memzero(&enrolment, sizeof enrolment);
    return rc != EL_ENOENT;
}

int el_spoke_not_enrolled(struct el_err *err)
{
    return el_err(err, EL_ENOENT,
                  "this spoke is not enrolled: --join TOKEN (on the hub: el2w token create NAME), "
                  "or --hub HOST --hub-key KEY");
}

int el_spoke_enrol(const struct el_spoke_config *config, struct el_launch *launch,
                   const struct el_enrol_token *token, struct el_enrolment *enrolment,
                   struct el_err *err)
{
    struct el_err why = {""};
    int found = el_enrolment_read(config->state, enrolment, &why);

    if (found < 0 && found != EL_ENOENT)
        return el_err(err, found, "%s", why.text);
    int settled = found == 0 ? settle_key(config, enrolment, err) : 0;
    if (settled < 0)
        return settled;
    if (token)
        return with_token(config, launch, token, settled == 1, enrolment, err);
    if (found < 0)
        return el_spoke_not_enrolled(err);
    if (settled == 1 && enrolment->revoked)
        return say_revoked(enrolment);
    return settled == 1 ? 0
                        : el_err(err, EL_ENOENT,
                                 "this spoke's key is not the one that was enrolled: put that one "
                                 "back, or join again with a new token");
}
