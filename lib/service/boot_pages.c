/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names to content, for TFTP and HTTP. */
#include "service/boot_pages.h"

#include "boot/boot_io.h"
#include "content/content_io.h"
#include "ipxe/ipxe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOADERS_MAX = 16, AUTOEXEC_BYTES = 4096 };

static const char script_type[] = "text/plain; charset=utf-8";

struct el_boot_pages {
    struct el_net *net;
    struct el_boot *boot;
    struct el_regions *regions;
    struct el_boot_entries *entries; /* NULL: no images directory */

    struct el_content_memory_entry loader_entries[LOADERS_MAX + 2];
    uint8_t autoexec[AUTOEXEC_BYTES];
    struct el_content_memory memory;
    struct el_content loaders; /* and autoexec.ipxe */
    struct el_content_dir images_dir;
    struct el_content images;
    const struct el_content *all[3];
    struct el_content tftp;

    struct el_http_files loader_files;
    struct el_http_files image_files;
    struct el_http_route routes[6];
};

/* -- the scripts -- */

/* Answers with what WRITE puts into a buffer of CAPACITY bytes. */
static void answer_script(struct el_http_answer *answer, uint8_t *text, const struct el_wire *w)
{
    if (el_wire_ok(w))
        el_http_answer_bytes(answer, 200, script_type, text, el_wire_done(w));
    else
        el_http_answer_status(answer, 500);
    free(text);
}

/* A cursor over fresh memory for a script; NULL (and the answer is 500) if there is none. */
static uint8_t *begin_script(struct el_http_answer *answer, struct el_wire *w)
{
    uint8_t *text = malloc(EL_BOOT_SCRIPT_BYTES);

    if (text)
        *w = el_wire_write(text, EL_BOOT_SCRIPT_BYTES);
    else
        el_http_answer_status(answer, 500);
    return text;
}

static void first_script(void *arg, const struct el_http_request *request,
                         struct el_http_answer *answer)
{
    const struct el_boot_pages *pages = arg;
    struct el_wire w;
    uint8_t *text = begin_script(answer, &w);

    (void)request;
    if (!text)
        return;
    el_boot_first_script(pages->boot, &w);
    answer_script(answer, text, &w);
}

/* What follows the question mark, as it was sent. */
static const char *query_of(const struct el_http_request *request)
{
    const char *mark = strchr(request->target, '?');

    return mark ? mark + 1 : "";
}

static void menu(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    struct el_boot_pages *pages = arg;
    const char *query = query_of(request);
    const struct el_boot_entry *entries = NULL;
    struct el_boot_visit visit;
    struct el_wire w;

    if (el_boot_visit_parse(query, strlen(query), &visit) < 0) {
        el_http_answer_status(answer, 400);
        return;
    }
    uint8_t *text = begin_script(answer, &w);
    if (!text)
        return;
    size_t count = pages->entries ? el_boot_entries_get(pages->entries, &entries) : 0;
    el_regions_listen(pages->regions);
    el_boot_menu(pages->boot, &visit, el_regions_find(pages->regions, &visit.mac), entries, count,
                 el_net_now_ns(pages->net), &w);
    answer_script(answer, text, &w);
}

static void report(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    struct el_boot_pages *pages = arg;
    const char *query = query_of(request);

    if (el_boot_report(pages->boot, query, strlen(query), el_net_now_ns(pages->net)) < 0)
        el_http_answer_status(answer, 400);
    else
        el_http_answer_bytes(answer, 200, script_type, "ok\n", 3);
}

/* -- making -- */

static int gather_loaders(struct el_boot_pages *pages, struct el_err *err)
{
    struct el_wire w = el_wire_write(pages->autoexec, sizeof pages->autoexec);
    size_t n = 0;

    if (el_ipxe_files_count > LOADERS_MAX)
        return el_err(err, EL_EFULL, "more loaders than there is room for");
    for (size_t i = 0; i < el_ipxe_files_count; i++)
        pages->loader_entries[n++] = (struct el_content_memory_entry){
            el_ipxe_files[i].name, el_ipxe_files[i].bytes, el_ipxe_files[i].len};
    el_boot_autoexec(pages->boot, &w);
    if (!el_wire_ok(&w))
        return el_err(err, EL_EFULL, "autoexec.ipxe is too long");
    pages->loader_entries[n] =
        (struct el_content_memory_entry){"autoexec.ipxe", pages->autoexec, el_wire_done(&w)};
    pages->memory.entries = pages->loader_entries;
    pages->loaders = el_content_memory(&pages->memory);
    return 0;
}

static void lay_routes(struct el_boot_pages *pages)
{
    struct el_http_route *route = pages->routes;

    pages->loader_files.content = &pages->loaders;
    *route++ = (struct el_http_route){"/ipxe/", EL_HTTP_GET, el_http_files_handler,
                                      &pages->loader_files, 0};
    *route++ = (struct el_http_route){"/boot.ipxe", EL_HTTP_GET, first_script, pages, 0};
    *route++ = (struct el_http_route){"/menu", EL_HTTP_GET, menu, pages, 0};
    *route++ = (struct el_http_route){"/report", EL_HTTP_GET | EL_HTTP_POST, report, pages, 4096};
    if (!pages->entries)
        return;
    pages->image_files.content = &pages->images;
    *route = (struct el_http_route){"/images/", EL_HTTP_GET, el_http_files_handler,
                                    &pages->image_files, 0};
}

int el_boot_pages_new(struct el_net *net, struct el_boot *boot, struct el_regions *regions,
                      int images, struct el_boot_pages **result, struct el_err *err)
{
    struct el_boot_pages *pages = calloc(1, sizeof *pages);

    if (!pages)
        return el_err(err, EL_ENOMEM, "out of memory");
    pages->net = net;
    pages->boot = boot;
    pages->regions = regions;
    pages->images_dir.root_fd = images;
    int rc = gather_loaders(pages, err);
    pages->all[0] = &pages->loaders;
    if (rc == 0 && images >= 0) {
        pages->images = el_content_dir(&pages->images_dir);
        pages->all[1] = &pages->images;
        pages->entries = el_boot_entries_open(images, ".", err);
        rc = pages->entries ? 0 : EL_EIO;
    }
    if (rc < 0) {
        el_boot_pages_free(pages);
        return rc;
    }
    pages->tftp = el_content_chain(pages->all);
    lay_routes(pages);
    *result = pages;
    return 0;
}

void el_boot_pages_free(struct el_boot_pages *pages)
{
    if (!pages)
        return;
    el_boot_entries_close(pages->entries);
    if (pages->images_dir.root_fd >= 0)
        close(pages->images_dir.root_fd);
    free(pages);
}

const struct el_content *el_boot_pages_tftp(const struct el_boot_pages *pages)
{
    return &pages->tftp;
}

const struct el_http_route *el_boot_pages_routes(const struct el_boot_pages *pages)
{
    return pages->routes;
}
