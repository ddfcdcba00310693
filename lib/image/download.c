/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A download. Here are the file, what is noted about it (its URL, and the server's mark of that
 * very version of it, each a line) and the person who waits; in the child are the server, and the
 * descriptor of the file.
 */
#include "image/download.h"

#include "fetch/fetch_io.h"
#include "image/arrival.h"
#include "image/aside.h"
#include "image/hash.h"
#include "net/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTE_BYTES = EL_FETCH_URL_BYTES + EL_FETCH_VALIDATOR_BYTES + 8 };

#define TELL_EVERY (100 * EL_MS)

/* What the child says. */
struct word {
    enum word_kind { HEAD, PROGRESS, AGAIN } kind;
    uint64_t done, total; /* bytes; EL_FETCH_UNKNOWN */
    char text[EL_FETCH_VALIDATOR_BYTES];
};

struct work {
    int library, fd;
    const char *name, *note;
    const struct el_image_source *source;
    const struct el_image_progress *progress;
    struct el_net_tls_trust *trust;
    struct el_fetch_proxies proxies;
    uint64_t here;
    char validator[EL_FETCH_VALIDATOR_BYTES];

    /* The child's. */
    struct el_net *net;
    int channel;
    uint64_t done, total, told_ns;
    int code;
    struct el_err *err;
};

/* -- in the child -- */

static void tell(struct work *work, enum word_kind kind, const char *text)
{
    struct word word = {.done = work->done, .total = work->total};

    word.kind = kind;
    snprintf(word.text, sizeof word.text, "%s", text);
    (void)el_image_aside_say(work->channel, &word, sizeof word);
    work->told_ns = el_net_now_ns(work->net);
}

static int on_head(void *arg, const struct el_fetch_head *head, struct el_err *err)
{
    struct work *work = arg;

    if (head->offset == 0 && ftruncate(work->fd, 0) < 0)
        return el_err_os(err, errno, "%s", work->name);
    work->done = head->offset;
    work->total = head->total;
    tell(work, HEAD, head->validator);
    return 0;
}

