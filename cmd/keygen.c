/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w keygen: a private key in a file, its public key on standard output. */
#include "applet.h"

#include "node/key.h"
#include "tunnel/tunnel.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const struct el_conf_schema schema = {
    .name = "keygen",
    .summary = "make a private key, or show the public key of one",
    .usage = "FILE",
    .manual =
        "Writes a new private key to FILE, readable by its owner only, and prints the public key, "
        "which is what the other side needs. If FILE is there already, it is left as it is, and "
        "its public key is printed: running it twice does no harm. The format is that of wg(8).",
    .positional_min = 1,
    .positional_max = 1,
};

static int make_or_read(const char *path, uint8_t key[EL_TUNNEL_KEY_BYTES], struct el_err *err)
{
    int rc = el_node_key_read(-1, path, key, err);

    if (rc != EL_ENOENT)
        return rc;
    rc = el_node_key_make(path, err);
    return rc < 0 ? rc : el_node_key_read(-1, path, key, err);
}

static int run(int argc, char **argv)
{
    struct el_conf_common values = {0};
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    char text[EL_TUNNEL_KEY_TEXT];
    struct el_err err = {""};
    const char *const *files;
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code != EL_EXIT_GO_ON)
        return code;
    el_conf_positionals(conf, &files);
    if (make_or_read(files[0], key, &err) < 0) {
        code = el_cmd_fail(&schema, &err);
    } else {
        el_tunnel_key_public(key, key);
        el_tunnel_key_text(key, text);
        puts(text);
        code = EL_EXIT_DONE;
    }
    sodium_memzero(key, sizeof key);
    el_conf_free(conf);
    return code;
}

const struct el_applet el_applet_keygen = {.schema = &schema, .run = run};
