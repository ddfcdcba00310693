/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How it stands with a tunnel: the snapshot, and what is said of it. */
#include "datapath/report.h"

#include "base/time.h"

#include <stdlib.h>
#include <string.h>

struct el_report *el_report_new(unsigned peers)
{
    return calloc(1, sizeof(struct el_report) + peers * sizeof(struct el_report_peer));
}

/* -- taking -- */

void el_report_add_counter(void *arg, const char *part, const char *name, uint64_t value)
{
    struct el_report *report = arg;

    if (report->counter_count < EL_REPORT_COUNTERS)
        report->counters[report->counter_count++] = (struct el_report_counter){part, name, value};
}

void el_report_add_peer(struct el_report *report, const struct el_tunnel_peer *peer)
{
    struct el_report_peer *to = &report->peers[report->peer_count++];

    memcpy(to->name, el_tunnel_peer_name(peer), sizeof to->name);
    el_tunnel_peer_key(peer, to->key);
    to->ip = el_tunnel_peer_ip(peer);
    to->wire = el_tunnel_peer_wire(peer);
    to->role = el_forward_role(peer);
    to->live = el_forward_is_live(peer);
    to->membership_count = el_forward_memberships(peer, to->memberships);
    el_tunnel_peer_state(peer, report->now_ns, &to->state);
    to->endpoint = *el_tunnel_peer_endpoint(peer);
    to->path_mtu = el_forward_path_mtu(peer);
}

/* -- telling -- */

static void write_key(struct el_writer *w, const char *name, const uint8_t *key)
{
    char text[EL_TUNNEL_KEY_TEXT];

    el_tunnel_key_text(key, text);
    el_writer_string(w, name, text);
}

static void write_ip(struct el_writer *w, const char *name, const struct el_ip *ip)
{
    char text[EL_IP_TEXT];

    el_writer_string(w, name, el_ip_text(ip, text));
}

/* What was counted from then till now; nothing if it never was. */
static void write_since(struct el_writer *w, const char *name, uint64_t then_ns, uint64_t now_ns,
                        bool ever)
{
    if (ever)
        el_writer_age(w, name, now_ns > then_ns ? now_ns - then_ns : 0);
}

static void write_port(struct el_writer *w, const struct el_report_port *port)
{
    el_writer_object(w, NULL);
    el_writer_string(w, "name", port->name);
    el_writer_number(w, "vni", port->vni);
    el_writer_bool(w, "published", port->published);
    el_writer_string(w, "state", port->gone ? "gone" : port->down ? "down" : "up");
    for (unsigned i = 0; i < EL_PORT_COUNTERS; i++)
        el_writer_counter(w, el_port_counter_name(i), port->counts[i]);
    el_writer_end(w);
}

static void write_memberships(struct el_writer *w, const struct el_report_peer *peer)
{
    el_writer_list(w, "networks", "network");
    for (unsigned i = 0; i < peer->membership_count; i++) {
        el_writer_object(w, NULL);
        el_writer_number(w, "vni", peer->memberships[i].vni);
        el_writer_bool(w, "published", peer->memberships[i].published);
        el_writer_end(w);
    }
    el_writer_end(w);
}

static void write_peer(struct el_writer *w, const struct el_report_peer *peer, uint64_t now_ns)
{
    const struct el_tunnel_peer_state *state = &peer->state;
    char endpoint[EL_ENDPOINT_TEXT];

    el_writer_object(w, NULL);
    el_writer_string(w, "name", peer->name);
    el_writer_bool(w, "up", state->up);
    el_writer_string(w, "endpoint",
                     peer->endpoint.ip.family ? el_endpoint_text(&peer->endpoint, endpoint) : NULL);
    write_key(w, "public_key", peer->key);
    write_ip(w, "address", &peer->ip);
    el_writer_string(w, "wire", el_tunnel_wire_names[peer->wire]);
    el_writer_string(w, "role", el_forward_role_names[peer->role]);
    if (peer->role == EL_FORWARD_DIRECT)
        el_writer_string(w, "frames", peer->live ? "direct" : "relayed");
    write_since(w, "up_for", state->up_since_ns, now_ns, state->up);
    write_since(w, "handshake_age", state->handshake_ns, now_ns, state->handshake_ns != 0);
    el_writer_counter(w, "received_packets", state->traffic.rx_packets);
    el_writer_bytes(w, "received", state->traffic.rx_bytes);
    el_writer_counter(w, "sent_packets", state->traffic.tx_packets);
    el_writer_bytes(w, "sent", state->traffic.tx_bytes);
    el_writer_number(w, "path_mtu", peer->path_mtu);
    el_writer_age(w, "keepalive", state->keepalive_s * EL_S);
    write_memberships(w, peer);
    el_writer_end(w);
}

static void write_counters(struct el_writer *w, const struct el_report *report)
{
    const char *part = "";

    el_writer_object(w, "counters");
    for (unsigned i = 0; i < report->counter_count; i++) {
        const struct el_report_counter *counter = &report->counters[i];
        if (strcmp(counter->part, part) != 0) {
            if (part[0])
                el_writer_end(w);
            part = counter->part;
            el_writer_object(w, part);
        }
        el_writer_counter(w, counter->name, counter->value);
    }
    if (part[0])
        el_writer_end(w);
    el_writer_end(w);
}

void el_report_write(const struct el_report *report, const struct el_report_about *about,
                     struct el_writer *w)
{
    if (about->network) {
        el_writer_string(w, "network", about->network);
        el_writer_number(w, "vni", about->vni);
    }
    write_key(w, "public_key", about->public_key);
    write_ip(w, "address", &about->address);
    el_writer_age(w, "running_for", report->now_ns - about->started_ns);
    el_writer_list(w, "ports", "port");
    for (unsigned i = 0; i < report->port_count; i++)
        write_port(w, &report->ports[i]);
    el_writer_end(w);
    el_writer_list(w, "peers", "peer");
    for (unsigned i = 0; i < report->peer_count; i++)
        write_peer(w, &report->peers[i], report->now_ns);
    el_writer_end(w);
    write_counters(w, report);
}
