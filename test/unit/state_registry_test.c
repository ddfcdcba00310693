/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hub knows survives: restarts, kill -9 between check and commit, a full disk, damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/csprng.h"
#include "base/log.h"
#include "registry/registry_store.h"
#include "state/state.h"

enum { NOW = 1000000, HOUR = 3600, COMERS = 1000 };

static char directory[64];

static struct hub {
    struct el_state *state;
    struct el_registry_store store;
    struct el_registry *registry;
    struct el_err err;
} hub;

static int with_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/state_registry_test.XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int without_directory(void **state)
{
    (void)state;
    DIR *stream = opendir(directory);
    for (struct dirent *entry; stream && (entry = readdir(stream)) != NULL;)
        unlinkat(dirfd(stream), entry->d_name, 0);
    closedir(stream);
    return rmdir(directory);
}

static int start(void)
{
    static const struct el_registry_observer nobody;

    memset(&hub, 0, sizeof hub);
    hub.state = el_state_open(EL_STATE_CONTROL, -1, directory, &hub.err);
    if (!hub.state)
        return -1;
    el_state_registry_store(hub.state, &hub.store);
    return el_registry_new(&hub.store, &nobody, &hub.registry, &hub.err);
}

static void stop(void)
{
    el_registry_free(hub.registry);
    el_state_close(hub.state);
}

static void start_well(void)
{
    if (start() < 0)
        fail_msg("%s", hub.err.text);
}

static void restart(void)
{
    stop();
    start_well();
}

/* A public key for each number, made once. */
static const uint8_t *key_of(unsigned number)
{
    static struct {
        bool made;
        uint8_t key[32];
    } keys[2 * COMERS];
    uint8_t scalar[32] = {0, (uint8_t)number, (uint8_t)(number >> 8), 1};

    if (!keys[number].made)
        crypto_scalarmult_base(keys[number].key, scalar);
    keys[number].made = true;
    return keys[number].key;
}

static int make_token(const char *name, unsigned number)
{
    struct el_registry_token_request request = {.name = name,
                                                .enrolment_key = key_of(number),
                                                .ip = el_ip4(0x64500000 + number),
                                                .expires_s = NOW + HOUR};

    return el_registry_token_create(hub.registry, &request, NOW, &hub.err);
}

static int redeem(unsigned token, unsigned key)
{
    static const uint8_t psk[32] = {7};
    struct el_registry_redemption redemption = {.enrolment_key = key_of(token),
                                                .key = key_of(key),
                                                .psk = psk,
                                                .preferred = el_ip4(0x64600000 + key),
                                                .from = {.ip = el_ip4(0x0a000001), .port = 77},
                                                .wire = 2,
                                                .totp_step = 5};
    enum el_registry_verdict verdict;
    const struct el_registry_spoke *spoke;
    int rc = el_registry_redeem(hub.registry, &redemption, NOW, &verdict, &spoke, &hub.err);

    return rc < 0 ? rc : (int)verdict;
}

