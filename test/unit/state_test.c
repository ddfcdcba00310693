/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must survive: kill -9 at any time, damage, a full disk, an older program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
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
#include "boot/lives.h"
#include "dhcp/dhcp_store.h"
#include "dns/dns_hosts.h"
#include "state/state.h"

static char directory[64];

static int with_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/state_test.XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(const char *path)
{
    DIR *stream = opendir(path);
    for (struct dirent *entry; stream && (entry = readdir(stream)) != NULL;)
        unlinkat(dirfd(stream), entry->d_name, 0);
    closedir(stream);
    return rmdir(path);
}

static int without_directory(void **state)
{
    (void)state;
    return remove_directory(directory);
}

static struct el_state *open_state(enum el_state_owner owner)
{
    struct el_err err = {.text = ""};
    struct el_state *state = el_state_open(owner, -1, directory, &err);

    if (!state)
        fail_msg("%s", err.text);
    return state;
}

static struct el_dhcp_record record_of(uint32_t ip, uint8_t owner, int64_t until_s)
{
    return (struct el_dhcp_record){.ip = el_ip4(ip),
                                   .mac = {{2, 0, 0, 0, 0, owner}},
                                   .owner = {.len = 3, .bytes = {1, 1, owner}},
                                   .state = EL_DHCP_BOUND,
                                   .until_s = until_s};
}

static struct {
    size_t count;
    struct el_dhcp_record records[256];
} loaded;

static void collect(void *arg, const struct el_dhcp_record *record)
{
    assert_ptr_equal(arg, &loaded);
    loaded.records[loaded.count++] = *record;
}

static void load(struct el_state *state)
{
    struct el_dhcp_store store;
    struct el_err err = {.text = ""};

    loaded.count = 0;
    el_state_lease_store(state, &store);
    if (store.load(store.arg, collect, &loaded, &err) != 0)
        fail_msg("%s", err.text);
}

static int put(struct el_state *state, const struct el_dhcp_record *records, size_t count)
{
    struct el_dhcp_store store;
    struct el_err err = {.text = ""};

    el_state_lease_store(state, &store);
    return store.put(store.arg, records, count, &err);
}

static void leases_come_back_in_the_order_of_their_ends(void **unused)
{
    (void)unused;
    struct el_state *state = open_state(EL_STATE_BOOT);
    const struct el_dhcp_record records[] = {record_of(5, 1, 300), record_of(6, 2, 100),
                                             record_of(7, 3, 200)};
    assert_int_equal(put(state, records, 3), 0);
    struct el_dhcp_record again = record_of(5, 4, 50); /* one record per address */
    again.state = EL_DHCP_DECLINED;
    memset(&again.owner, 0, sizeof again.owner);
    assert_int_equal(put(state, &again, 1), 0);
    el_state_close(state);
    state = open_state(EL_STATE_BOOT);
    load(state);
    assert_int_equal(loaded.count, 3);
    assert_memory_equal(&loaded.records[0].owner, &again.owner, sizeof again.owner);
    assert_int_equal(loaded.records[0].state, EL_DHCP_DECLINED);
    assert_int_equal(el_ip4_number(&loaded.records[1].ip), 6);
    assert_memory_equal(&loaded.records[2].owner, &records[2].owner, sizeof again.owner);
    assert_memory_equal(&loaded.records[2].mac, &records[2].mac, sizeof again.mac);
    assert_int_equal(loaded.records[2].until_s, 200);
    el_state_close(state);
}

static void timestamps_never_go_back(void **unused)
{
    (void)unused;
    struct el_state *state = open_state(EL_STATE_TUNNEL);
    struct el_err err = {.text = ""};
    uint8_t key[32] = {1}, other[32] = {2}, t[12] = {0x40, 0, 5}, back[12];
    assert_int_equal(el_state_timestamp_get(state, key, back, &err), EL_ENOENT);
    assert_int_equal(el_state_timestamp_put(state, key, t, &err), 0);
    t[2] = 4;
    assert_int_equal(el_state_timestamp_put(state, key, t, &err), 0);
    assert_int_equal(el_state_timestamp_get(state, key, back, &err), 0);
    assert_int_equal(back[2], 5);
    t[2] = 0xf0;
    assert_int_equal(el_state_timestamp_put(state, key, t, &err), 0);
    el_state_close(state);
    state = open_state(EL_STATE_TUNNEL);
    assert_int_equal(el_state_timestamp_get(state, key, back, &err), 0);
    assert_memory_equal(back, t, sizeof t);
    assert_int_equal(el_state_timestamp_get(state, other, back, &err), EL_ENOENT);
    el_state_close(state);
}

