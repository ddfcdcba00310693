/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manifests, names and entries, and a library on a real disk. */
#include "image/add.h"
#include "image/arrival.h"
#include "image/manifest.h"
#include "image/verify.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/image_test.XXXXXX";
static int library;
static unsigned said;
static bool stop;

/* -- a library, a tree, and whoever waits -- */

static void write_file(const char *path, const void *bytes, size_t len)
{
    char whole[300];
    snprintf(whole, sizeof whole, "%s/%s", directory, path);
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
    char command[600], whole[700];
    va_list values;

    va_start(values, format);
    vsnprintf(command, sizeof command, format, values);
    va_end(values);
    snprintf(whole, sizeof whole, "cd %s && %s", directory, command);
    assert_int_equal(system(whole), 0);
}

static int begin(void **state)
{
    (void)state;
    strcpy(strrchr(directory, '.'), ".XXXXXX");
    assert_non_null(mkdtemp(directory));
    run("mkdir -p library tree/boot && head -c 2500000 /dev/zero >tree/boot/vmlinuz && "
        "echo hello >tree/boot/initrd && ln -s boot/initrd tree/link && "
        "ln -s /etc/passwd tree/outside && echo x >tree/.hidden && mkfifo tree/fifo");
    struct el_err err = {""};
    char path[100];
    snprintf(path, sizeof path, "%s/library", directory);
    library = el_image_library_open(path, &err);
    assert_true(library >= 0);
    said = 0;
    stop = false;
    return 0;
}

