/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plays a seed corpus through a fuzz target without libFuzzer, so that every ordinary build, with
 * every compiler and sanitizer, meets the same bad input: each file as it is, each file cut short
 * at every byte, and a fixed number of mutations of each (4000, or as told). The randomness is
 * seeded by the file's own bytes: the same corpus gives the same run anywhere, and a failure
 * repeats.
 *
 *     WHAT_fuzz [-mutations=N] CORPUS-DIRECTORY|FILE...
 *
 * The input that is being played is kept in memory; when the target crashes, hangs or meets a
 * sanitizer on it, it is written to WHAT_fuzz.crash, which is ready to become a corpus file.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum {
    MUTATIONS = 4000, /* of a file */
    INPUT_MAX_BYTES = 1 << 17,
    CUTS_MAX = 4096, /* a longer file is cut at each of its first bytes only */
    EDITS_MAX = 6,   /* edits that make one mutation */
    HEAP_BLOCK_MAX = 1 << 17,
    HANG_S = 60, /* generous: not a measure of speed, only of "never comes back" */
};

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

#ifdef SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is being played: static, so that the crash handler finds it. */
static uint8_t played[INPUT_MAX_BYTES];
static volatile size_t played_len;
static char crash_path[4096];
static unsigned long inputs;
static unsigned long mutations = MUTATIONS;

static uint64_t xorshift_state;

static uint64_t xorshift(void)
{
    xorshift_state ^= xorshift_state << 13;
    xorshift_state ^= xorshift_state >> 7;
    xorshift_state ^= xorshift_state << 17;
    return xorshift_state;
}

static size_t below(size_t limit)
{
    return limit == 0 ? 0 : (size_t)(xorshift() % limit);
}

/* FNV-1a: only there to give each file a seed of its own. */
static uint64_t seed_of(const uint8_t *bytes, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash == 0 ? 1 : hash; /* zero is the one state that xorshift never leaves */
}

static void keep_input(void)
{
    int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd >= 0) {
        ssize_t written = write(fd, played, played_len);
        (void)written;
        close(fd);
    }
}

static void on_signal(int number)
{
    keep_input();
    signal(number, SIG_DFL);
    raise(number);
}

/* A sanitizer has handlers of its own, that say more than ours; it calls us before it ends. */
static void watch_for_crashes(const char *program)
{
    const char *slash = strrchr(program, '/');
    snprintf(crash_path, sizeof crash_path, "%s.crash", slash != NULL ? slash + 1 : program);
    signal(SIGALRM, on_signal);
#ifdef SANITIZED
    __sanitizer_set_death_callback(keep_input);
#else
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        signal(fatal[i], on_signal);
#endif
}

/*
 * Every call gets its bytes at the very end of a block of exactly their size: reading one byte too
 * far is then seen by the address sanitizer and by valgrind.
 */
static void play(void)
{
    uint8_t *exact = malloc(played_len > 0 ? played_len : 1);
    if (exact == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    memcpy(exact, played, played_len);
    alarm(HANG_S);
    LLVMFuzzerTestOneInput(exact, played_len);
    free(exact);
    inputs++;
}

/* Values that length fields and counters break on. */
static const uint8_t boundary[] = {0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff};

static void edit(const uint8_t *file, size_t file_len)
{
    size_t len = played_len;
    size_t at = below(len);
    size_t span = 1 + below(len - at < 16 ? len - at : 16);

    switch (xorshift() % 8) {
    case 0: /* flip a bit */
        if (len > 0)
            played[at] ^= (uint8_t)(1u << (xorshift() % 8));
        break;
    case 1: /* a random byte */
        if (len > 0)
            played[at] = (uint8_t)xorshift();
        break;
    case 2: /* a boundary value */
        if (len > 0)
            played[at] = boundary[below(sizeof boundary)];
        break;
    case 3: /* one more or one less, where a length stands */
        if (len > 0)
            played[at] = (uint8_t)(played[at] + (xorshift() % 2 == 0 ? 1 : 255));
        break;
    case 4: /* remove a span */
        if (at + span <= len) {
            memmove(played + at, played + at + span, len - at - span);
            played_len = len - span;
        }
        break;
    case 5: /* repeat a span, as a field that comes twice */
        if (at + span <= len && len + span <= sizeof played) {
            memmove(played + at + span, played + at, len - at);
            played_len = len + span;
        }
        break;
    case 6: /* cut short */ played_len = at; break;
    default: /* bytes from elsewhere in the file */
        if (at + span <= len && span <= file_len)
            memcpy(played + at, file + below(file_len - span + 1), span);
        break;
    }
}

static void play_file(const char *path)
{
    static uint8_t file[INPUT_MAX_BYTES];
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        perror(path);
        exit(1);
    }
    size_t len = fread(file, 1, sizeof file, stream);
    fclose(stream);

    for (size_t cut = 0; cut < len && cut < CUTS_MAX; cut++) {
        memcpy(played, file, cut);
        played_len = cut;
        play();
    }
    memcpy(played, file, len);
    played_len = len;
    play();

    xorshift_state = seed_of(file, len);
    for (unsigned long i = 0; i < mutations; i++) {
        memcpy(played, file, len);
        played_len = len;
        for (size_t edits = 1 + below(EDITS_MAX); edits > 0; edits--)
            edit(file, len);
        play();
    }
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Returns the number of files played; in the order of their names, which no file system changes. */
static int play_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        perror(path);
        exit(1);
    }
    if (!S_ISDIR(status.st_mode)) {
        play_file(path);
        return 1;
    }
    struct dirent **entries;
    int count = scandir(path, &entries, visible, alphasort);
    if (count < 0) {
        perror(path);
        exit(1);
    }
    for (int i = 0; i < count; i++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        play_file(name);
        free(entries[i]);
    }
    free(entries);
    return count;
}

/*
 * Each input makes its world anew, and frees it. Its large tables, of which it touches little, come
 * from the kernel, which need not clear what nobody touches; the rest stays with the heap.
 */
static void settle_heap(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, HEAP_BLOCK_MAX);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

int main(int argc, char **argv)
{
    watch_for_crashes(argv[0]);
    settle_heap();

    int files = 0;
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "-mutations=", 11) == 0)
            mutations = strtoul(argv[i] + 11, NULL, 10);
        else
            files += play_path(argv[i]);
    if (files == 0) {
        fprintf(stderr, "%s: no corpus\n", argv[0]);
        return 1;
    }
    printf("%d files, %lu inputs\n", files, inputs);
    return 0;
}
