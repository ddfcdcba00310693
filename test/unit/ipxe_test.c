/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The embedded loaders are whole and are what their names say: each format's own marks are looked
 * at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ipxe/ipxe.h"

static unsigned le16(const uint8_t *bytes)
{
    return bytes[0] | (unsigned)bytes[1] << 8;
}

static const struct el_ipxe_file *find(const char *name)
{
    const struct el_ipxe_file *file = el_ipxe_find(name);
    assert_non_null(file);
    assert_string_equal(file->name, name);
    return file;
}

/* PE/COFF: "MZ", at 0x3c where "PE\0\0" stands, behind it the machine it is for. */
static void assert_efi(const char *name, unsigned machine)
{
    const struct el_ipxe_file *file = find(name);
    assert_true(file->len > 0x40);
    assert_memory_equal(file->bytes, "MZ", 2);
    size_t header = le16(file->bytes + 0x3c);
    assert_true(header + 6 <= file->len);
    assert_memory_equal(file->bytes + header, "PE\0\0", 4);
    assert_int_equal(le16(file->bytes + header + 4), machine);
}

static void efi_loaders_are_for_their_machine(void **state)
{
    (void)state;
    assert_efi("ipxe.efi", 0x8664);
    assert_efi("snponly.efi", 0x8664);
    assert_efi("ipxe-arm64.efi", 0xaa64);
}

/*
 * A BIOS loads a network boot program to 0:7c00 and jumps to its first byte; iPXE's prefix begins
 * by jumping to 07c0:xxxx, so that its segment is known. It must fit below the BIOS's own memory.
 */
static void bios_loaders_begin_with_a_far_jump(void **state)
{
    (void)state;
    static const char *const names[] = {"undionly.kpxe", "ipxe.pxe"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct el_ipxe_file *file = find(names[i]);
        assert_in_range(file->len, 64 * 1024, 512 * 1024);
        assert_int_equal(file->bytes[0], 0xea);
        assert_int_equal(le16(file->bytes + 3), 0x07c0);
    }
}

static void only_exact_names_are_found(void **state)
{
    (void)state;
    static const char *const names[] = {"",          "ipxe",     "ipxe.ef",
                                        "ipxe.efi ", "IPXE.EFI", "/ipxe.efi"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_null(el_ipxe_find(names[i]));
}

static void names_are_unique(void **state)
{
    (void)state;
    assert_int_equal(el_ipxe_files_count, 5);
    for (size_t i = 0; i < el_ipxe_files_count; i++)
        assert_ptr_equal(el_ipxe_find(el_ipxe_files[i].name), &el_ipxe_files[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(efi_loaders_are_for_their_machine),
        cmocka_unit_test(bios_loaders_begin_with_a_far_jump),
        cmocka_unit_test(only_exact_names_are_found),
        cmocka_unit_test(names_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
