/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines: what they look like, and that nothing in a field makes one that is no line, no JSON or
 * no UTF-8. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/csprng.h"
#include "base/log.h"

enum { CAPACITY = 1024, STEPS = 20000 };

static const uint64_t moment_ns = UINT64_C(1795257727318000000); /* 2026-11-21T10:42:07.318Z */

/* --- a reader of JSON as strict as RFC 8259: 0, or where it stops being that */

static const char *after_utf8(const char *at)
{
    const unsigned char *s = (const unsigned char *)at;
    unsigned more = s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : 1;
    uint32_t point = s[0] & (0x3fu >> more);
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};

    if (s[0] < 0xc0 || s[0] >= 0xf8)
        return NULL;
    for (unsigned i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return NULL;
        point = point << 6 | (s[i] & 0x3f);
    }
    if (point < smallest[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return NULL;
    if (point < 0xa0) /* allowed by JSON, but a terminal would obey it */
        return NULL;
    return at + more + 1;
}

static const char *after_escape(const char *at)
{
    if (*at && strchr("\"\\/bfnrt", *at))
        return at + 1;
    return *at == 'u' && strspn(at + 1, "0123456789abcdefABCDEF") >= 4 ? at + 5 : NULL;
}

static const char *after_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    while (at && *at != '"') {
        if ((unsigned char)*at >= 0x80)
            at = after_utf8(at);
        else if (*at == '\\')
            at = after_escape(at + 1);
        else
            at = *at >= ' ' && *at != 0x7f ? at + 1 : NULL;
    }
    return at ? at + 1 : NULL;
}

static const char *after_value(const char *at)
{
    if (*at == '"')
        return after_string(at);
    at += *at == '-';
    size_t digits = strspn(at, "0123456789");
    return digits && (*at != '0' || digits == 1) ? at + digits : NULL;
}

/* TEXT is one object of strings and integers, and a newline. */
static bool is_json_line(const char *at)
{
    if (*at != '{')
        return false;
    do {
        at = after_string(at + 1);
        at = at && *at == ':' ? after_value(at + 1) : NULL;
    } while (at && *at == ',');
    return at && strcmp(at, "}\n") == 0;
}