static int end(void **state)
{
    (void)state;
    close(library);
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

static void on_step(void *arg, const char *doing, const char *name, uint64_t done, uint64_t total)
{
    (void)arg;
    assert_true(*doing && *name && (total == 0 || done <= total));
}

static void on_say(void *arg, const char *text)
{
    (void)arg;
    assert_true(*text);
    said++;
}

static bool on_stopped(void *arg)
{
    (void)arg;
    return stop;
}

static const struct el_image_progress progress = {on_step, on_say, on_stopped, NULL};

/* Names that are in the library, hidden ones too. */
static size_t count_in_library(void)
{
    char command[100];
    unsigned count = 0;

    snprintf(command, sizeof command, "ls -A %s/library | wc -l", directory);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    assert_int_equal(fscanf(out, "%u", &count), 1);
    pclose(out);
    return count;
}

/* -- manifests -- */

static const char *manifest_of(const char *const *paths, const size_t *sizes, unsigned count)
{
    static char text[20000];
    FILE *out = fmemopen(text, sizeof text, "w");

    el_image_manifest_begin(out);
    for (unsigned i = 0; i < count; i++) {
        struct el_image_hash *hash = el_image_hash_new();
        uint8_t *zeros = calloc(1, sizes[i] + 1);
        /* in odd pieces: blocks are not the caller's concern */
        for (size_t at = 0; at < sizes[i]; at += 70001) {
            size_t part = sizes[i] - at < 70001 ? sizes[i] - at : 70001;
            assert_int_equal(el_image_hash_add(hash, zeros + at, part), 0);
        }
        assert_int_equal(el_image_hash_finish(hash), 0);
        el_image_manifest_put(out, paths[i], hash);
        free(zeros);
        el_image_hash_free(hash);
    }
    el_image_manifest_end(out, count);
    fclose(out);
    return text;
}

/* SHA-256 of a mebibyte of zeros, of nothing, and of "abc" (FIPS 180-4's example). */
#define MEBIBYTE "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"
#define NOTHING  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void a_manifest_is_read_as_it_was_written(void **state)
{
    (void)state;
    static const char *const paths[] = {"a/one block", "b", "empty"};
    static const size_t sizes[] = {1 << 20, (2 << 20) + 1, 0};
    const char *text = manifest_of(paths, sizes, 3);
    assert_non_null(strstr(text, "file 1048576 " MEBIBYTE " a/one block\nfile 2097153 "));
    assert_non_null(strstr(text, "\nfile 0 " NOTHING " empty\nend 3\n"));

    struct el_image_manifest manifest;
    struct el_image_file file;
    struct el_err err = {""};
    uint8_t digest[EL_IMAGE_SHA256];
    char digits[EL_IMAGE_SHA256_TEXT];
    assert_int_equal(el_image_manifest_open(&manifest, text, strlen(text), &err), 0);
    assert_int_equal(el_image_manifest_next(&manifest, &file, &err), 1);
    assert_string_equal(file.path, "a/one block");
    assert_int_equal(file.block_count, 1);
    el_image_file_block(&file, 0, digest);
    assert_string_equal(el_image_sha256_text(digest, digits), MEBIBYTE);
    assert_int_equal(el_image_manifest_next(&manifest, &file, &err), 1);
    assert_int_equal(file.block_count, 3);
    el_image_file_block(&file, 1, digest);
    assert_string_equal(el_image_sha256_text(digest, digits), MEBIBYTE);
    assert_int_equal(el_image_manifest_next(&manifest, &file, &err), 1);
    assert_int_equal(file.block_count, 0);
    assert_int_equal(el_image_manifest_next(&manifest, &file, &err), 0);
}

static void a_manifest_that_is_wrong_is_refused(void **state)
{
    (void)state;
#define HEAD            "el2w manifest 1\nblock 1048576\n"
#define FILE_LINE(path) "file 0 " NOTHING " " path "\n"
    static const char *const cases[][2] = {
        {"", "line 1: this is no manifest"},
        {"el2w manifest 2\n", "line 1: "},
        {"el2w manifest 1\nblock 4096\n", "line 2: blocks of another size"},
        {HEAD, "line 3: it ends early"},
        {HEAD FILE_LINE("a"), "line 4: it ends early"},
        {HEAD FILE_LINE("a") "end 1", "line 4: it ends early"},
        {HEAD FILE_LINE("a") "end 2\n", "another number of files"},
        {HEAD FILE_LINE("a") "end 1\nx", "something behind"},
        {HEAD FILE_LINE("b") FILE_LINE("a") "end 2\n", "not in order"},
        {HEAD FILE_LINE("a") FILE_LINE("a") "end 2\n", "not in order"},
        {HEAD FILE_LINE("../a") "end 1\n", "not a file's name"},
        {HEAD FILE_LINE("a//b") "end 1\n", "not a file's name"},
        {HEAD FILE_LINE("") "end 1\n", "not a file's name"},
        {HEAD "file 00 " NOTHING " a\nend 1\n", "not the size"},
        {HEAD "file 99999999999999999999 " NOTHING " a\nend 1\n", "not the size"},
        {HEAD "file 1048577 " NOTHING " a\nend 1\n", "not the SHA-256 of a block"},
        {HEAD "file 1048577 " NOTHING " a\n" NOTHING "\n", "not the SHA-256 of a block"},
        {HEAD "dir a\n", "neither a file nor the end"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct el_image_manifest manifest;
        struct el_image_file file;
        struct el_err err = {""};
        int rc = el_image_manifest_open(&manifest, cases[i][0], strlen(cases[i][0]), &err);
        while (rc >= 0 && (rc = el_image_manifest_next(&manifest, &file, &err)) == 1)
            ;
        assert_int_equal(rc, EL_EPROTO);
        if (!strstr(err.text, cases[i][1]))
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i][1]);
    }
}

/* -- names -- */

