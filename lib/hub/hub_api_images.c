/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's images: what machines may boot. They are added and removed by el2w image, in their
 * directory; here they are told. */
#include "hub/hub_api_internal.h"

#include "image/library.h"

/* -- what is told -- */

static const char *const arches[] = {"any", "x86_64", "arm64", NULL};
static const char *const platforms[] = {"any", "bios", "efi", NULL};

static const struct el_schema_field path_item = {.min = 1, .max = EL_BOOT_PATH_BYTES - 1};
static const struct el_schema_field image_fields[] = {
    {.name = "name", .format = EL_FORMAT_TEXT, .required = true, .min = 1, .max = 255},
    {.name = "title", .about = "in the menu"},
    {.name = "problem", .about = "why it is not in the menu; then there is nothing else"},
    {.name = "distribution", .about = "debian, ubuntu, rocky, …"},
    {.name = "version"},
    {.name = "installer", .about = "what kind of answers it takes: debian, redhat, suse, …"},
    {.name = "arch", .values = arches},
    {.name = "platform", .values = platforms},
    {.name = "media", .about = "the disk image that its files are in"},
    {.name = "kernel", .about = "a path beside entry.conf or inside media"},
    {.name = "chain", .about = "instead of a kernel: a boot program"},
    {.name = "initrds", .type = EL_SCHEMA_ARRAY, .max = EL_BOOT_INITRDS_MAX, .items = &path_item},
    {.name = "args", .about = "of the kernel"},
    {.name = "size",
     .type = EL_SCHEMA_INTEGER,
     .min = 0,
     .max = INT64_MAX,
     .about = "of media, in bytes"},
    {.name = "sha256", .min = 64, .max = 64, .about = "of media, or of the manifest"},
    {.name = "order", .type = EL_SCHEMA_INTEGER},
    {.name = "default", .type = EL_SCHEMA_BOOLEAN},
    {0}};
static const struct el_schema image = {"Image", "What machines may boot.", image_fields};
static const struct el_schema_field image_item = {.type = EL_SCHEMA_OBJECT, .object = &image};
static const struct el_schema_field images_fields[] = {
    {.name = "directory", .about = "where they are, on the hub"},
    {.name = "images", .type = EL_SCHEMA_ARRAY, .required = true, .items = &image_item},
    {0}};
static const struct el_schema images = {"Images", "All of them.", images_fields};

static const struct el_schema_field by_name[] = {{.name = "name",
                                                  .format = EL_FORMAT_TEXT,
                                                  .required = true,
                                                  .min = 1,
                                                  .max = EL_BOOT_NAME_BYTES - 1,
                                                  .about = "of an image"},
                                                 {0}};

static const struct el_api_response images_200[] = {{200, &images, "The images.", NULL}, {0}};
static const struct el_api_response image_200[] = {{200, &image, "The image.", NULL}, {0}};

/* -- telling it -- */

enum { TEXT_BYTES = 1100 };

/* What was not said is not there. A person's file may hold any bytes. */
static void set_text(json_t *object, const char *member, const char *text)
{
    char clean[TEXT_BYTES];
    size_t len = 0;

    for (; text[len] && len + 1 < sizeof clean; len++)
        clean[len] = (char)((unsigned char)text[len] < ' ' || text[len] == 0x7f ? ' ' : text[len]);
    clean[len] = '\0';
    json_t *value = json_string(clean);
    for (size_t i = 0; !value && i < len; i++)
        clean[i] = (char)((unsigned char)clean[i] < 0x80 ? clean[i] : '?');
    if (!value)
        value = json_string(clean);
    if (len > 0)
        json_object_set_new(object, member, value);
    else
        json_decref(value);
}

static json_t *initrds_json(const struct el_boot_entry *entry)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < entry->initrd_count; i++)
        json_array_append_new(list, json_string(entry->initrd[i]));
    return list;
}

static json_t *image_json(const struct el_boot_entry *entry)
{
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:o, s:i, s:b}", "name", entry->name, "arch",
                  arches[entry->arch], "platform", platforms[entry->platform], "initrds",
                  initrds_json(entry), "order", entry->order, "default", (int)entry->is_default);

    if (!object)
        return NULL;
    set_text(object, "title", entry->title);
    set_text(object, "distribution", entry->distribution);
    set_text(object, "version", entry->version);
    set_text(object, "installer", entry->installer);
    set_text(object, "media", entry->media);
    set_text(object, "kernel", entry->kernel);
    set_text(object, "chain", entry->chain);
    set_text(object, "args", entry->args);
    set_text(object, "sha256", entry->sha256);
    if (entry->size > 0)
        json_object_set_new(object, "size", json_integer((json_int_t)entry->size));
    return object;
}

static json_t *problem_json(const char *name, const char *why)
{
    json_t *object = json_object();

    if (object) {
        set_text(object, "name", name);
        set_text(object, "problem", why);
    }
    return object;
}

static void add_image(void *arg, const char *name, const struct el_boot_entry *entry,
                      const char *why)
{
    json_array_append_new(arg, entry ? image_json(entry) : problem_json(name, why));
}

/* -- answering -- */

static void list_images(void *arg, const struct el_api_request *request,
                        struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    json_t *list = json_array();
    struct el_err err = {""};
    int rc = hub->config.images > 0 && list
                 ? el_image_library_list(hub->config.images, add_image, list, &err)
                 : 0;

    (void)request;
    if (rc < 0) {
        json_decref(list);
        el_hub_refuse(answer, rc, &err);
        return;
    }
    json_t *all = json_pack("{s:o}", "images", list);
    if (all && hub->config.images_path)
        set_text(all, "directory", hub->config.images_path);
    el_api_answer(answer, 200, all);
}

static void show_image(void *arg, const struct el_api_request *request,
                       struct el_api_answer *answer)
{
    const struct el_node_hub_api *hub = arg;
    const char *name = el_api_param(request, "name");
    struct el_boot_entry entry;
    struct el_err err = {""};
    int rc = hub->config.images > 0 ? el_image_library_read(hub->config.images, name, &entry, &err)
                                    : el_err(&err, EL_ENOENT, "image %.64s: no such image", name);

    if (rc == 0)
        el_api_answer(answer, 200, image_json(&entry));
    else if (rc == EL_ENOENT)
        el_api_refuse(answer, &el_problem_not_found, "%s", err.text);
    else
        el_api_answer(answer, 200, problem_json(name, err.text));
}

const struct el_api_operation el_hub_image_operations[] = {{.method = EL_API_GET,
                                                            .path = "/v1/images",
                                                            .id = "listImages",
                                                            .about = "All images.",
                                                            .scopes = EL_API_OPERATOR,
                                                            .responses = images_200,
                                                            .handler = list_images},
                                                           {.method = EL_API_GET,
                                                            .path = "/v1/images/{name}",
                                                            .id = "showImage",
                                                            .about = "One image.",
                                                            .scopes = EL_API_OPERATOR,
                                                            .params = by_name,
                                                            .responses = image_200,
                                                            .handler = show_image},
                                                           {0}};