static void the_reader_of_json_is_strict(void **state)
{
    static const char *const good[] = {"{\"a\":1}\n",
                                       "{\"a\":-10,\"b\":\"\\u001b\\\"\xc3\xa9\"}\n"};
    static const char *const bad[] = {
        "",
        "{\"a\":1}",
        "{\"a\":1}\n\n",
        "{\"a\":01}\n",
        "{\"a\":\"x}\n",
        "{\"a\":\"\n\"}\n",
        "{\"a\":\"\\x\"}\n",
        "{\"a\":\"\\u12\"}\n",
        "{\"a\":\"\x80\"}\n",
        "{\"a\":\"\xc0\xaf\"}\n",
        "{\"a\":\"\xed\xa0\x80\"}\n",
        "{\"a\":\"\xf5\x80\x80\x80\"}\n",
        "{\"a\":\"\xe2\x82\"}\n",
        "{\"a\":\"\xc2\x9b\"}\n",
        "{\"a\":1,}\n",
        "{\"a\":}\n",
        "{\"a\":1}x\n",
        "{a:1}\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(is_json_line(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (is_json_line(bad[i]))
            fail_msg("taken for JSON: %s", bad[i]);
}

/* --- the lines */

static const char *line_of(enum el_log_format format, enum el_log_level level,
                           const struct el_log_field *fields)
{
    static char text[CAPACITY + 1];
    size_t len =
        el_log_format_line(text, CAPACITY, format, moment_ns, level, "dhcp", "ack", fields);

    assert_true(len <= CAPACITY);
    text[len] = '\0';
    assert_int_equal(strlen(text), len);
    return text;
}

static void every_kind_of_field_has_its_form(void **state)
{
    const struct el_mac mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
    struct el_endpoint endpoint = {.ip = el_ip4(0xc0000201), .port = 51820};
    const struct el_log_field fields[] = {
        EL_MAC("mac", &mac),
        EL_IP("ip", &endpoint.ip),
        EL_ENDPOINT("from", &endpoint),
        EL_UINT("most", UINT64_MAX),
        EL_INT("least", INT64_MIN),
        EL_STR("name", "a b"),
        EL_STR("plain", "mars"),
        EL_STR("nothing", NULL),
        EL_STR("empty", ""),
        {.key = NULL},
    };

    (void)state;
    assert_string_equal(
        line_of(EL_LOG_JSON, EL_LOG_INFO, fields),
        "{\"time\":\"2026-11-21T10:42:07.318Z\",\"level\":\"info\",\"room\":\"dhcp\","
        "\"event\":\"ack\",\"mac\":\"52:54:00:12:34:56\",\"ip\":\"192.0.2.1\","
        "\"from\":\"192.0.2.1:51820\",\"most\":18446744073709551615,"
        "\"least\":-9223372036854775808,\"name\":\"a b\",\"plain\":\"mars\",\"empty\":\"\"}\n");
    assert_string_equal(line_of(EL_LOG_TEXT, EL_LOG_INFO, fields),
                        "10:42:07.318 dhcp: ack mac=52:54:00:12:34:56 ip=192.0.2.1 "
                        "from=192.0.2.1:51820 most=18446744073709551615 "
                        "least=-9223372036854775808 name=\"a b\" plain=mars empty=\"\"\n");
}

static void people_see_what_is_serious(void **state)
{
    static const struct el_log_field none[] = {{.key = NULL}};

    (void)state;
    assert_string_equal(line_of(EL_LOG_TEXT, EL_LOG_ERROR, none), "10:42:07.318 error dhcp: ack\n");
    assert_string_equal(line_of(EL_LOG_TEXT, EL_LOG_WARN, none), "10:42:07.318 warn dhcp: ack\n");
    assert_string_equal(line_of(EL_LOG_TEXT, EL_LOG_DEBUG, none), "10:42:07.318 dhcp: ack\n");
}

static void a_field_cannot_forge_a_line(void **state)
{
    static const struct {
        const char *field, *escaped;
    } table[] = {
        {"x\n10:42:08.000 dhcp: ack", "x\\u000a10:42:08.000 dhcp: ack"},
        {"\x1b[2J\x7f", "\\u001b[2J\\u007f"},
        {"\"}\\", "\\\"}\\\\"},
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xc2\x9b", "\\ufffd\\ufffd"},            /* CSI, as terminals know it in UTF-8 */
        {"\xff", "\\ufffd"},                       /* never in UTF-8 */
        {"\xc0\xaf", "\\ufffd\\ufffd"},            /* an overlong slash */
        {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"}, /* a surrogate */
        {"\xf0\x9f\x98", "\\ufffd\\ufffd\\ufffd"}, /* cut off by the end */
    };
    char expected[200];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct el_log_field fields[] = {EL_STR("k", table[i].field), {.key = NULL}};
        const char *json = line_of(EL_LOG_JSON, EL_LOG_INFO, fields);
        assert_true(is_json_line(json));
        snprintf(expected, sizeof expected, "\"event\":\"ack\",\"k\":\"%s\"}\n", table[i].escaped);
        assert_string_equal(strstr(json, "\"event\""), expected);
        snprintf(expected, sizeof expected, "10:42:07.318 dhcp: ack k=\"%s\"\n", table[i].escaped);
        assert_string_equal(line_of(EL_LOG_TEXT, EL_LOG_INFO, fields), expected);
    }
}

static void a_field_too_long_is_left_out_alone(void **state)
{
    char many[2 * CAPACITY];

    (void)state;
    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    const struct el_log_field fields[] = {
        EL_UINT("a", 1), EL_STR("b", many), EL_UINT("c", 2), {.key = NULL}};
    assert_string_equal(line_of(EL_LOG_TEXT, EL_LOG_INFO, fields),
                        "10:42:07.318 dhcp: ack a=1 c=2\n");
    const char *json = line_of(EL_LOG_JSON, EL_LOG_INFO, fields);
    assert_true(is_json_line(json));
    assert_non_null(strstr(json, "\"ack\",\"a\":1,\"c\":2}"));
}

/* Into every capacity: a whole line or none, and never a byte too many. */
static void a_line_is_whole_or_not_there(void **state)
{
    const struct el_log_field fields[] = {
        EL_STR("a", "\x01\xff\""), EL_UINT("b", 7), {.key = NULL}};
    char text[200];
    size_t last = 0;

    (void)state;
    for (size_t capacity = 0; capacity < sizeof text - 1; capacity++) {
        memset(text, 0, sizeof text);
        size_t len = el_log_format_line(text, capacity, EL_LOG_JSON, moment_ns, EL_LOG_INFO, "dhcp",
                                        "ack", fields);
        assert_true(len <= capacity);
        assert_int_equal(text[capacity], 0);
        text[len] = '\0';
        assert_true(len == 0 || is_json_line(text));
        assert_true(last <= len || len > 0);
        last = len;
    }
    assert_non_null(strstr(text, "\"a\":\"\\u0001\\ufffd\\\"\",\"b\":7}\n"));
}

static void stays_well_formed_under_random_fields(void **state)
{
    /* Bytes at which UTF-8 and JSON change their mind come more often than others. */
    static const unsigned char edge[] = "\"\\\n\x1f\x20\x7e\x7f\x80\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0"
                                        "\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff";
    char field[300];

    (void)state;
    el_random_seed_for_test(8259);
    for (unsigned step = 0; step < STEPS; step++) {
        size_t len = el_random_below(step % 16 ? 12 : sizeof field);
        for (size_t i = 0; i < len; i++)
            field[i] = (char)(el_random_below(4) ? edge[el_random_below(sizeof edge - 1)]
                                                 : 1 + el_random_below(255));
        field[len] = '\0';
        const struct el_log_field fields[] = {
            EL_STR("a", field), EL_STR("b", field), {.key = NULL}};
        if (!is_json_line(line_of(EL_LOG_JSON, EL_LOG_INFO, fields)))
            fail_msg("step %u: %s", step, line_of(EL_LOG_JSON, EL_LOG_INFO, fields));
        const char *text = line_of(EL_LOG_TEXT, EL_LOG_INFO, fields);
        assert_int_equal(strcspn(text, "\n") + 1, strlen(text));
        for (; *text != '\n'; text++)
            assert_true((unsigned char)*text >= ' ' && *text != 0x7f);
    }
}

static void only_what_is_wanted_is_written(void **state)
{
    int ends[2], saved = dup(STDERR_FILENO);
    char text[CAPACITY];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    el_log_setup(EL_LOG_WARN, EL_LOG_JSON);
    EL_LOG(EL_LOG_INFO, "test", "unheard", EL_UINT("n", 1));
    EL_LOG(EL_LOG_WARN, "test", "heard", EL_UINT("n", 2));
    el_log_setup(EL_LOG_INFO, EL_LOG_TEXT);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(ends[1]);
    close(saved);
    ssize_t len = read(ends[0], text, sizeof text - 1);
    assert_true(len > 0);
    text[len] = '\0';
    assert_true(is_json_line(text)); /* one line: no more was written */
    assert_non_null(
        strstr(text, "\"level\":\"warn\",\"room\":\"test\",\"event\":\"heard\",\"n\":2}"));
    close(ends[0]);
}

/* How many lines of the file at FD begin with TEXT behind the time. */
static unsigned lines_with(int fd, const char *text)
{
    FILE *in = fdopen(dup(fd), "r");
    char line[CAPACITY];
    unsigned count = 0;

    assert_non_null(in);
    rewind(in);
    while (fgets(line, sizeof line, in)) {
        const char *space = strchr(line, ' ');
        count += space && strncmp(space + 1, text, strlen(text)) == 0;
    }
    fclose(in);
    return count;
}

/* Whoever makes us log fills no disk with it, hides no error by it, and is not kept secret. */
static void a_flood_is_bounded(void **state)
{
    static const unsigned lines = 4 * EL_LOG_BURST;
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);

    (void)state;
    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    el_log_setup(EL_LOG_DEBUG, EL_LOG_TEXT);
    for (unsigned i = 0; i < lines; i++)
        EL_LOG(EL_LOG_INFO, "test", "flood", EL_UINT("i", i));
    EL_LOG(EL_LOG_ERROR, "test", "error", EL_UINT("i", 1));
    EL_LOG(EL_LOG_DEBUG, "test", "debug", EL_UINT("i", 1));
    unsigned written = lines_with(STDERR_FILENO, "test: flood");
    for (unsigned said = 0; said == 0; said = lines_with(STDERR_FILENO, "warn log: flood"))
        EL_LOG(EL_LOG_INFO, "test", "later", EL_UINT("i", 1));
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    assert_in_range(written, EL_LOG_BURST - 100, lines - 1);
    assert_int_equal(lines_with(fileno(file), "error test: error"), 1);
    assert_int_equal(lines_with(fileno(file), "test: debug"), 1);
    fclose(file);
}

