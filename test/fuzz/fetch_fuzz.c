/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a server, an environment and a person say to a fetch. The input is a response up to the
 * first NUL, then a URL, then a proxy.
 *
 * Whatever is accepted can be sent on: it is one word, and says the same when it is read again.
 */
#include "fetch/fetch_head_io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct el_fetch_url *url)
{
    char text[EL_FETCH_URL_BYTES], again[EL_FETCH_URL_BYTES];
    struct el_fetch_url same;
    struct el_err err;

    el_fetch_url_text(url, text);
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c == 0x7f)
            abort();
    if (el_fetch_url_parse(text, &same, &err) < 0)
        abort();
    if (strcmp(el_fetch_url_text(&same, again), text) != 0)
        abort();
}

static void take_url(const char *text, const char *proxy_text)
{
    struct el_fetch_url base, url;
    struct el_fetch_proxy proxy;
    struct el_err err;
    char path[100];

    (void)el_fetch_url_file(text, path, sizeof path, &err);
    if (el_fetch_url_parse("https://host.test/a/b/c?d", &base, &err) < 0)
        abort();
    if (el_fetch_url_parse(text, &url, &err) == 0)
        check(&url);
    if (el_fetch_url_join(&base, text, &url, &err) == 0)
        check(&url);
    struct el_fetch_proxies proxies = {.http = proxy_text, .https = proxy_text, .none = text};
    (void)el_fetch_proxy_for(&proxies, &base, &proxy, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct el_fetch_fields fields;
    struct el_http_response response;
    struct el_fetch_head head;
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t head_len = nul ? (size_t)(nul - data) : size;
    char rest[4096];
    size_t rest_len = nul ? size - head_len - 1 : 0;

    el_http_response_init(&response, 1 << 16, false);
    el_fetch_fields_begin(&fields, &response);
    if (el_http_response_input(&response, data, head_len / 2) == 0)
        (void)el_http_response_input(&response, data + head_len / 2, head_len - head_len / 2);
    if (response.header_done)
        for (uint64_t here = 0; here < 1000; here += 500) {
            el_fetch_head_read(&response, &fields, here, &head);
            if (head.verdict == EL_FETCH_TAKE && head.offset != 0 && head.offset != here)
                abort();
        }
    el_http_response_end(&response);
    take_url(fields.location, "");

    rest_len = rest_len < sizeof rest - 2 ? rest_len : sizeof rest - 2;
    if (nul)
        memcpy(rest, nul + 1, rest_len);
    rest[rest_len] = rest[rest_len + 1] = '\0';
    take_url(rest, rest + strlen(rest) + (rest_len > strlen(rest)));
    return 0;
}