static int on_data(void *arg, const uint8_t *bytes, size_t len, struct el_err *err)
{
    struct work *work = arg;

    while (len > 0) {
        ssize_t n = pwrite(work->fd, bytes, len, (off_t)work->done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return el_err(err,
                          errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? EL_EFULL : EL_EIO,
                          "%s: %s", work->name, strerror(errno));
        bytes += n;
        len -= (size_t)n;
        work->done += (uint64_t)n;
    }
    if (el_net_now_ns(work->net) >= work->told_ns + TELL_EVERY)
        tell(work, PROGRESS, "");
    return 0;
}

static void on_again(void *arg, const char *why)
{
    tell(arg, AGAIN, why);
}

static void on_ended(void *arg, int code, const struct el_err *err)
{
    struct work *work = arg;

    work->code = code;
    if (code < 0)
        el_err(work->err, code, "%s", err->text);
    tell(work, PROGRESS, "");
    el_net_kernel_stop(work->net);
}

static int fetch(void *arg, int channel, struct el_err *err)
{
    static const struct el_fetch_events events = {
        .head = on_head, .data = on_data, .again = on_again, .ended = on_ended};
    struct work *work = arg;
    struct el_fetch_config config = {.trust = work->trust,
                                     .proxies = &work->proxies,
                                     .url = work->source->url,
                                     .here = work->here,
                                     .validator = work->validator};
    struct el_net_resolver *resolver = NULL;
    struct el_fetch *started = NULL;

    work->channel = channel;
    work->err = err;
    int rc = el_net_kernel_new(&work->net, err);
    if (rc == 0)
        rc = el_net_resolver_new(work->net, NULL, &resolver, err);
    config.resolver = resolver;
    if (rc == 0)
        rc = el_fetch_start(work->net, &config, &events, work, &started, err);
    if (rc == 0) {
        el_net_kernel_run(work->net);
        rc = work->code;
    }
    el_fetch_free(started);
    el_net_resolver_free(resolver);
    el_net_kernel_free(work->net);
    return rc;
}

/* -- what is noted -- */

static int write_note(const struct work *work, const char *validator, struct el_err *err)
{
    char text[NOTE_BYTES];
    int len = snprintf(text, sizeof text, "%s\n%s\n", work->source->url, validator);
    int fd = len < (int)sizeof text
                 ? openat(work->library, work->note,
                          O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)
                 : -1;

    if (fd < 0)
        return el_err_os(err, errno, "images: %s", work->note);
    int rc = write(fd, text, (size_t)len) == len ? 0 : el_err_os(err, errno, "%s", work->name);
    close(fd);
    return rc;
}

/* What has come before, if it is of this URL and the server has said how to tell versions apart. */
static void read_note(struct work *work)
{
    char text[NOTE_BYTES] = "";
    struct stat status;
    int fd = openat(work->library, work->note, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    size_t url_len = strlen(work->source->url);

    if (fd >= 0)
        close(fd);
    if (len <= 0 || fstat(work->fd, &status) < 0 || status.st_size == 0 ||
        strncmp(text, work->source->url, url_len) != 0 || text[url_len] != '\n')
        return;
    const char *validator = text + url_len + 1;
    size_t validator_len = strcspn(validator, "\n");
    if (validator_len == 0 || validator_len >= sizeof work->validator)
        return;
    memcpy(work->validator, validator, validator_len);
    work->validator[validator_len] = '\0';
    work->here = (uint64_t)status.st_size;
}

/* -- here -- */

static bool is_clean(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static int heard(void *arg, const uint8_t *bytes, size_t len, struct el_err *err)
{
    const struct work *work = arg;
    const struct el_image_progress *progress = work->progress;
    struct word word;
    char text[sizeof word.text + 80];

    if (len != sizeof word)
        return el_err(err, EL_EPROTO, "%s: what fetches it makes no sense", work->name);
    memcpy(&word, bytes, sizeof word);
    word.text[sizeof word.text - 1] = '\0';
    if (!is_clean(word.text))
        word.text[0] = '\0';
    uint64_t total = word.total == EL_FETCH_UNKNOWN ? 0 : word.total;
    if (word.kind == AGAIN) {
        snprintf(text, sizeof text, "%.60s: %s; trying again", work->name, word.text);
        progress->say(progress->arg, text);
        return 0;
    }
    progress->step(progress->arg, "fetching", work->name, word.done, total);
    if (word.kind != HEAD)
        return 0;
    int rc = total > word.done ? el_image_arrival_fits(work->library, total - word.done, err) : 0;
    return rc < 0 ? rc : write_note(work, word.text, err);
}

static int open_file(int library, struct el_image_download *download, struct el_err *err)
{
    download->fd = openat(library, download->file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (download->fd < 0)
        return el_err_os(err, errno, "images: %s", download->file);
    if (flock(download->fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    close(download->fd);
    download->fd = -1;
    return el_err(err, EL_EEXIST, "it is being fetched already, by another command");
}

/* A URL's own place: whoever asks for it again finds it. */
static int name_files(const char *url, struct el_image_download *download, struct el_err *err)
{
    struct el_image_hash *hash = el_image_hash_new();
    char text[EL_IMAGE_SHA256_TEXT];

    if (!hash || el_image_hash_add(hash, (const uint8_t *)url, strlen(url)) < 0 ||
        el_image_hash_finish(hash) < 0) {
        el_image_hash_free(hash);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    el_image_sha256_text(el_image_hash_whole(hash), text);
    snprintf(download->file, sizeof download->file, EL_IMAGE_PARTIAL "%.16s", text);
    snprintf(download->note, sizeof download->note, EL_IMAGE_PARTIAL "%.16s.from", text);
    el_image_hash_free(hash);
    return 0;
}

static const char *from_environment(const char *name, const char *shouted)
{
    const char *value = getenv(name);

    return value && *value ? value : getenv(shouted);
}

/* HTTP_PROXY in capitals is what a web server's programs get from their visitors: not a setting. */
static struct el_fetch_proxies find_proxies(void)
{
    return (struct el_fetch_proxies){.http = getenv("http_proxy"),
                                     .https = from_environment("https_proxy", "HTTPS_PROXY"),
                                     .none = from_environment("no_proxy", "NO_PROXY")};
}

static int find_trust(struct work *work, struct el_err *err)
{
    struct el_fetch_url url;
    struct el_err why = {""};
    int rc = el_fetch_url_parse(work->source->url, &url, err);

    if (rc < 0)
        return rc;
    rc = el_net_tls_trust_new(work->source->ca, &work->trust, &why);
    /* Plain http needs none, unless it is redirected. */
    return rc < 0 && (url.tls || work->source->ca) ? el_err(err, rc, "%s", why.text) : 0;
}

static off_t size_of(int fd)
{
    struct stat status;

    return fd >= 0 && fstat(fd, &status) == 0 ? status.st_size : 0;
}

int el_image_download(int library, const struct el_image_source *source, const char *name,
                      const struct el_image_progress *progress, struct el_image_download *download,
                      struct el_err *err)
{
    struct work work = {.library = library,
                        .name = name,
                        .note = download->note,
                        .source = source,
                        .progress = progress,
                        .proxies = find_proxies()};
    struct el_image_aside aside = {
        .network = true, .work = fetch, .heard = heard, .arg = &work, .progress = progress};

    download->fd = -1;
    int rc = find_trust(&work, err);
    if (rc == 0)
        rc = name_files(source->url, download, err);
    if (rc == 0)
        rc = open_file(library, download, err);
    if (rc == 0) {
        work.fd = download->fd;
        read_note(&work);
        aside.fds[0] = download->fd;
        aside.fds[1] = aside.fds[2] = aside.fds[3] = -1;
        rc = el_image_aside_run(&aside, err);
    }
    el_net_tls_trust_free(work.trust);
    if (rc < 0) /* what is there is worth keeping */
        el_image_download_end(library, download, rc != EL_EFULL && size_of(download->fd) > 0);
    return rc;
}

void el_image_download_end(int library, struct el_image_download *download, bool kept)
{
    if (download->fd < 0)
        return;
    if (!kept) {
        unlinkat(library, download->file, 0);
        unlinkat(library, download->note, 0);
    }
    close(download->fd);
    download->fd = -1;
}