/* Logs until nothing more goes into FD, and further; then reads with READER until it is told how
 * much was lost. A line that waited would wait for ever: nobody else reads. */
static void check_reader_that_stops(int fd, int reader, void (*stop)(int), void (*go)(int))
{
    enum { LINES = 3000 }; /* of about 60 bytes: more than a pipe or a terminal holds */
    static char text[512 * 1024];
    int saved = dup(STDERR_FILENO);
    size_t len = 0;
    char *told = NULL;

    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    el_log_setup(EL_LOG_DEBUG, EL_LOG_TEXT);
    stop(fd);
    for (unsigned i = 0; i < LINES; i++)
        EL_LOG(EL_LOG_DEBUG, "test", "many", EL_STR("filler", "aaaaaaaaaaaaaaaaaaaa"));
    go(fd);
    while (!told) {
        struct pollfd more = {reader, POLLIN, 0};
        EL_LOG(EL_LOG_WARN, "test", "again", EL_UINT("i", 1)); /* it may still be full: then lost */
        if (poll(&more, 1, 1) == 0)
            continue; /* one too many of this kind: soon there may be more */
        ssize_t n = read(reader, text + len, sizeof text - 1 - len);
        assert_true(n > 0);
        len += (size_t)n;
        text[len] = '\0';
        told = strstr(text, "lines_not_written=");
        told = told && strchr(told, '\n') ? told : NULL;
    }
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    unsigned written = 0;
    for (const char *at = text; (at = strstr(at, "test: many")); at++)
        written++;
    uint64_t lost = strtoull(strchr(told, '=') + 1, NULL, 10);
    assert_true(written < LINES);
    assert_true(lost >= LINES - written); /* and of other lines */
}