static void everything_comes_back(void **unused)
{
    (void)unused;
    struct el_registry_network_request lab = {.name = "lab",
                                              .vni = 5,
                                              .cidr = {el_ip4(0x0a010000), 16},
                                              .prefix6 = {{6, {0x20, 0x01, 0x0d, 0xb8}}, 64},
                                              .expires_s = NOW + HOUR,
                                              .to_all = EL_REGISTRY_TO_UNPUBLISHED},
                                       boot = {.name = "boot",
                                               .vni = 4,
                                               .cidr = {el_ip4(0xc0a84d00), 24},
                                               .published = true};
    struct el_registry_publication publication = {
        .network = "boot", .spoke = "mars", .lan = "eth1.30", .published = true};
    struct el_registry_second_factor policy = {
        .factors = EL_REGISTRY_FACTOR_TOTP, .secret = {1, 2, 3}, .secret_len = 20};
    start_well();
    assert_int_equal(el_registry_network_create(hub.registry, &lab, NOW, &hub.err), 0);
    assert_int_equal(el_registry_network_create(hub.registry, &boot, NOW, &hub.err), 0);
    assert_int_equal(el_registry_second_factor_set(hub.registry, &policy, NOW, &hub.err), 0);
    assert_int_equal(make_token("venus", 1), 0);
    assert_int_equal(make_token("mars", 2), 0);
    assert_int_equal(el_registry_wrong_code(hub.registry, key_of(1), NOW, &hub.err), 4);
    assert_int_equal(redeem(2, 102), EL_REGISTRY_IS_ENROLLED);
    assert_int_equal(el_registry_publish(hub.registry, &publication, NOW, &hub.err), 0);
    assert_int_equal(el_registry_port_report(hub.registry, "boot", EL_REGISTRY_VERIFIED,
                                             "it is there", NOW + 9, &hub.err),
                     0);
    struct el_registry_spoke mars = *el_registry_spoke(hub.registry, "mars");
    struct el_registry_token venus = *el_registry_token(hub.registry, "venus");
    struct el_registry_token used = *el_registry_token(hub.registry, "mars");
    restart();
    assert_memory_equal(el_registry_spoke(hub.registry, "mars"), &mars, sizeof mars);
    assert_memory_equal(el_registry_token(hub.registry, "venus"), &venus, sizeof venus);
    assert_memory_equal(el_registry_token(hub.registry, "mars"), &used, sizeof used);
    assert_string_equal(mars.memberships[0].lan, "eth1.30");
    assert_int_equal(venus.wrong_codes, 1);
    assert_int_equal(el_registry_network_count(hub.registry), 2);
    const struct el_registry_network *network = el_registry_network_at(hub.registry, 0);
    assert_string_equal(network->name, "lab"); /* in the order of their creation */
    assert_int_equal(network->expires_s, NOW + HOUR);
    assert_int_equal(network->to_all, EL_REGISTRY_TO_UNPUBLISHED);
    assert_memory_equal(&network->prefix6, &lab.prefix6, sizeof lab.prefix6);
    assert_int_equal(el_registry_network_at(hub.registry, 1)->prefix6.ip.family, 0);
    const struct el_registry_port *port = el_registry_port(hub.registry, "boot");
    assert_int_equal(port->state, EL_REGISTRY_VERIFIED);
    assert_int_equal(port->wanted, EL_REGISTRY_PUBLISHED);
    assert_int_equal(port->since_s, NOW + 9);
    assert_string_equal(port->why, "it is there");
    assert_int_equal(el_registry_second_factor(hub.registry)->last_step, 5);
    assert_int_equal(el_registry_second_factor(hub.registry)->secret[2], 3);
    assert_int_equal(el_registry_network_remove(hub.registry, "boot", NOW, &hub.err), 0);
    assert_int_equal(el_registry_token_remove(hub.registry, "venus", NOW, &hub.err), 0);
    assert_int_equal(el_registry_ports_down(hub.registry, "started again", NOW, &hub.err), 0);
    restart();
    assert_null(el_registry_network(hub.registry, "boot"));
    assert_null(el_registry_port(hub.registry, "boot"));
    assert_null(el_registry_token(hub.registry, "venus"));
    assert_int_equal(el_registry_spoke(hub.registry, "mars")->membership_count, 0);
    stop();
}

static void revoked_is_forever(void **unused)
{
    (void)unused;
    start_well();
    assert_int_equal(make_token("mars", 1), 0);
    assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_ENROLLED);
    assert_int_equal(el_registry_revoke(hub.registry, "mars", NOW, &hub.err), 0);
    restart();
    assert_int_equal(make_token("mars", 2), 0);
    assert_int_equal(redeem(2, 101), EL_REGISTRY_IS_REVOKED);
    assert_int_equal(redeem(2, 102), EL_REGISTRY_IS_ENROLLED); /* a second mars beside it */
    assert_int_equal(el_registry_told(hub.registry, key_of(101), NOW, &hub.err), 0);
    restart();
    assert_int_equal(el_registry_spoke_count(hub.registry), 2);
    assert_int_equal(el_registry_spoke(hub.registry, "mars")->state, EL_REGISTRY_ENROLLED);
    assert_int_equal(redeem(2, 101), EL_REGISTRY_IS_REVOKED);
    stop();
}

