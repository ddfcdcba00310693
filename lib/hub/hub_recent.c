/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared memory, and traces of it. */
#include "hub/hub_recent.h"

#include "base/log.h"
#include "frame/pcapng.h"
#include "timeline/recent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PLACES = 64 };

struct el_hub_recent {
    const struct el_registry *registry;
    struct place {
        uint32_t vni; /* 0: nobody's */
        void *memory;
    } places[PLACES];
};

struct el_hub_recent *el_hub_recent_new(const struct el_registry *registry)
{
    struct el_hub_recent *recent = calloc(1, sizeof *recent);

    if (recent)
        recent->registry = registry;
    return recent;
}

static void leave(struct place *place)
{
    if (place->memory)
        munmap(place->memory, EL_RECENT_BYTES);
    *place = (struct place){0};
}

void el_hub_recent_free(struct el_hub_recent *recent)
{
    for (unsigned i = 0; recent && i < PLACES; i++)
        leave(&recent->places[i]);
    free(recent);
}

/* The place of network VNI, or one that nobody has any more; NULL: none. */
static struct place *place_for(struct el_hub_recent *recent, uint32_t vni)
{
    struct place *free_one = NULL;

    for (unsigned i = 0; i < PLACES; i++) {
        struct place *place = &recent->places[i];
        if (place->vni == vni)
            return place;
        if (!place->vni || !el_registry_network_by_vni(recent->registry, place->vni))
            free_one = place;
    }
    return free_one;
}

void el_hub_recent_set(struct el_hub_recent *recent, uint32_t vni, int fd)
{
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW;
    struct place *place = place_for(recent, vni);
    off_t size = lseek(fd, 0, SEEK_END);
    bool is_safe = size == EL_RECENT_BYTES && (fcntl(fd, F_GET_SEALS) & seals) == seals;
    void *memory =
        place && is_safe ? mmap(NULL, EL_RECENT_BYTES, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

    close(fd);
    if (memory == MAP_FAILED) {
        EL_LOG(EL_LOG_WARN, "node", "no-recent-frames", EL_UINT("vni", vni));
        return;
    }
    leave(place);
    *place = (struct place){vni, memory};
}

/* -- traces -- */

/* Whether FRAME belongs into the trace. */
static bool is_wanted(const struct el_recent_frame *frame, const struct el_mac *mac,
                      uint64_t since_ns)
{
    return frame->time_ns >= since_ns && el_recent_is_of(frame, mac);
}

/* The bytes that the frames in COPY, which is walked to its end, need at most. */
static size_t measure(struct el_recent_copy copy, const struct el_mac *mac, uint64_t since_ns)
{
    struct el_recent_frame frame;
    size_t need = 0;

    while (el_recent_next(&copy, &frame))
        if (is_wanted(&frame, mac, since_ns))
            need += EL_PCAPNG_BLOCK_MAX + frame.captured;
    return need;
}

static void put_frames(struct el_wire *w, uint32_t interface, struct el_recent_copy copy,
                       const struct el_mac *mac, uint64_t since_ns, size_t *too_much)
{
    struct el_recent_frame frame;

    while (el_recent_next(&copy, &frame)) {
        size_t need = EL_PCAPNG_BLOCK_MAX + frame.captured;
        if (!is_wanted(&frame, mac, since_ns))
            continue;
        if (*too_much > 0) { /* the oldest ones are left out */
            *too_much -= need < *too_much ? need : *too_much;
            continue;
        }
        el_pcapng_put_packet(
            w, &(struct el_pcapng_packet){.interface = interface,
                                          .time_ns = frame.time_ns,
                                          .direction = frame.is_out ? EL_PCAPNG_OUT : EL_PCAPNG_IN,
                                          .bytes = frame.bytes,
                                          .captured = frame.captured,
                                          .len = frame.len});
    }
}

static uint8_t *make_trace(const struct el_hub_recent *recent, const struct el_recent_copy *copies,
                           const struct el_mac *mac, uint64_t since_ns, size_t *len)
{
    size_t need = (1 + PLACES) * EL_PCAPNG_BLOCK_MAX, too_much = 0;
    uint32_t interfaces = 0;

    for (unsigned i = 0; i < PLACES; i++)
        need += measure(copies[i], mac, since_ns);
    if (need > EL_HUB_TRACE_MAX)
        too_much = need - EL_HUB_TRACE_MAX;
    uint8_t *bytes = malloc(need);
    if (!bytes)
        return NULL;
    struct el_wire w = el_wire_write(bytes, need);
    el_pcapng_put_section(&w, "el2w machine capture", NULL);
    for (unsigned i = 0; i < PLACES; i++) {
        const struct el_registry_network *network =
            el_registry_network_by_vni(recent->registry, recent->places[i].vni);
        if (!copies[i].bytes || !network || measure(copies[i], mac, since_ns) == 0)
            continue;
        el_pcapng_put_interface(&w, network->name, NULL, EL_RECENT_CAPTURED);
        put_frames(&w, interfaces++, copies[i], mac, since_ns, &too_much);
    }
    *len = el_wire_done(&w);
    return bytes;
}

uint8_t *el_hub_recent_trace(const struct el_hub_recent *recent, const struct el_mac *mac,
                             uint64_t since_ns, size_t *len)
{
    struct el_recent_copy *copies = calloc(PLACES, sizeof *copies);
    uint8_t *trace = NULL;
    int rc = copies ? 0 : EL_ENOMEM;

    for (unsigned i = 0; i < PLACES && rc == 0; i++)
        if (recent->places[i].memory)
            rc = el_recent_copy(recent->places[i].memory, EL_RECENT_BYTES, &copies[i]);
    if (rc == 0)
        trace = make_trace(recent, copies, mac, since_ns, len);
    for (unsigned i = 0; copies && i < PLACES; i++)
        el_recent_copy_free(&copies[i]);
    free(copies);
    return trace;
}
