/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What machines call themselves: what the DNS room calls a store (dns/dns_hosts.h), in SQLite. */
#include "dns/dns_hosts.h"
#include "state/state_internal.h"

static int finish(struct el_state *state, sqlite3_stmt *statement, struct el_err *err)
{
    return statement && el_state_run(statement) == 0 ? 0 : el_state_fail(state, err);
}

static int put_host(void *arg, const struct el_dns_host *host, struct el_err *err)
{
    struct el_state *state = arg;
    sqlite3_stmt *statement = el_state_statement(
        state, EL_STATE_HOST_PUT, "INSERT OR REPLACE INTO host (mac, ip, name) VALUES (?, ?, ?)");

    if (statement) {
        el_state_bind_blob(statement, 1, host->mac.b, sizeof host->mac.b);
        el_state_bind_ip(statement, 2, &host->ip);
        sqlite3_bind_text(statement, 3, host->name, -1, SQLITE_STATIC);
    }
    return finish(state, statement, err);
}

static int remove_host(void *arg, const struct el_mac *mac, struct el_err *err)
{
    struct el_state *state = arg;
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_HOST_REMOVE, "DELETE FROM host WHERE mac = ?");

    if (statement)
        el_state_bind_blob(statement, 1, mac->b, sizeof mac->b);
    return finish(state, statement, err);
}

static int load_hosts(void *arg, void (*each)(void *each_arg, const struct el_dns_host *host),
                      void *each_arg, struct el_err *err)
{
    struct el_state *state = arg;
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_HOST_LOAD, "SELECT mac, ip, name FROM host");
    int rc = SQLITE_ERROR;

    while (statement && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct el_dns_host host = {.name = ""};
        const char *name = (const char *)sqlite3_column_text(statement, 2);
        el_state_read_blob(statement, 0, host.mac.b, sizeof host.mac.b);
        el_state_read_ip(statement, 1, &host.ip);
        if (!name || strlen(name) >= sizeof host.name)
            continue;
        memcpy(host.name, name, strlen(name));
        each(each_arg, &host);
    }
    if (rc != SQLITE_DONE)
        el_state_fail(state, err);
    sqlite3_reset(statement);
    return rc == SQLITE_DONE ? 0 : EL_EIO;
}

void el_state_host_store(struct el_state *state, struct el_dns_hosts_store *store)
{
    *store = (struct el_dns_hosts_store){
        .put = put_host, .remove = remove_host, .load = load_hosts, .arg = state};
}
