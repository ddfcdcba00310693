/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking into a tree whose kind is not known yet: which files are there, and what small texts say.
 *
 * What comes out is fit to be kept: words have no blanks, paths and arguments hold nothing that the
 * boot menu would take for its own.
 */
#ifndef EL_MEDIA_PROBE_H
#define EL_MEDIA_PROBE_H

#include "media/media.h"

enum { EL_MEDIA_TEXT_BYTES = 16384 }; /* what is read of a text */

struct el_media_probe {
    const struct el_content *tree;
    const char *label; /* never NULL */
    int error;         /* of the source, other than that there is no such file; sticky */
    char text[EL_MEDIA_TEXT_BYTES]; /* what was read last, NUL-terminated */
};

/* Whether PATH is a file that can be read. */
bool el_media_has(struct el_media_probe *probe, const char *path);

/* Finds the first of several paths, which CHOICE separates by blanks. False if none is there, or if
 * it does not fit. */
bool el_media_first(struct el_media_probe *probe, const char *choice,
                    char path[EL_MEDIA_PATH_BYTES]);

/* Reads the beginning of the file PATH into TEXT, its NULs as blanks. False if it is not there. */
bool el_media_read_text(struct el_media_probe *probe, const char *path);

/* LEN bytes of the file PATH at OFFSET: 0, or EL_ENOENT if it does not have them. */
int el_media_read_bytes(struct el_media_probe *probe, const char *path, uint64_t offset, void *to,
                        size_t len);

/* The value of KEY in the lines "KEY = value" of TEXT, within [SECTION] if that is not NULL; quotes
 * around it go. False, and an empty VALUE, if there is none. */
bool el_media_value(const char *text, const char *section, const char *key, char *value,
                    size_t size);

/* -- making fit -- */

/* Copies as much of FROM as fits; appends it. */
void el_media_copy(char *to, size_t size, const char *from);
void el_media_append(char *to, size_t size, const char *from);

/* Copies the beginning of FROM that is a word: letters, digits, and ._- */
void el_media_take_word(char *to, size_t size, const char *from);

/* Copies one line of text to be shown: printable ASCII, everything else as '?'. */
void el_media_take_line(char *to, size_t size, const char *from);

/* Copies FROM if it is a path that entry.conf may hold; a leading slash goes. */
bool el_media_take_path(char to[EL_MEDIA_PATH_BYTES], const char *from);

/* Adds the blank-separated words of FROM that may stand in entry.conf's args. */
void el_media_add_args(char args[EL_MEDIA_ARGS_BYTES], const char *from);

/* The first number with a dot in TEXT ("12.5.0"), or if there is none the first number, as a
 * word; false if there is no number. */
bool el_media_find_version(const char *text, char *to, size_t size);

/* x86_64, arm64, i386 and so on, from any of the names that TEXT may have it by; empty if none. */
const char *el_media_find_arch(const char *text);

#endif
