/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/rock_ridge.h"

#include "base/err.h"
#include "base/wire.h"

#include <string.h>

enum {
    CONTINUATIONS_MAX = 32,
    AREA_MAX = EL_MEDIA_BLOCK,

    MODE_KIND = 0170000,
    MODE_DIRECTORY = 0040000,
    MODE_FILE = 0100000,
    MODE_LINK = 0120000,
};

/* Numbers in both byte orders (ECMA-119 7.3.3); the first is read. */
static uint32_t both32(struct el_wire *w)
{
    uint32_t value = el_wire_le32(w);

    el_wire_skip(w, 4);
    return value;
}

/* Text that comes in pieces. What does not fit makes all of it worthless: a name that is cut is
 * another name. */
struct pieces {
    char *text;
    size_t len, size;
    bool spoilt;
};

static void append(struct pieces *p, const void *bytes, size_t len)
{
    if (p->len + len >= p->size || memchr(bytes, 0, len)) {
        p->spoilt = true;
        return;
    }
    memcpy(p->text + p->len, bytes, len);
    p->len += len;
    p->text[p->len] = '\0';
}

/* What is gathered while the entries of one record go by. */
struct gather {
    struct el_media_volume *volume;
    struct el_media_rock *rock;
    struct pieces name, target;
    bool name_done;
    bool in_component; /* the last component of the target goes on */
    uint64_t next;     /* the continuation area; 0: none */
    uint32_t next_len;
};

/* -- entries -- */

static void on_name(struct gather *g, struct el_wire *w)
{
    enum { CONTINUES = 1, SELF = 2, PARENT = 4 };
    uint8_t flags = el_wire_u8(w);

    if (g->name_done || flags & (SELF | PARENT))
        return;
    append(&g->name, w->at, el_wire_left(w));
    g->name_done = !(flags & CONTINUES);
}

static void on_link(struct gather *g, struct el_wire *w)
{
    enum { CONTINUES = 1, SELF = 2, PARENT = 4, ROOT = 8 };

    el_wire_skip(w, 1); /* whether another SL follows shows by itself */
    while (el_wire_left(w) >= 2) {
        uint8_t flags = el_wire_u8(w);
        struct el_wire text = el_wire_sub(w, el_wire_u8(w));
        if (!el_wire_ok(&text))
            return;
        if (flags & ROOT)
            g->target.len = 0;
        bool first = g->target.len == 0 || g->target.text[g->target.len - 1] == '/';
        if ((!first && !g->in_component) || flags & ROOT)
            append(&g->target, "/", 1);
        g->in_component = flags & CONTINUES;
        if (flags & ROOT)
            continue;
        if (flags & SELF)
            append(&g->target, ".", 1);
        else if (flags & PARENT)
            append(&g->target, "..", 2);
        else
            append(&g->target, text.at, el_wire_left(&text));
    }
}

static void on_mode(struct gather *g, struct el_wire *w)
{
    g->rock->mode = both32(w);
}

static void on_times(struct gather *g, struct el_wire *w)
{
    enum { CREATION = 0x01, MODIFY = 0x02, LONG_FORM = 0x80 };
    uint8_t flags = el_wire_u8(w);
    size_t len = flags & LONG_FORM ? 17 : 7;

    if (!(flags & MODIFY))
        return;
    if (flags & CREATION)
        el_wire_skip(w, len);
    const uint8_t *date = el_wire_take(w, len);
    if (date)
        g->rock->mtime_s = el_media_iso_date(date, len);
}

static void on_child(struct gather *g, struct el_wire *w)
{
    g->rock->child = (uint64_t)both32(w) * g->volume->iso.block;
}

static void on_relocated(struct gather *g, struct el_wire *w)
{
    (void)w;
    g->rock->relocated = true;
}

static void on_encoded(struct gather *g, struct el_wire *w)
{
    (void)w;
    g->rock->encoded = true;
}

static void on_continuation(struct gather *g, struct el_wire *w)
{
    uint32_t block = both32(w);
    uint32_t offset = both32(w);
    uint32_t len = both32(w);

    if (!el_wire_ok(w) || len > AREA_MAX)
        return;
    g->next = (uint64_t)block * g->volume->iso.block + offset;
    g->next_len = len;
}