static off_t log_size(void)
{
    char path[128];
    struct stat log;

    snprintf(path, sizeof path, "%s/tunnel.db-wal", directory);
    assert_int_equal(stat(path, &log), 0);
    return log.st_size;
}

static void peers_are_found_again(void **unused)
{
    (void)unused;
    struct el_state *state = open_state(EL_STATE_TUNNEL);
    struct el_err err = {.text = ""};
    struct el_endpoint six, four = {.ip = el_ip4(0x0a000001), .port = 51820}, back;
    uint8_t key[32] = {1}, other[32] = {2};
    assert_int_equal(el_endpoint_parse("[2001:db8::1]:7", 0, &six), 0);
    assert_int_equal(el_state_endpoint_get(state, key, &back, &err), EL_ENOENT);
    assert_int_equal(el_state_endpoint_put(state, key, &six, &err), 0);
    assert_int_equal(el_state_endpoint_put(state, key, &four, &err), 0); /* it has moved */
    assert_int_equal(el_state_endpoint_put(state, other, &six, &err), 0);
    off_t size = log_size();
    assert_int_equal(el_state_endpoint_put(state, key, &four, &err), 0);
    assert_int_equal(log_size(), size); /* that was known */
    el_state_close(state);
    state = open_state(EL_STATE_TUNNEL);
    assert_int_equal(el_state_endpoint_get(state, key, &back, &err), 0);
    assert_true(el_endpoint_equal(&back, &four));
    assert_int_equal(el_state_endpoint_get(state, other, &back, &err), 0);
    assert_true(el_endpoint_equal(&back, &six));
    el_state_close(state);
}

static void the_directory_may_be_a_descriptor(void **unused)
{
    (void)unused;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct el_err err = {.text = ""};
    struct el_state *state = el_state_open(EL_STATE_BOOT, fd, "state", &err);
    if (!state)
        fail_msg("%s", err.text);
    struct el_dhcp_record record = record_of(5, 1, 300);
    assert_int_equal(put(state, &record, 1), 0);
    el_state_close(state);
    close(fd);
    state = open_state(EL_STATE_BOOT);
    load(state);
    assert_int_equal(loaded.count, 1);
    el_state_close(state);
}

/* As an applet is: somebody without rights, with a descriptor of its directory, which is below one
 * that is none of its business. */