static void leave(int fd)
{
    (void)fd;
}

static void a_full_pipe_is_not_waited_for(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    check_reader_that_stops(ends[1], ends[0], leave, leave);
    close(ends[0]);
    close(ends[1]);
}

static void stop_terminal(int fd)
{
    assert_int_equal(tcflow(fd, TCOOFF), 0);
}

static void let_terminal_go(int fd)
{
    assert_int_equal(tcflow(fd, TCOON), 0);
}

/* Ctrl-S. */
static void a_stopped_terminal_is_not_waited_for(void **state)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);

    (void)state;
    if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0)
        skip(); /* a system without */
    int fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(fd >= 0);
    check_reader_that_stops(fd, terminal, stop_terminal, let_terminal_go);
    close(fd);
    close(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reader_of_json_is_strict),
        cmocka_unit_test(every_kind_of_field_has_its_form),
        cmocka_unit_test(people_see_what_is_serious),
        cmocka_unit_test(a_field_cannot_forge_a_line),
        cmocka_unit_test(a_field_too_long_is_left_out_alone),
        cmocka_unit_test(a_line_is_whole_or_not_there),
        cmocka_unit_test(stays_well_formed_under_random_fields),
        cmocka_unit_test(only_what_is_wanted_is_written),
        cmocka_unit_test(a_flood_is_bounded),
        cmocka_unit_test(a_full_pipe_is_not_waited_for),
        cmocka_unit_test(a_stopped_terminal_is_not_waited_for),
    };

    setenv("TZ", "UTC0", 1); /* text has the local time */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
