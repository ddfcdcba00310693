/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is seen, and what it means. */
#include "service/boot_news.h"

#include <stdio.h>
#include <string.h>

static void say(struct el_boot_news *news, const char *text)
{
    snprintf(news->text, sizeof news->text, "%s", text);
    news->news.text = news->text;
}

/* -- DHCP -- */

static const int dhcp_kinds[] = {
    [EL_DHCP_SEEN_DISCOVER] = EL_TIMELINE_DISCOVER,
    [EL_DHCP_SEEN_REQUEST] = EL_TIMELINE_REQUEST,
    [EL_DHCP_SEEN_DECLINE] = EL_TIMELINE_DECLINE,
    [EL_DHCP_SEEN_RELEASE] = -1,
    [EL_DHCP_SEEN_ELSEWHERE] = EL_TIMELINE_OTHER_SERVER,
    [EL_DHCP_SEEN_OFFER] = EL_TIMELINE_OFFER,
    [EL_DHCP_SEEN_ACK] = EL_TIMELINE_ACK,
    [EL_DHCP_SEEN_NAK] = EL_TIMELINE_NAK,
    [EL_DHCP_SEEN_INFORM] = -1,
    [EL_DHCP_SEEN_BOOT_SERVER] = EL_TIMELINE_ACK,
    [EL_DHCP_SEEN_UNANSWERED] = EL_TIMELINE_UNANSWERED,
    [EL_DHCP_SEEN_NOT_KEPT] = EL_TIMELINE_UNANSWERED,
};

static enum el_timeline_client client_of(enum el_dhcp_client_kind kind)
{
    switch (kind) {
    case EL_DHCP_CLIENT_PXE:
    case EL_DHCP_CLIENT_HTTP: return EL_TIMELINE_FIRMWARE;
    case EL_DHCP_CLIENT_IPXE: return EL_TIMELINE_IPXE;
    case EL_DHCP_CLIENT_OS: break;
    }
    return EL_TIMELINE_SYSTEM;
}

/* "iPXE x64-uefi", "system". */
static void say_client(const struct el_dhcp_client *client, struct el_boot_news *news)
{
    bool is_system = client->kind == EL_DHCP_CLIENT_OS;
    const char *arch = is_system ? NULL : el_dhcp_arch_name(client->arch);

    snprintf(news->text, sizeof news->text, "%s%s%s",
             is_system ? "system" : el_dhcp_client_kind_name(client->kind), arch ? " " : "",
             arch ? arch : "");
}

/* "192.168.77.100, snponly.efi", "boot server, snponly.efi". */
static void say_answer(const struct el_dhcp_seen *seen, struct el_boot_news *news)
{
    char ip[EL_IP_TEXT];

    snprintf(news->text, sizeof news->text, "%s%s%s",
             seen->ip.family ? el_ip_text(&seen->ip, ip) : "boot server", seen->file[0] ? ", " : "",
             seen->file);
}

bool el_boot_news_of_dhcp(const struct el_dhcp_seen *seen, struct el_boot_news *news)
{
    int kind = dhcp_kinds[seen->kind];
    char ip[EL_IP_TEXT];

    *news = (struct el_boot_news){.text = ""};
    if (kind < 0)
        return false;
    news->news = (struct el_timeline_news){
        .kind = (enum el_timeline_kind)kind,
        .mac = seen->client->mac,
        .text = news->text,
        .client = client_of(seen->client->kind),
        .is_uefi =
            seen->client->arch != EL_DHCP_ARCH_BIOS && seen->client->arch != EL_DHCP_ARCH_NONE,
        .secs = seen->client->secs,
        .ip = seen->ip,
        .file = seen->file,
    };
    switch (seen->kind) {
    case EL_DHCP_SEEN_DISCOVER: say_client(seen->client, news); break;
    case EL_DHCP_SEEN_NAK:
    case EL_DHCP_SEEN_UNANSWERED: say(news, seen->why); break;
    case EL_DHCP_SEEN_NOT_KEPT: say(news, "not-kept"); break;
    case EL_DHCP_SEEN_OFFER:
    case EL_DHCP_SEEN_ACK:
    case EL_DHCP_SEEN_BOOT_SERVER: say_answer(seen, news); break;
    default: say(news, seen->ip.family ? el_ip_text(&seen->ip, ip) : ""); break;
    }
    return true;
}

/* -- files -- */

/* Which file of an entry NAME ("debian-12/linux") is. */
static enum el_timeline_kind kind_of_image(const char *name, const struct el_boot_entry *list,
                                           size_t count)
{
    static const char *const packages[] = {".deb", ".udeb", ".rpm", ".apk", ".pkg.tar.zst", ".txz"};
    const char *slash = strchr(name, '/');
    size_t len = strlen(name);

    for (size_t i = 0; i < count && slash; i++) {
        const struct el_boot_entry *entry = &list[i];
        if (strlen(entry->name) != (size_t)(slash - name) ||
            strncmp(entry->name, name, (size_t)(slash - name)) != 0)
            continue;
        if (strcmp(slash + 1, entry->kernel) == 0 || strcmp(slash + 1, entry->chain) == 0)
            return EL_TIMELINE_KERNEL;
        for (unsigned j = 0; j < entry->initrd_count; j++)
            if (strcmp(slash + 1, entry->initrd[j]) == 0)
                return EL_TIMELINE_INITRD;
    }
    for (size_t i = 0; i < sizeof packages / sizeof packages[0]; i++)
        if (len > strlen(packages[i]) && strcmp(name + len - strlen(packages[i]), packages[i]) == 0)
            return EL_TIMELINE_PACKAGE;
    return EL_TIMELINE_FILE;
}

