/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sessions of a peer. */
#include "tunnel/session.h"

#include <sodium.h>
#include <string.h>

static void end(struct el_tunnel_session **place, struct el_map *indexes)
{
    struct el_tunnel_session *session = *place;

    if (!session)
        return;
    el_map_del(indexes, &session->local);
    session->live = false;
    sodium_memzero(session->keys, sizeof *session->keys);
    *place = NULL;
}

/* There is a free one, because the place of a new session is emptied before. */
static struct el_tunnel_session *free_slot(struct el_tunnel_sessions *sessions)
{
    struct el_tunnel_session *slot = sessions->slots;

    while (slot == sessions->next || slot == sessions->current || slot == sessions->previous)
        slot++;
    return slot;
}

/* Empties the place for a session that we made. */
static void advance(struct el_tunnel_sessions *sessions, struct el_map *indexes, bool keeper)
{
    end(&sessions->previous, indexes);
    if (sessions->next && keeper) {
        end(&sessions->current, indexes);
        sessions->previous = sessions->next;
        sessions->next = NULL;
    } else {
        sessions->previous = sessions->current;
        sessions->current = NULL;
    }
}

struct el_tunnel_session *el_tunnel_session_start(struct el_tunnel_sessions *sessions,
                                                  struct el_map *indexes, enum el_tunnel_role role,
                                                  uint32_t local, uint32_t remote, uint64_t now_ns)
{
    bool crossed = role != EL_TUNNEL_RESPONDER && sessions->next;

    if (role == EL_TUNNEL_RESPONDER)
        end(&sessions->next, indexes);
    else
        advance(sessions, indexes, role == EL_TUNNEL_KEEPER);
    struct el_tunnel_session *session = free_slot(sessions);
    *session = (struct el_tunnel_session){
        .peer = session->peer,
        .keys = session->keys,
        .made_ns = now_ns,
        .local = local,
        .remote = remote,
        .live = true,
        .rekeys = role == EL_TUNNEL_KEEPER || (role == EL_TUNNEL_INITIATOR && !crossed),
    };
    el_map_put(indexes, &local, session);
    *(role == EL_TUNNEL_RESPONDER ? &sessions->next : &sessions->current) = session;
    return session;
}

bool el_tunnel_session_confirm(struct el_tunnel_sessions *sessions, struct el_map *indexes,
                               const struct el_tunnel_session *session)
{
    if (session != sessions->next)
        return false;
    end(&sessions->previous, indexes);
    sessions->previous = sessions->current;
    sessions->current = sessions->next;
    sessions->next = NULL;
    return true;
}

void el_tunnel_sessions_end(struct el_tunnel_sessions *sessions, struct el_map *indexes)
{
    end(&sessions->next, indexes);
    end(&sessions->current, indexes);
    end(&sessions->previous, indexes);
}