static void secrets_are_the_owners_to_read(void **unused)
{
    (void)unused;
    static const char *const files[] = {"control.db", "control.db-wal"};
    mode_t before = umask(0);
    start_well();
    assert_int_equal(make_token("mars", 1), 0);
    umask(before);
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    stop();
}

/* -- the crash between check and commit -- */

static unsigned order[COMERS];

static void shuffle(void)
{
    for (unsigned i = 0; i < COMERS; i++)
        order[i] = i;
    for (unsigned i = COMERS; i-- > 1;) {
        unsigned j = el_random_below(i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

/* The registry's store, which dies before or after a put; else it is the real one. */
static struct {
    struct el_registry_store real;
    unsigned puts_left; /* until it dies */
    bool after;
} mortal;

static int mortal_put(void *arg, const struct el_registry_row *rows, size_t count,
                      struct el_err *err)
{
    (void)arg;
    if (mortal.puts_left-- > 0)
        return mortal.real.put(mortal.real.arg, rows, count, err);
    if (mortal.after)
        mortal.real.put(mortal.real.arg, rows, count, err);
    kill(getpid(), SIGKILL);
    return -1;
}

static int mortal_load(void *arg,
                       int (*each)(void *each_arg, const struct el_registry_row *row,
                                   struct el_err *err),
                       void *each_arg, struct el_err *err)
{
    (void)arg;
    return mortal.real.load(mortal.real.arg, each, each_arg, err);
}

/* The children redeem the one token, from FIRST on in the random order, and say who they were told
 * is in. */
static void redeem_until_dead(int fd, unsigned first)
{
    static const struct el_registry_observer nobody;
    static const struct el_registry_store store = {mortal_put, mortal_load, NULL};

    if (start() < 0)
        _exit(2);
    el_registry_free(hub.registry);
    mortal.real = hub.store;
    if (el_registry_new(&store, &nobody, &hub.registry, &hub.err) < 0)
        _exit(3);
    for (unsigned i = first; i < COMERS; i++)
        if (redeem(1999, order[i]) == EL_REGISTRY_IS_ENROLLED &&
            write(fd, &order[i], sizeof order[i]) != sizeof order[i])
            _exit(4);
    stop();
    _exit(0);
}

/* One child's life: those who heard that they are in must all be WINNER. */
static unsigned live_and_die(unsigned first, unsigned winner)
{
    int ends[2], status;
    unsigned who;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        redeem_until_dead(ends[1], first);
    close(ends[1]);
    while (read(ends[0], &who, sizeof who) == sizeof who) {
        assert_true(winner == COMERS || who == winner);
        winner = who;
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return winner;
}

static void check_winner(unsigned winner)
{
    start_well();
    const struct el_registry_spoke *mars = el_registry_spoke(hub.registry, "mars");
    const struct el_registry_token *token = el_registry_token(hub.registry, "mars");
    assert_int_equal(el_registry_spoke_count(hub.registry), mars != NULL);
    assert_int_equal(token->used, mars != NULL); /* both or neither */
    if (winner < COMERS) {
        assert_non_null(mars);
        assert_memory_equal(mars->key, key_of(winner), 32);
    }
    stop();
}

static void a_thousand_redemptions_with_crashes_have_one_winner(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < COMERS; i++)
        key_of(i);
    for (unsigned round = 0; round < 12; round++) {
        unsigned winner = COMERS;
        start_well();
        assert_int_equal(make_token("mars", 1999), 0);
        stop();
        shuffle();
        /* Twice a crash, before or after the write that admits; then to the end. */
        for (unsigned crash = 0; crash < 3; crash++) {
            mortal.puts_left = crash < 2 ? 0 : UINT32_MAX;
            mortal.after = (round >> crash) & 1;
            winner = live_and_die(crash * 100, winner);
            check_winner(winner);
        }
        assert_true(winner < COMERS || round & 3); /* with after, who won may never have heard */
        start_well();
        assert_int_equal(el_registry_spoke_count(hub.registry), 1);
        stop();
        without_directory(NULL);
        assert_int_equal(mkdir(directory, 0700), 0);
    }
}

/* The same, killed by another at any instruction. The child makes tokens too, one after another. */
static void admit_until_killed(int fd, unsigned first)
{
    char name[16];

    if (start() < 0)
        _exit(2);
    for (unsigned i = first; i < COMERS; i++) {
        snprintf(name, sizeof name, "s%u", i);
        int rc = el_registry_token(hub.registry, name) ? 0 : make_token(name, COMERS + i);
        if (rc < 0 || redeem(COMERS + i, i) != EL_REGISTRY_IS_ENROLLED ||
            write(fd, &i, sizeof i) != sizeof i)
            _exit(3);
    }
    _exit(0);
}

static void who_was_admitted_survives_kill_9(void **unused)
{
    (void)unused;
    unsigned done = 0, i;
    char name[16];
    for (unsigned j = 0; j < COMERS; j++)
        key_of(j), key_of(COMERS + j);
    for (unsigned round = 0; round < 12 && done < COMERS - 20; round++) {
        int ends[2], status;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
            admit_until_killed(ends[1], done);
        close(ends[1]);
        unsigned want = 1 + el_random_below(12);
        while (want-- > 0 && read(ends[0], &i, sizeof i) == sizeof i)
            done = i + 1;
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        while (read(ends[0], &i, sizeof i) == sizeof i) /* said before it was killed */
            done = i + 1;
        close(ends[0]);
        start_well();
        assert_true(el_registry_spoke_count(hub.registry) >= done);
        for (size_t t = 0; t < el_registry_token_count(hub.registry); t++) {
            const struct el_registry_token *token = el_registry_token_at(hub.registry, t);
            assert_int_equal(token->used, el_registry_spoke(hub.registry, token->name) != NULL);
        }
        for (unsigned j = 0; j < done; j++) {
            snprintf(name, sizeof name, "s%u", j);
            assert_memory_equal(el_registry_spoke(hub.registry, name)->key, key_of(j), 32);
        }
        stop();
    }
    assert_true(done >= 12);
}

static void a_full_disk_admits_nobody(void **unused)
{
    (void)unused;
    struct rlimit limit, small;
    unsigned i = 0;
    int rc = 0;
    char name[16];
    start_well();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    small = (struct rlimit){.rlim_cur = 600000, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    while (rc == 0 && i < COMERS - 1) {
        snprintf(name, sizeof name, "s%u", ++i);
        rc = make_token(name, COMERS + i);
        if (rc == 0)
            rc = redeem(COMERS + i, i) == EL_REGISTRY_IS_ENROLLED ? 0 : EL_EIO;
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(rc, EL_EIO);
    assert_null(el_registry_spoke(hub.registry, name));
    size_t spokes = el_registry_spoke_count(hub.registry);
    size_t tokens = el_registry_token_count(hub.registry);
    restart();
    assert_int_equal(el_registry_spoke_count(hub.registry), spokes);
    assert_int_equal(el_registry_token_count(hub.registry), tokens);
    stop();
}

/* -- the disk and the memory say the same -- */

static struct rows {
    size_t spokes, tokens, networks, ports;
    struct el_registry_spoke spoke[128];
    struct el_registry_token token[128];
    struct el_registry_network network[16];
    struct el_registry_port port[32];
    struct el_registry_second_factor second_factor;
} before, after;

static void take_rows(struct rows *rows)
{
    const struct el_registry *r = hub.registry;

    memset(rows, 0, sizeof *rows);
    for (; rows->spokes < el_registry_spoke_count(r); rows->spokes++)
        rows->spoke[rows->spokes] = *el_registry_spoke_at(r, rows->spokes);
    for (; rows->tokens < el_registry_token_count(r); rows->tokens++)
        rows->token[rows->tokens] = *el_registry_token_at(r, rows->tokens);
    for (; rows->networks < el_registry_network_count(r); rows->networks++)
        rows->network[rows->networks] = *el_registry_network_at(r, rows->networks);
    for (; rows->ports < el_registry_port_count(r); rows->ports++)
        rows->port[rows->ports] = *el_registry_port_at(r, rows->ports);
    rows->second_factor = *el_registry_second_factor(r);
}

static const char *some(const char *letter, unsigned of)
{
    static char names[4][16];
    static unsigned turn;
    char *name = names[turn++ % 4];

    snprintf(name, sizeof names[0], "%s%u", letter, el_random_below(of));
    return name;
}

/* Something that an operator or a spoke might do; whether it is allowed does not matter. */
static void do_something(int64_t now_s)
{
    static unsigned tokens;
    struct el_registry *r = hub.registry;
    struct el_registry_network_request network = {.name = some("n", 12),
                                                  .vni = 1 + el_random_below(12),
                                                  .cidr = {el_ip4(0x0a000000), 16},
                                                  .to_all =
                                                      (enum el_registry_to_all)el_random_below(3)};
    struct el_registry_publication publication = {.network = some("n", 12),
                                                  .spoke =
                                                      el_random_below(3) ? some("s", 20) : NULL,
                                                  .lan = el_random_below(2) ? some("eth", 4) : NULL,
                                                  .published = el_random_below(2)};
    struct el_registry_second_factor policy = {.factors = el_random_below(2) * 2};

    switch (el_random_below(12)) {
    case 0:
    case 1: make_token(some("s", 20), COMERS + tokens++ % 100); break;
    case 2:
    case 3: redeem(COMERS + el_random_below(100), el_random_below(100)); break;
    case 4: el_registry_network_create(r, &network, now_s, &hub.err); break;
    case 5: el_registry_network_remove(r, some("n", 12), now_s, &hub.err); break;
    case 6:
    case 7: el_registry_publish(r, &publication, now_s, &hub.err); break;
    case 8: el_registry_revoke(r, some("s", 20), now_s, &hub.err); break;
    case 9:
        el_registry_port_report(r, some("n", 12), (enum el_registry_port_state)el_random_below(7),
                                "because", now_s, &hub.err);
        break;
    case 10: el_registry_second_factor_set(r, &policy, now_s, &hub.err); break;
    default:
        el_registry_told(r, key_of(el_random_below(100)), now_s, &hub.err);
        el_registry_wrong_code(r, key_of(COMERS + el_random_below(100)), now_s, &hub.err);
    }
}

static void the_disk_and_the_memory_say_the_same(void **unused)
{
    size_t most_networks = 0, most_tokens = 0; /* they go, too */

    (void)unused;
    el_random_seed_for_test(20261121); /* by chance there may be nothing to compare in the end */
    start_well();
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 25; i++)
            do_something(NOW + round);
        take_rows(&before);
        most_networks = before.networks > most_networks ? before.networks : most_networks;
        most_tokens = before.tokens > most_tokens ? before.tokens : most_tokens;
        restart();
        take_rows(&after);
        assert_memory_equal(&before, &after, sizeof before);
    }
    assert_true(before.spokes > 5 && most_networks > 1 && most_tokens > 2);
    stop();
}

/* -- a file that somebody else has written -- */

static void change_file(const char *sql)
{
    char path[96];
    sqlite3 *db;

    snprintf(path, sizeof path, "%s/control.db", directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void what_makes_no_sense_is_refused(void **unused)
{
    (void)unused;
    static const char *const changes[] = {
        "UPDATE spoke SET state = 9",
        "UPDATE spoke SET key = x'00'",
        "UPDATE spoke SET name = '../../etc'",
        "UPDATE spoke SET name = cast(x'6d0061' AS TEXT)",
        "UPDATE spoke SET since_s = 'now'",
        "UPDATE spoke SET ip = x'64400001'",
        "UPDATE spoke SET wire = 256",
        "UPDATE membership SET vni = 0",
        "UPDATE membership SET vni = 78",
        "UPDATE membership SET lan = 'a/b'",
        "UPDATE token SET ip = x'01'",
        "UPDATE token SET wrong_codes = -1",
        "UPDATE token SET used_by = x'0102'",
        "UPDATE network SET len = 99",
        "UPDATE network SET vni = 16777216",
        "UPDATE network SET to_all = 3",
        "UPDATE network SET prefix6 = x'fe800000000000000000000000000000'",
        "UPDATE network SET prefix6 = x'01020304'",
        "UPDATE port SET state = 7",
        "UPDATE port SET wanted = 2",
        "UPDATE port SET vni = 99",
        "INSERT INTO second_factor VALUES (1, 0, zeroblob(65), 0)",
        "INSERT INTO profile VALUES ('../web', 'debian-12', '{}')",
        "INSERT INTO profile VALUES ('web', 'debian-12', zeroblob(32768))",
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct el_registry_network_request boot = {
            .name = "boot", .vni = 77, .cidr = {el_ip4(0xc0a84d00), 24}};
        struct el_registry_publication p = {.network = "boot", .spoke = "mars", .published = true};
        start_well();
        assert_int_equal(el_registry_network_create(hub.registry, &boot, NOW, &hub.err), 0);
        assert_int_equal(make_token("mars", 1), 0);
        assert_int_equal(redeem(1, 101), EL_REGISTRY_IS_ENROLLED);
        assert_int_equal(el_registry_publish(hub.registry, &p, NOW, &hub.err), 0);
        stop();
        change_file(changes[i]);
        if (start() == 0)
            fail_msg("taken: %s", changes[i]);
        assert_non_null(strstr(hub.err.text, "control.db: "));
        stop();
        without_directory(NULL);
        assert_int_equal(mkdir(directory, 0700), 0);
    }
}

/* A control.db of before there was IPv6. */
static void what_an_older_el2w_has_written_is_read(void **unused)
{
    (void)unused;
    struct el_registry_network_request boot = {
        .name = "boot", .vni = 77, .cidr = {el_ip4(0xc0a84d00), 24}};
    start_well();
    assert_int_equal(el_registry_network_create(hub.registry, &boot, NOW, &hub.err), 0);
    stop();
    change_file("DROP TABLE machine; DROP TABLE profile; ALTER TABLE network DROP COLUMN prefix6;"
                " PRAGMA user_version = 1");
    for (unsigned i = 0; i < 2; i++) {
        start_well();
        const struct el_registry_network *network = el_registry_network(hub.registry, "boot");
        assert_non_null(network);
        assert_int_equal(network->prefix6.ip.family, 0);
        stop();
    }
}

static void machines_stay(void **unused)
{
    static const struct el_mac mac = {{2, 0, 0, 0, 0, 1}}, other = {{2, 0, 0, 0, 0, 2}};
    static const struct el_registry_words options = {2, {"ntp=192.0.2.1", "42=x"}};
    static const struct el_registry_words quirks = {1, {"local=exit"}};
    struct el_ip address = el_ip4(0xc0a84d14);
    struct el_registry_machine_change change = {.name = "n1",
                                                .profile = "web",
                                                .region = "mars",
                                                .address = &address,
                                                .options = &options,
                                                .quirks = &quirks};

    (void)unused;
    start_well();
    assert_int_equal(el_registry_machine_set(hub.registry, &mac, &change, NOW, &hub.err), 0);
    assert_int_equal(el_registry_machine_boot(hub.registry, &mac, "memtest", NOW, &hub.err), 0);
    assert_int_equal(el_registry_machine_reinstall(hub.registry, &mac, NOW, &hub.err), 0);
    assert_int_equal(el_registry_machine_boot(hub.registry, &other, "local", NOW, &hub.err), 0);
    const struct el_registry_machine written = *el_registry_machine(hub.registry, &mac);
    restart();
    assert_int_equal(el_registry_machine_count(hub.registry), 2);
    const struct el_registry_machine *read = el_registry_machine_by_name(hub.registry, "n1");
    assert_memory_equal(read, &written, sizeof written);
    assert_int_equal(el_registry_machine_report(hub.registry, &mac, written.once, written.reinstall,
                                                true, NOW, &hub.err),
                     0);
    assert_int_equal(el_registry_machine_forget(hub.registry, &other, NOW, &hub.err), 0);
    restart();
    assert_int_equal(el_registry_machine_count(hub.registry), 1);
    read = el_registry_machine_at(hub.registry, 0);
    assert_int_equal(read->once, 0);
    assert_true(read->installed);
    assert_int_equal(read->options.count, 2);
    stop();
}

static bool a_file_has(const char *text)
{
    static uint8_t bytes[1 << 20];
    DIR *stream = opendir(directory);
    bool found = false;

    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        int fd = openat(dirfd(stream), entry->d_name, O_RDONLY);
        ssize_t len = read(fd, bytes, sizeof bytes);
        found = found || (len > 0 && memmem(bytes, (size_t)len, text, strlen(text)));
        close(fd);
    }
    closedir(stream);
    return found;
}

static void profiles_stay(void **unused)
{
    static struct el_registry_profile web = {"web", "debian-12", "{\"name\":\"web\"}"};
    static struct el_registry_profile db = {"db", "rocky-9", "{}"};

    (void)unused;
    start_well();
    assert_int_equal(el_registry_profile_set(hub.registry, &web, NOW, &hub.err), 0);
    assert_int_equal(el_registry_profile_set(hub.registry, &db, NOW, &hub.err), 0);
    strcpy(web.image, "debian-13");
    assert_int_equal(el_registry_profile_set(hub.registry, &web, NOW, &hub.err), 0);
    restart();
    assert_int_equal(el_registry_profile_count(hub.registry), 2);
    const struct el_registry_profile *read = el_registry_profile_at(hub.registry, 0);
    assert_string_equal(read->name, "web");
    assert_string_equal(read->image, "debian-13");
    assert_string_equal(read->text, web.text);
    assert_true(a_file_has("\"name\":\"web\""));
    assert_int_equal(el_registry_profile_remove(hub.registry, "web", NOW, &hub.err), 0);
    assert_false(a_file_has("\"name\":\"web\"")); /* its secrets go with it */
    restart();
    assert_null(el_registry_profile(hub.registry, "web"));
    assert_non_null(el_registry_profile(hub.registry, "db"));
    stop();
}

static void damage_is_for_a_person_to_decide(void **unused)
{
    (void)unused;
    char path[96];
    static const uint8_t garbage[64] = {0xa5, 1, 2};
    start_well();
    assert_int_equal(make_token("mars", 1), 0);
    stop();
    snprintf(path, sizeof path, "%s/control.db", directory);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, garbage, sizeof garbage, 0), sizeof garbage);
    close(fd);
    assert_int_equal(start(), -1);
    assert_non_null(strstr(hub.err.text, "control.db: is damaged"));
    assert_int_equal(access(path, F_OK), 0); /* and it is still there */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, with_directory, without_directory)
    const struct CMUnitTest tests[] = {
        TEST(everything_comes_back),
        TEST(revoked_is_forever),
        TEST(secrets_are_the_owners_to_read),
        TEST(a_thousand_redemptions_with_crashes_have_one_winner),
        TEST(who_was_admitted_survives_kill_9),
        TEST(a_full_disk_admits_nobody),
        TEST(the_disk_and_the_memory_say_the_same),
        TEST(what_makes_no_sense_is_refused),
        TEST(what_an_older_el2w_has_written_is_read),
        TEST(machines_stay),
        TEST(profiles_stay),
        TEST(damage_is_for_a_person_to_decide),
    };
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
