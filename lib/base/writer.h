/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One answer, for people or for programs. Whoever has something to tell says it once, as objects,
 * lists and values; the form decides what becomes of it:
 *
 *     el_writer_list(w, "peers", "peer");      peer mars
 *     el_writer_object(w, NULL);                 endpoint       203.0.113.5:51820
 *     el_writer_string(w, "name", "mars");       handshake age  1 min 40 s
 *     el_writer_string(w, "endpoint", …);        received       1.2 MB
 *     el_writer_age(w, "handshake_age", …);
 *     el_writer_bytes(w, "received", …);       peers.mars.name=mars
 *     el_writer_counter(w, "lost", 0);         peers.mars.received_bytes=1234567 …
 *     el_writer_end(w);
 *     el_writer_end(w);                        {"peers":[{"name":"mars","received_bytes":1234567,…
 *
 * For people values are aligned and have units, and what says nothing (a counter that is 0, an
 * object without a value) is left out. For programs everything is there, in plain numbers, and the
 * unit is in the key.
 *
 * Keys are words joined by '_' or '-' (programs read '_' for both, people a space), and must live
 * as long as the writer; texts are copied, and may hold anything: they are escaped (base/escape.h).
 * The outermost object is there from the beginning. Errors stick: say all, then ask once,
 * el_writer_finish().
 */
#ifndef EL_BASE_WRITER_H
#define EL_BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum el_writer_form {
    EL_WRITER_TEXT, /* for people */
    EL_WRITER_KEYS, /* lines of path=value; a value with spaces stands between quotes */
    EL_WRITER_JSON, /* RFC 8259, one line */
};

enum { EL_WRITER_DEPTH = 8 }; /* objects and lists in one another */

struct el_writer;

struct el_writer *el_writer_new(void);         /* NULL: out of memory */
void el_writer_free(struct el_writer *writer); /* NULL is allowed */

/* An object or a list, until the end that belongs to it. In a list, KEY is NULL. What the list
 * holds are objects, each called ONE for people ("peer") and, where paths are written, by its first
 * text, or its number if it has none. */
void el_writer_object(struct el_writer *writer, const char *key);
void el_writer_list(struct el_writer *writer, const char *key, const char *one);
void el_writer_end(struct el_writer *writer);

/* Values, in an object. */
void el_writer_string(struct el_writer *writer, const char *key, const char *text); /* NULL: none */
void el_writer_bool(struct el_writer *writer, const char *key, bool value);
void el_writer_number(struct el_writer *writer, const char *key, uint64_t value);
void el_writer_counter(struct el_writer *writer, const char *key, uint64_t value);
void el_writer_bytes(struct el_writer *writer, const char *key, uint64_t bytes); /* KEY_bytes */
void el_writer_age(struct el_writer *writer, const char *key, uint64_t ns);      /* KEY_s */

/* All of it in FORM, with a newline at its end and a NUL behind it: *TEXT is the caller's. Its
 * length, EL_ENOMEM, or EL_EINVAL: an end too many or too few, or too deep. */
int el_writer_finish(const struct el_writer *writer, enum el_writer_form form, char **text);

#endif
