/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names to content, for TFTP and HTTP. */
#include "service/boot_pages.h"

#include "base/csprng.h"
#include "boot/boot_io.h"
#include "ipxe/ipxe.h"
#include "service/image_content.h"
#include "service/machine_pages.h"
#include "sys/clock.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOADERS_MAX = 16, AUTOEXEC_BYTES = 4096, FIRST_SCRIPT_BYTES = 4096, ROUTES_MAX = 16 };

struct el_boot_pages {
    struct el_net *net;
    struct el_boot *boot;
    struct el_regions *regions;
    struct el_boot_entries *entries; /* NULL: no images directory */
    struct el_machine_pages machines;
    const struct el_boot_visit *visit; /* that is being answered */

    struct el_content_memory_entry loader_entries[LOADERS_MAX + 2];
    uint8_t autoexec[AUTOEXEC_BYTES];
    struct el_content_memory memory;
    struct el_content loaders; /* and autoexec.ipxe */
    struct el_content_dir images_dir;
    struct el_image_content *image_content;
    struct el_content images;
    const struct el_content *all[3];
    struct el_content tftp;

    struct el_http_files loader_files;
    struct el_http_files image_files;
    struct el_http_route routes[ROUTES_MAX + 1];
};

/* -- the scripts -- */

/* Which start of a machine a script is handed out for; never 0. */
static uint64_t new_start(void)
{
    uint64_t start;

    el_random(&start, sizeof start);
    return start | 1;
}

static void first_script(void *arg, const struct el_http_request *request,
                         struct el_http_answer *answer)
{
    const struct el_boot_pages *pages = arg;
    uint8_t text[FIRST_SCRIPT_BYTES];
    struct el_wire w = el_wire_write(text, sizeof text);

    (void)request;
    el_boot_first_script(pages->boot, new_start(), &w);
    if (el_wire_ok(&w))
        el_http_answer_bytes(answer, 200, el_machine_pages_type, text, el_wire_done(&w));
    else
        el_http_answer_status(answer, 500);
    answer->no_store = true; /* the next start is another one */
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
    struct el_boot_page page = {.next = new_start(), .now_ns = el_net_now_ns(pages->net)};
    struct el_boot_visit visit;

    if (el_boot_visit_parse(query, strlen(query), &visit) < 0) {
        el_http_answer_status(answer, 400);
        return;
    }
    if (pages->entries)
        page.count = el_boot_entries_get(pages->entries, &page.entries);
    el_regions_listen(pages->regions);
    page.region = el_regions_find(pages->regions, &visit.mac);
    pages->visit = &visit;
    el_machine_pages_visit(&pages->machines, &visit, &page, answer);
    pages->visit = NULL;
    explicit_bzero(&visit, sizeof visit); /* a password */
}

void el_boot_pages_on_region(struct el_boot_pages *pages,
                             void (*chosen)(void *arg, const struct el_mac *mac,
                                            const char *region),
                             void *arg)
{
    pages->machines.region = chosen;
    pages->machines.region_arg = arg;
}

const char *el_boot_pages_entry_fault(struct el_boot_pages *pages, const char *name)
{
    static const struct el_boot_visit anybody;
    struct el_boot_page page = {.count = 0};

    if (pages->entries)
        page.count = el_boot_entries_get(pages->entries, &page.entries);
    if (!el_boot_entry_for(&anybody, &page, name))
        return "is gone";
    return pages->visit && !el_boot_entry_for(pages->visit, &page, name)
               ? "is for other machines than this one"
               : NULL;
}

static void images(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    struct el_boot_pages *pages = arg;

    el_http_files_handler(&pages->image_files, request, answer);
    if (answer->has_file)
        el_machine_pages_fetched(&pages->machines, request->client, request->rest);
}

static void report(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    struct el_boot_pages *pages = arg;
    const char *query = query_of(request);

    if (el_boot_report(pages->boot, query, strlen(query), el_net_now_ns(pages->net)) < 0)
        el_http_answer_status(answer, 400);
    else
        el_http_answer_bytes(answer, 200, el_machine_pages_type, "ok\n", 3);
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
    *route++ =
        (struct el_http_route){"/m/", (unsigned)(EL_HTTP_GET | EL_HTTP_POST) | EL_HTTP_SECRET,
                               el_machine_pages_own, &pages->machines, 4096};
    if (!pages->entries)
        return;
    pages->image_files.content = &pages->images;
    *route = (struct el_http_route){"/images/", EL_HTTP_GET, images, pages, 0};
}

static int open_images(struct el_boot_pages *pages, struct el_err *err)
{
    pages->image_content = el_image_content_new(&pages->images_dir);
    if (!pages->image_content)
        return el_err(err, EL_ENOMEM, "out of memory");
    pages->images = el_image_content(pages->image_content);
    pages->all[1] = &pages->images;
    pages->entries = el_boot_entries_open(pages->images_dir.root_fd, ".", err);
    return pages->entries ? 0 : EL_EIO;
}

static int64_t wall_s(void *arg)
{
    (void)arg;
    return (int64_t)(el_sys_wall_ns() / EL_S);
}

int el_boot_pages_new(struct el_net *net, struct el_boot *boot, struct el_regions *regions,
                      struct el_machines *machines, int images, struct el_boot_pages **result,
                      struct el_err *err)
{
    struct el_boot_pages *pages = calloc(1, sizeof *pages);

    if (!pages)
        return el_err(err, EL_ENOMEM, "out of memory");
    pages->net = net;
    pages->boot = boot;
    pages->regions = regions;
    pages->machines =
        (struct el_machine_pages){.boot = boot, .machines = machines, .wall_s = wall_s};
    pages->images_dir.root_fd = images;
    int rc = gather_loaders(pages, err);
    pages->all[0] = &pages->loaders;
    if (rc == 0 && images >= 0) {
        rc = open_images(pages, err);
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
    el_image_content_free(pages->image_content);
    if (pages->images_dir.root_fd >= 0)
        close(pages->images_dir.root_fd);
    free(pages);
}

size_t el_boot_pages_entries(const struct el_boot_pages *pages, const struct el_boot_entry **list)
{
    return pages->entries ? el_boot_entries_get(pages->entries, list) : 0;
}

const struct el_content *el_boot_pages_tftp(const struct el_boot_pages *pages)
{
    return &pages->tftp;
}

int el_boot_pages_add(struct el_boot_pages *pages, const struct el_http_route *route,
                      struct el_err *err)
{
    size_t count = 0;

    while (pages->routes[count].prefix)
        count++;
    if (count == ROUTES_MAX)
        return el_err(err, EL_EFULL, "more pages than there is room for");
    pages->routes[count] = *route;
    return 0;
}

const struct el_content *el_boot_pages_images(const struct el_boot_pages *pages)
{
    return pages->image_content ? &pages->images : NULL;
}

const struct el_http_route *el_boot_pages_routes(const struct el_boot_pages *pages)
{
    return pages->routes;
}