static void the_way_to_a_descriptor_may_be_barred(void **unused)
{
    (void)unused;
    char own[sizeof directory + 4];
    struct el_err err = {.text = ""};
    int status;

    snprintf(own, sizeof own, "%s/own", directory);
    assert_int_equal(mkdir(own, 0700), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(own, 65534, 65534), 0);
    int fd = open(own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(chmod(directory, 0), 0);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(2);
        struct el_state *state = el_state_open(EL_STATE_BOOT, fd, "state", &err);
        struct el_dhcp_record record = record_of(5, 1, 300);
        bool good = state && put(state, &record, 1) == 0;
        el_state_close(state);
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    close(fd);
    assert_int_equal(chmod(directory, 0700), 0);
    assert_int_equal(remove_directory(own), 0);
    assert_int_equal(status, 0);
}

static void a_second_owner_is_refused(void **unused)
{
    (void)unused;
    struct el_state *state = open_state(EL_STATE_BOOT);
    struct el_err err = {.text = ""};
    assert_null(el_state_open(EL_STATE_BOOT, -1, directory, &err));
    assert_non_null(strstr(err.text, "boot.db: in use by another el2w process"));
    struct el_state *other = open_state(EL_STATE_TUNNEL); /* has a file of its own */
    el_state_close(other);
    el_state_close(state);
}

static void a_directory_that_is_not_there_is_named(void **unused)
{
    (void)unused;
    struct el_err err = {.text = ""};
    assert_null(el_state_open(EL_STATE_BOOT, -1, "/nonexistent", &err));
    assert_non_null(strstr(err.text, "/nonexistent/boot.db"));
}

static unsigned files_like(const char *part)
{
    DIR *stream = opendir(directory);
    unsigned count = 0;

    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        count += strstr(entry->d_name, part) != NULL;
    closedir(stream);
    return count;
}

/* Every kind of damage: garbage for a file, and a hole in the middle of a good one. */
static void a_damaged_database_is_set_aside(void **unused)
{
    (void)unused;
    char path[96];
    snprintf(path, sizeof path, "%s/boot.db", directory);
    for (int kind = 0; kind < 2; kind++) {
        struct el_state *state = open_state(EL_STATE_BOOT);
        for (uint32_t i = 0; i < 200; i++) {
            struct el_dhcp_record record = record_of(i + 1, (uint8_t)i, i);
            assert_int_equal(put(state, &record, 1), 0);
        }
        el_state_close(state);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        static uint8_t garbage[6000];
        memset(garbage, 0xa5, sizeof garbage);
        assert_int_equal(pwrite(fd, garbage, sizeof garbage, kind == 0 ? 0 : 5000), sizeof garbage);
        close(fd);
        state = open_state(EL_STATE_BOOT);
        load(state);
        assert_int_equal(loaded.count, 0);
        struct el_dhcp_record record = record_of(5, 1, 300);
        assert_int_equal(put(state, &record, 1), 0);
        el_state_close(state);
        assert_int_equal(files_like("boot.db.damaged-"), 1);
        without_directory(NULL);
        assert_int_equal(mkdir(directory, 0700), 0);
    }
}

static void a_newer_database_is_left_alone(void **unused)
{
    (void)unused;
    el_state_close(open_state(EL_STATE_BOOT));
    char path[96];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/boot.db", directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL);
    sqlite3_close(db);
    struct el_err err = {.text = ""};
    assert_null(el_state_open(EL_STATE_BOOT, -1, directory, &err));
    assert_non_null(strstr(err.text, "its version is 99 and this el2w knows "));
    assert_int_equal(files_like("damaged"), 0);
}

/* No space is an answer, not the end: the caller hears it, and what was kept before stays. */
static void a_full_disk_is_reported_and_harmless(void **unused)
{
    (void)unused;
    struct el_state *state = open_state(EL_STATE_BOOT);
    struct el_dhcp_record record = record_of(1, 1, 1);
    struct rlimit limit, small;
    uint32_t kept = 0;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    small = (struct rlimit){.rlim_cur = 200000, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = 0;
    while (rc == 0 && kept < 255) {
        record = record_of(kept + 1, (uint8_t)kept, kept);
        rc = put(state, &record, 1);
        kept += rc == 0;
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(rc, EL_EIO);
    assert_int_not_equal(kept, 0);
    assert_int_equal(put(state, &record, 1), 0); /* there is space again */
    load(state);
    assert_int_equal(loaded.count, kept + 1);
    el_state_close(state);
}

/* The child says over a pipe which records have been acknowledged to it, until it is killed. */
static void write_until_killed(int fd, uint32_t first)
{
    struct el_state *state = open_state(EL_STATE_BOOT);

    for (uint32_t i = first;; i++) {
        struct el_dhcp_record records[3];
        for (uint32_t j = 0; j < 3; j++)
            records[j] = record_of((3 * i + j) % 240 + 1, (uint8_t)j, i);
        if (put(state, records, 1 + i % 3) != 0 || write(fd, &i, sizeof i) != sizeof i)
            _exit(1);
    }
}

static void what_was_acknowledged_survives_kill_9(void **unused)
{
    (void)unused;
    static int64_t expected[241]; /* the last acknowledged until_s by address */
    uint32_t next = 1, acknowledged = 0;
    memset(expected, 0, sizeof expected);
    for (int round = 0; round < 15; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
            write_until_killed(ends[1], next);
        close(ends[1]);
        uint32_t i = 0, want = 1 + el_random_below(25), seen = 0;
        while (seen < want && read(ends[0], &i, sizeof i) == sizeof i) {
            for (uint32_t j = 0; j < 1 + i % 3; j++)
                expected[(3 * i + j) % 240 + 1] = i;
            seen++;
        }
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        while (read(ends[0], &i, sizeof i) == sizeof i) /* said before it was killed */
            for (uint32_t j = 0; j < 1 + i % 3; j++)
                expected[(3 * i + j) % 240 + 1] = i;
        close(ends[0]);
        acknowledged += seen;
        next = i + 2;
        struct el_state *state = open_state(EL_STATE_BOOT);
        load(state);
        el_state_close(state);
        static int64_t found[241];
        memset(found, 0, sizeof found);
        for (size_t r = 0; r < loaded.count; r++)
            found[el_ip4_number(&loaded.records[r].ip)] = loaded.records[r].until_s;
        for (uint32_t ip = 1; ip <= 240; ip++) /* one more may have been kept and not said */
            assert_true(found[ip] >= expected[ip]);
        assert_int_equal(files_like("damaged"), 0);
    }
    assert_true(acknowledged >= 15);
}

/* -- what machines call themselves -- */

static void take_host(void *arg, const struct el_dns_host *host)
{
    *(struct el_dns_host *)arg = *host;
}

static void names_of_machines_come_back(void **state)
{
    const struct el_dns_host host = {
        .mac = {{2, 0, 0, 0, 0, 1}}, .ip = {4, {192, 168, 77, 100}}, .name = "n1"};
    struct el_dns_host back = {.name = ""};
    struct el_dns_hosts_store store;
    struct el_state *s = open_state(EL_STATE_BOOT);

    (void)state;
    el_state_host_store(s, &store);
    assert_int_equal(store.put(store.arg, &host, NULL), 0);
    el_state_close(s);
    s = open_state(EL_STATE_BOOT);
    el_state_host_store(s, &store);
    assert_int_equal(store.load(store.arg, take_host, &back, NULL), 0);
    assert_memory_equal(&back, &host, sizeof host);
    assert_int_equal(store.remove(store.arg, &host.mac, NULL), 0);
    back.name[0] = '\0';
    assert_int_equal(store.load(store.arg, take_host, &back, NULL), 0);
    assert_string_equal(back.name, "");
    el_state_close(s);
}

/* -- lives of machines -- */

static void take_life(void *arg, const struct el_life *life)
{
    *(struct el_life *)arg = *life;
}

static void lives_come_back_as_they_were(void **state)
{
    struct el_life life = {.mac = {{2, 0, 0, 0, 0, 1}},
                           .state = EL_LIFE_FAILED,
                           .since_s = 5,
                           .seen_s = 6,
                           .boot = UINT64_MAX - 1,
                           .answer = EL_LIFE_GETS_LOCAL,
                           .attempts = 2,
                           .tells = true,
                           .asked = true,
                           .profile = "web",
                           .token = "abcdefghijklmnopqrstuvwxyz",
                           .step = "partitions",
                           .why = "no disk",
                           .once = UINT64_C(1) << 63,
                           .once_boot = 3,
                           .once_entry = "memtest",
                           .reinstall = 4,
                           .kept = true,
                           .handed = 5,
                           .uuid = "4c4c4544-0044-4410-8054-b4c04f565931",
                           .other_uuid = "x",
                           .platform = 2,
                           .arch = 1};
    struct el_life back = {.seen_s = 0};
    struct el_life_store store;
    struct el_state *s = open_state(EL_STATE_BOOT);

    (void)state;
    el_state_life_store(s, &store);
    assert_int_equal(store.put(store.arg, &life, false, NULL), 0);
    el_state_close(s);
    s = open_state(EL_STATE_BOOT);
    el_state_life_store(s, &store);
    assert_int_equal(store.load(store.arg, take_life, &back, NULL), 0);
    assert_memory_equal(&back, &life, sizeof life);
    assert_int_equal(store.put(store.arg, &life, true, NULL), 0);
    back.seen_s = 0;
    assert_int_equal(store.load(store.arg, take_life, &back, NULL), 0);
    assert_int_equal(back.seen_s, 0);
    el_state_close(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, with_directory, without_directory)
    const struct CMUnitTest tests[] = {
        TEST(leases_come_back_in_the_order_of_their_ends),
        TEST(names_of_machines_come_back),
        TEST(lives_come_back_as_they_were),
        TEST(timestamps_never_go_back),
        TEST(peers_are_found_again),
        TEST(the_directory_may_be_a_descriptor),
        TEST(the_way_to_a_descriptor_may_be_barred),
        TEST(a_second_owner_is_refused),
        TEST(a_directory_that_is_not_there_is_named),
        TEST(a_damaged_database_is_set_aside),
        TEST(a_newer_database_is_left_alone),
        TEST(a_full_disk_is_reported_and_harmless),
        TEST(what_was_acknowledged_survives_kill_9),
    };
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