static void names_are_what_people_say(void **state)
{
    (void)state;
    static const struct {
        const char *distribution, *version, *file;
        enum el_boot_arch arch;
        const char *names[3];
    } cases[] = {
        {"debian",
         "12.5.0",
         "x.iso",
         EL_BOOT_X86_64,
         {"debian-12", "debian-12.5.0", "debian-12-2"}},
        {"ubuntu",
         "24.04.1",
         "x.iso",
         EL_BOOT_X86_64,
         {"ubuntu-24.04", "ubuntu-24.04.1", "ubuntu-24.04-2"}},
        {"debian",
         "12",
         "x.iso",
         EL_BOOT_ARM64,
         {"debian-12-arm64", "debian-12-arm64", "debian-12-arm64-2"}},
        {"memtest86+", "", "x.iso", EL_BOOT_ANY_ARCH, {"memtest86", "memtest86", "memtest86-2"}},
        {"",
         "",
         "/srv/My Tool (2).ISO",
         EL_BOOT_ANY_ARCH,
         {"my-tool-2", "my-tool-2", "my-tool-2-2"}},
        {"", "", "...", EL_BOOT_ANY_ARCH, {"image", "image", "image-2"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct el_boot_entry entry = {.arch = cases[i].arch};
        char name[EL_BOOT_NAME_BYTES];
        strcpy(entry.distribution, cases[i].distribution);
        strcpy(entry.version, cases[i].version);
        for (unsigned j = 0; j < 3; j++) {
            assert_true(el_image_entry_name(&entry, cases[i].file, j, name));
            assert_string_equal(name, cases[i].names[j]);
            assert_true(el_boot_entry_is_name(name));
        }
        assert_false(el_image_entry_name(&entry, cases[i].file, EL_IMAGE_NAMES, name));
    }
    char file[EL_BOOT_PATH_BYTES];
    el_image_file_name("https://host/a/debian-12.iso?x=/y", file);
    assert_string_equal(file, "debian-12.iso");
    el_image_file_name("/srv/my tool.iso", file);
    assert_string_equal(file, "image.iso");
    el_image_file_name("entry.conf", file);
    assert_string_equal(file, "image.iso");
}

static void what_a_person_says_counts(void **state)
{
    (void)state;
    struct el_media_facts facts = {.title = "Debian 12",
                                   .distribution = "debian",
                                   .version = "12.5.0",
                                   .arch = "x86_64",
                                   .installer = "debian",
                                   .kernel = "k",
                                   .initrd = {"i"},
                                   .initrd_count = 1,
                                   .args = "found"};
    struct el_image_said said_all = {
        .kernel = "other", .title = "Mine", .initrds = {"a", "b"}, .initrd_count = 2};
    struct el_boot_entry entry = {.name = ""};
    struct el_err err = {""};
    char *text;
    assert_int_equal(el_image_entry_fill(&(struct el_image_said){0}, &facts, "f", &entry, &err), 0);
    assert_string_equal(entry.args, "found");
    assert_int_equal(el_image_entry_text(&entry, &text, &err), 0);
    assert_non_null(strstr(text, "\nkernel       = k\n"));
    free(text);
    entry = (struct el_boot_entry){.name = ""};
    assert_int_equal(el_image_entry_fill(&said_all, &facts, "f", &entry, &err), 0);
    assert_string_equal(entry.kernel, "other");
    assert_string_equal(entry.args, ""); /* those were the other kernel's */
    assert_int_equal(entry.initrd_count, 2);
    assert_string_equal(entry.title, "Mine");

    entry = (struct el_boot_entry){.name = ""};
    facts = (struct el_media_facts){.note = "it needs wimboot"};
    assert_int_equal(el_image_entry_fill(&(struct el_image_said){0}, &facts, "f", &entry, &err),
                     EL_EINVAL);
    assert_non_null(strstr(err.text, "it needs wimboot"));
    entry = (struct el_boot_entry){.kernel = "../k"};
    assert_true(el_image_entry_text(&entry, &text, &err) < 0);
    entry = (struct el_boot_entry){.kernel = "k", .args = "a || b"};
    assert_true(el_image_entry_text(&entry, &text, &err) < 0);
}

/* -- the library -- */

static int add_tree(const char *name, struct el_image_added *added, struct el_err *err)
{
    char path[100];
    struct el_image_add add = {
        .library = library,
        .file = path,
        .progress = &progress,
        .said = {
            .name = name, .kernel = "boot/vmlinuz", .initrds = {"boot/initrd"}, .initrd_count = 1}};

    snprintf(path, sizeof path, "%s/tree/", directory);
    return el_image_add(&add, added, err);
}

static void a_tree_comes_and_goes(void **state)
{
    (void)state;
    struct el_image_added added;
    struct el_boot_entry entry;
    struct el_err err = {""};
    unsigned faults = 0;
    assert_int_equal(add_tree(NULL, &added, &err), 0);
    assert_string_equal(added.name, "tree");
    assert_false(added.existed);
    assert_int_equal(said, 2); /* what leads outside, and the FIFO */
    run("cmp tree/boot/vmlinuz library/tree/boot/vmlinuz && test -f library/tree/link && "
        "test ! -e library/tree/outside && test ! -e library/tree/.hidden");
    assert_int_equal(el_image_library_read(library, "tree", &entry, &err), 0);
    assert_int_equal(strlen(entry.sha256), 64);
    assert_int_equal(el_image_verify(library, "tree", &progress, &faults, &err), 0);
    assert_int_equal(faults, 0);

    assert_int_equal(add_tree(NULL, &added, &err), 0); /* the same again */
    assert_true(added.existed);
    assert_int_equal(count_in_library(), 1);
    assert_int_equal(add_tree("other", &added, &err), EL_EEXIST);
    assert_non_null(strstr(err.text, "as tree"));

    run("printf x | dd of=library/tree/boot/vmlinuz bs=1 seek=1500000 conv=notrunc 2>/dev/null");
    assert_int_equal(el_image_verify(library, "tree", &progress, &faults, &err), 0);
    assert_int_equal(faults, 1);
    run("rm library/tree/boot/initrd && echo longer >>library/tree/link");
    assert_int_equal(el_image_verify(library, "tree", &progress, &faults, &err), 0);
    assert_int_equal(faults, 3);

    int open_file = openat(library, "tree/boot/vmlinuz", O_RDONLY | O_CLOEXEC);
    char byte;
    assert_int_equal(el_image_library_remove(library, "tree", &err), 0);
    assert_int_equal(pread(open_file, &byte, 1, 1500000), 1); /* whoever reads it goes on */
    assert_int_equal(byte, 'x');
    close(open_file);
    assert_int_equal(count_in_library(), 0);
    assert_int_equal(el_image_library_remove(library, "tree", &err), EL_ENOENT);
    assert_int_equal(el_image_library_remove(library, "../tree", &err), EL_ENOENT);
}

static void what_is_stopped_leaves_nothing(void **state)
{
    (void)state;
    struct el_image_added added;
    struct el_err err = {""};
    stop = true;
    assert_int_equal(add_tree(NULL, &added, &err), EL_ECLOSED);
    assert_int_equal(count_in_library(), 0);
    stop = false;
    run("rm tree/boot/initrd");
    assert_int_equal(add_tree(NULL, &added, &err), EL_ENOENT);
    assert_non_null(strstr(err.text, "boot/initrd"));
    assert_int_equal(count_in_library(), 0);
}

static void a_name_that_is_taken_is_not_given_twice(void **state)
{
    (void)state;
    struct el_image_added added;
    struct el_err err = {""};
    assert_int_equal(add_tree("web", &added, &err), 0);
    run("echo more >>tree/boot/initrd");
    assert_int_equal(add_tree("web", &added, &err), EL_EEXIST);
    assert_non_null(strstr(err.text, "image web: "));
    assert_int_equal(add_tree(NULL, &added, &err), 0);
    run("echo more >>tree/boot/initrd");
    assert_int_equal(add_tree(NULL, &added, &err), 0);
    assert_string_equal(added.name, "tree-2");
    assert_int_equal(count_in_library(), 3);
}

static void an_entry_of_its_own_is_taken(void **state)
{
    (void)state;
    char path[100];
    struct el_image_add add = {.library = library, .file = path, .progress = &progress};
    struct el_image_added added;
    struct el_err err = {""};
    static const char conf[] = "title = Ours\nkernel = boot/vmlinuz\nargs = quiet\norder = 7\n";
    snprintf(path, sizeof path, "file://%s/tree", directory);
    write_file("tree/entry.conf", conf, sizeof conf - 1);
    assert_int_equal(el_image_add(&add, &added, &err), 0);
    assert_string_equal(added.entry.title, "Ours");
    assert_int_equal(el_image_library_read(library, "tree", &added.entry, &err), 0);
    assert_int_equal(added.entry.order, 7);
    assert_string_equal(added.entry.args, "quiet");
    write_file("tree/entry.conf", "kernel = /x\n", 12);
    assert_int_equal(el_image_add(&add, &added, &err), EL_EINVAL);
}

static void a_medium_is_an_image_for_each_way_to_boot_it(void **state)
{
    (void)state;
    char path[100];
    struct el_image_add add = {.library = library, .file = path, .progress = &progress};
    struct el_image_added added;
    struct el_boot_entry bios, efi;
    struct el_err err = {""};
    if (system("command -v genisoimage >/dev/null") != 0)
        skip();
    run("mkdir -p memtest/boot memtest/EFI/BOOT && head -c 2000000 /dev/zero "
        ">memtest/boot/memtest64.bin && "
        "echo efi >memtest/EFI/BOOT/BOOTX64.EFI && "
        "genisoimage -quiet -R -V MT86PLUS_64 -o 'mem test.iso' memtest 2>/dev/null");
    snprintf(path, sizeof path, "%s/mem test.iso", directory);
    assert_int_equal(el_image_add(&add, &added, &err), 0);
    assert_int_equal(count_in_library(), 2);
    assert_int_equal(el_image_library_read(library, added.name, &bios, &err), 0);
    assert_int_equal(bios.platform, EL_BOOT_BIOS);
    assert_string_equal(bios.media, "image.iso"); /* a name that can stand in a URL */
    strcat(added.name, "-efi");
    assert_int_equal(el_image_library_read(library, added.name, &efi, &err), 0);
    assert_int_equal(efi.platform, EL_BOOT_EFI);
    assert_string_equal(efi.sha256, bios.sha256);
    run("test \"$(stat -c %%h library/*/image.iso | sort -u)\" = 2"); /* the same bytes */
    assert_int_equal(el_image_add(&add, &added, &err), 0);
    assert_true(added.existed);

    add.sha256 = bios.sha256; /* what is said to be there is not looked for */
    add.file = "/nowhere";
    assert_int_equal(el_image_add(&add, &added, &err), 0);
    run("truncate -s 900000 'mem test.iso'"); /* cut off */
    add = (struct el_image_add){.library = library, .file = path, .progress = &progress};
    assert_true(el_image_add(&add, &added, &err) < 0);
    assert_non_null(strstr(err.text, "cut short"));
    assert_int_equal(count_in_library(), 2);
}

static void what_was_left_behind_is_swept(void **state)
{
    (void)state;
    run("cd library && mkdir -p .adding-1/a/b .removed-2 .adding-3 && touch .partial-4 .partial-5 "
        ".partial-5.from .other .adding-1/a/b/c && touch -d '9 days ago' .partial-5*");
    int working = openat(library, ".adding-3", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(working, LOCK_EX), 0);
    el_image_library_sweep(library, time(NULL));
    run("cd library && test \"$(echo $(ls -A))\" = '.adding-3 .other .partial-4'");
    close(working);
    el_image_library_sweep(library, time(NULL));
    assert_int_equal(count_in_library(), 2);
}

static void list_one(void *arg, const char *name, const struct el_boot_entry *entry,
                     const char *why)
{
    snprintf((char *)arg + strlen(arg), 100, "%s:%s ", name, entry ? entry->title : "wrong");
    assert_true(entry ? !why : strstr(why, "entry.conf:") != NULL);
}

static void broken_images_are_listed_as_such(void **state)
{
    (void)state;
    char all[300] = "";
    struct el_err err = {""};
    run("cd library && mkdir good bad none .hidden && echo 'kernel = k' >good/entry.conf && "
        "echo kernal >bad/entry.conf && cp good/entry.conf .hidden && ln -s good second && "
        "mkdir -p evil && ln -s ../good/entry.conf evil/entry.conf");
    /* Nothing is followed: whoever may write one directory would make us read another's file. */
    assert_int_equal(el_image_library_list(library, list_one, all, &err), 0);
    assert_string_equal(all, "bad:wrong evil:wrong good:good ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_is_read_as_it_was_written),
        cmocka_unit_test(a_manifest_that_is_wrong_is_refused),
        cmocka_unit_test(names_are_what_people_say),
        cmocka_unit_test(what_a_person_says_counts),
        TEST(a_tree_comes_and_goes),
        TEST(what_is_stopped_leaves_nothing),
        TEST(a_name_that_is_taken_is_not_given_twice),
        TEST(an_entry_of_its_own_is_taken),
        TEST(a_medium_is_an_image_for_each_way_to_boot_it),
        TEST(what_was_left_behind_is_swept),
        TEST(broken_images_are_listed_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
