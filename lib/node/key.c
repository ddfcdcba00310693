/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key files and tunnel addresses. */
#include "node/key.h"

#include "base/wire.h"
#include "sys/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_BYTES = 256, PATH_BYTES = 4096 };

static int read_text(int fd, const char *path, char *text, struct el_err *err)
{
    if (fd < 0) {
        struct el_err why = {""};
        int n = el_sys_file_read_secret(path, text, FILE_BYTES - 1, &why);
        if (n == EL_ENOENT)
            return el_err(err, n, "key %s (el2w keygen FILE makes one)", why.text);
        return n < 0 ? el_err(err, n, "key %s", why.text) : n;
    }
    ssize_t n = pread(fd, text, FILE_BYTES - 1, 0);
    return n < 0 ? el_err(err, EL_EIO, "cannot read the key that was passed") : (int)n;
}

int el_node_key_read(int fd, const char *path, uint8_t key[EL_TUNNEL_KEY_BYTES], struct el_err *err)
{
    char text[FILE_BYTES];
    int n = read_text(fd, path, text, err);

    if (n < 0)
        return n;
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r' || text[n - 1] == ' '))
        n--;
    text[n] = '\0';
    int rc = el_tunnel_key_parse(text, key);
    sodium_memzero(text, sizeof text);
    if (rc < 0)
        return el_err(err, EL_EINVAL,
                      "%s: this is no key (44 characters of base64, as el2w keygen makes them)",
                      path ? path : "key");
    return 0;
}

int el_node_key_make(const char *path, struct el_err *err)
{
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    char text[EL_TUNNEL_KEY_TEXT + 1];

    el_tunnel_key_make(key);
    el_tunnel_key_text(key, text);
    strcat(text, "\n");
    int rc = el_sys_file_write(path, text, strlen(text), 0600, err);
    sodium_memzero(key, sizeof key);
    sodium_memzero(text, sizeof text);
    return rc;
}

int el_node_key_open(const char *path, const char *state, const char *name,
                     uint8_t public_key[EL_TUNNEL_KEY_BYTES], struct el_err *err)
{
    char own[PATH_BYTES];
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    int rc = 0;

    snprintf(own, sizeof own, "%s/%s.key", state, name);
    if (path && access(path, F_OK) < 0 && errno == ENOENT)
        return el_err(err, EL_ENOENT, "key %s: no such file; el2w keygen %s makes it", path, path);
    if (!path && access(own, F_OK) < 0)
        rc = el_node_key_make(own, err);
    path = path ? path : own;
    if (rc == 0)
        rc = el_node_key_read(-1, path, key, err);
    if (rc < 0)
        return rc;
    el_tunnel_key_public(key, public_key);
    sodium_memzero(key, sizeof key);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? el_err_os(err, errno, "key %s: cannot open it", path) : fd;
}

uint32_t el_node_key_address(const uint8_t public_key[EL_TUNNEL_KEY_BYTES])
{
    enum { HOSTS = 1 << 22, BY_HAND = 256 };
    uint8_t hash[crypto_generichash_BYTES];

    crypto_generichash(hash, sizeof hash, public_key, EL_TUNNEL_KEY_BYTES,
                       (const uint8_t *)"el2w tunnel address", 19);
    struct el_wire w = el_wire_read(hash, sizeof hash);
    /* The last address of the range would be its broadcast address. */
    return 0x64400000 + BY_HAND + el_wire_be32(&w) % (HOSTS - BY_HAND - 1);
}