/* -- TFTP -- */

bool el_boot_news_of_tftp(const struct el_tftp_report *report, struct el_boot_news *news)
{
    const char *name = report->name + strspn(report->name, "/");
    bool is_aborted = report->outcome == EL_TFTP_ABORTED;

    *news = (struct el_boot_news){.text = ""};
    news->news = (struct el_timeline_news){
        .kind = strchr(name, '/') ? EL_TIMELINE_FILE : EL_TIMELINE_LOADER,
        .is_new = report->is_new,
        .done = report->bytes,
        .total = report->total,
        .is_deaf = report->outcome == EL_TFTP_TIMEOUT && !report->is_confirmed,
    };
    say(news, name);
    if (strcmp(name, "autoexec.ipxe") == 0) {
        news->news.kind = EL_TIMELINE_SCRIPT;
        return report->is_new;
    }
    switch (report->outcome) {
    case EL_TFTP_RUNNING: news->news.state = EL_TIMELINE_RUNNING; break;
    case EL_TFTP_DONE:
    case EL_TFTP_UNANSWERED: news->news.state = EL_TIMELINE_DONE; break;
    /* A client that has heard the size, or enough, ends with an error. */
    case EL_TFTP_ABORTED:
    case EL_TFTP_TIMEOUT:
    case EL_TFTP_FAILED:
        news->news.state =
            is_aborted && report->bytes == 0 ? EL_TIMELINE_PROBED : EL_TIMELINE_BROKEN;
        break;
    }
    return true;
}

/* -- HTTP -- */

static const char *below(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(path, prefix, len) == 0 ? path + len : NULL;
}

static void follow_transfer(const struct el_http_seen *seen, struct el_timeline_news *news)
{
    static const enum el_timeline_state states[] = {
        [EL_HTTP_SEEN_BEGIN] = EL_TIMELINE_RUNNING,
        [EL_HTTP_SEEN_GOES_ON] = EL_TIMELINE_RUNNING,
        [EL_HTTP_SEEN_END] = EL_TIMELINE_DONE,
        [EL_HTTP_SEEN_ABORTED] = EL_TIMELINE_BROKEN,
    };

    news->state = states[seen->kind];
    news->is_new = seen->kind == EL_HTTP_SEEN_BEGIN;
    news->done = seen->done;
    news->total = seen->total;
    /* Who asks for parts takes from them what he likes. */
    if (seen->is_part && seen->kind == EL_HTTP_SEEN_ABORTED)
        news->state = EL_TIMELINE_DONE;
}

/* A page, which is there at once. */
static bool is_page(const char *path, enum el_timeline_kind *kind)
{
    static const struct {
        const char *path;
        enum el_timeline_kind kind;
    } pages[] = {{"/boot.ipxe", EL_TIMELINE_SCRIPT},
                 {"/menu", EL_TIMELINE_MENU},
                 {"/report", EL_TIMELINE_REPORT}};

    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (strcmp(path, pages[i].path) == 0) {
            *kind = pages[i].kind;
            return true;
        }
    return false;
}

/* /m/TOKEN/FILE; what a template calls there is told by the machine's life. */
static const char *template_of(const char *path)
{
    const char *token = below(path, "/m/"), *slash = token ? strchr(token, '/') : NULL;
    const char *file = slash ? slash + 1 : NULL;

    if (!file || !*file || strcmp(file, "done") == 0 || strcmp(file, "step") == 0 ||
        strcmp(file, "failed") == 0)
        return NULL;
    return file;
}

bool el_boot_news_of_http(const struct el_http_seen *seen, const struct el_boot_entry *list,
                          size_t count, struct el_boot_news *news)
{
    const char *path = seen->request->path, *name;

    *news = (struct el_boot_news){.text = ""};
    if (seen->status >= 300 || seen->request->method == EL_HTTP_HEAD)
        return false;
    if (is_page(path, &news->news.kind)) {
        const char *step = el_http_param(seen->request, "step");
        say(news, news->news.kind == EL_TIMELINE_REPORT && step ? step : "");
        return seen->kind == EL_HTTP_SEEN_BEGIN;
    }
    if ((name = below(path, "/ipxe/")))
        news->news.kind = EL_TIMELINE_LOADER;
    else if ((name = below(path, "/images/")))
        news->news.kind = kind_of_image(name, list, count);
    else if ((name = template_of(path)))
        news->news.kind = EL_TIMELINE_TEMPLATE;
    else
        return false;
    say(news, name);
    follow_transfer(seen, &news->news);
    return true;
}