static const struct {
    char signature[2];
    void (*read)(struct gather *g, struct el_wire *w);
} entries[] = {
    {{'N', 'M'}, on_name},    {{'S', 'L'}, on_link},    {{'P', 'X'}, on_mode},
    {{'T', 'F'}, on_times},   {{'C', 'L'}, on_child},   {{'R', 'E'}, on_relocated},
    {{'Z', 'F'}, on_encoded}, {{'S', 'F'}, on_encoded}, {{'C', 'E'}, on_continuation},
};

static void read_area(struct gather *g, struct el_wire *area)
{
    while (el_wire_left(area) >= 4) {
        const uint8_t *signature = el_wire_take(area, 2);
        uint8_t len = el_wire_u8(area);
        el_wire_skip(area, 1); /* version */
        if (len < 4 || memcmp(signature, "ST", 2) == 0)
            return;
        struct el_wire data = el_wire_sub(area, len - 4u);
        if (!el_wire_ok(&data))
            return;
        for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
            if (memcmp(entries[i].signature, signature, 2) == 0)
                entries[i].read(g, &data);
    }
}

/* -- records -- */

static int read_continuations(struct gather *g)
{
    uint8_t bytes[AREA_MAX];

    for (unsigned hops = 0; g->next && hops < CONTINUATIONS_MAX; hops++) {
        uint64_t at = g->next;
        g->next = 0;
        int r = el_media_image_read(g->volume->image, at, bytes, g->next_len);
        if (r < 0)
            return r;
        struct el_wire area = el_wire_read(bytes, g->next_len);
        read_area(g, &area);
    }
    return 0;
}

int el_media_rock_parse(struct el_media_volume *volume, const struct el_media_iso_record *record,
                        struct el_media_rock *rock)
{
    struct gather g = {
        .volume = volume,
        .rock = rock,
        .name = {rock->name, 0, sizeof rock->name, false},
        .target = {rock->target, 0, sizeof rock->target, false},
    };
    struct el_wire area = el_wire_read(record->system_use, record->system_use_len);

    memset(rock, 0, sizeof *rock);
    if (area.start)
        el_wire_skip(&area, volume->iso.susp_skip);
    read_area(&g, &area);
    int r = g.next ? read_continuations(&g) : 0;
    if (r < 0)
        return r;
    if (g.name.spoilt)
        strcpy(rock->name, "."); /* nobody can ask for it */
    if (g.target.spoilt)
        rock->target[0] = '\0';
    return 0;
}

/* SP is the first entry of the root's first record; its bytes BE EF are there to be sure. */
bool el_media_rock_begins(struct el_media_volume *volume, const struct el_media_iso_record *record)
{
    const uint8_t *at = record->system_use;
    struct el_media_rock rock;

    /* On CD-ROM XA media 14 bytes of XA attributes come before it. */
    for (unsigned skip = 0; skip <= 14; skip += 14) {
        if (record->system_use_len < skip + 7 || memcmp(at + skip, "SP\7\1\xbe\xef", 6) != 0)
            continue;
        volume->iso.susp_skip = at[skip + 6];
        return el_media_rock_parse(volume, record, &rock) == 0 && rock.mode != 0;
    }
    return false;
}

/* A directory that was moved is described by the first record of where it is now, its own. */
static void follow_child(struct el_media_volume *volume, uint64_t place, struct el_media_node *node)
{
    struct el_media_iso_record record;
    int r = el_media_iso_record_read(volume, place, volume->image->size, &record);

    if (r == 1 && record.place == place && record.flags & EL_MEDIA_ISO_DIRECTORY &&
        record.name_len == 1 && record.name[0] == 0) {
        node->place = place;
        node->kind = EL_MEDIA_DIRECTORY;
    } else {
        node->kind = EL_MEDIA_REFUSED;
    }
}

void el_media_rock_apply(struct el_media_volume *volume, const struct el_media_rock *rock,
                         struct el_media_node *node)
{
    uint32_t kind = rock->mode & MODE_KIND;

    if (rock->mtime_s)
        node->mtime_s = rock->mtime_s;
    if (rock->child)
        follow_child(volume, rock->child, node);
    else if (node->kind != EL_MEDIA_FILE)
        return;
    else if (kind == MODE_LINK && rock->target[0])
        node->kind = EL_MEDIA_LINK;
    else if (rock->encoded || (kind && kind != MODE_FILE))
        node->kind = EL_MEDIA_REFUSED;
}
