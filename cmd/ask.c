/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking a hub. */
#include "ask.h"

#include "node/control.h"
#include "node/places.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 12 };

const struct el_conf_option el_cmd_ask_options[EL_CMD_ASK_OPTIONS] = {
    {.name = "api",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct el_cmd_ask, api),
     .metavar = "PATH",
     .help = "The hub's socket, if it was given another than " EL_HUB_API " (of a plain user: "
             "$XDG_RUNTIME_DIR/el2w/hub.sock)."},
    {.name = "json",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct el_cmd_ask, json),
     .help = "For programs: the hub's answer, in one line of JSON."},
};

/* -- paths -- */

/* What is no unreserved character (RFC 3986 §2.3) in hexadecimal. */
static void put_encoded(FILE *out, const char *text)
{
    for (; *text; text++)
        if (isalnum((unsigned char)*text) || strchr("-._~", *text))
            fputc(*text, out);
        else
            fprintf(out, "%%%02X", (unsigned char)*text);
}

char *el_cmd_path(const char *format, ...)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    va_list texts;

    if (!out)
        return NULL;
    va_start(texts, format);
    for (; *format; format++)
        if (format[0] == '%' && format[1] == 's') {
            put_encoded(out, va_arg(texts, const char *));
            format++;
        } else {
            fputc(*format, out);
        }
    va_end(texts);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* -- questions -- */

int el_cmd_ask(const struct el_cmd_ask *values, const char *method, char *path, json_t *body,
               json_t **answer, struct el_err *err)
{
    struct el_control_question question = {.method = method, .path = path, .body = body};
    struct el_control_answer got = {0};
    char api[EL_SYS_CONTROL_PATH];
    int rc = path ? 0 : el_err(err, EL_ENOMEM, "out of memory");

    *answer = NULL;
    if (rc == 0)
        rc = el_places_api(values->api, api, err);
    if (rc == 0)
        rc = el_control_call(api, &question, &got, err);
    if (rc == 0)
        rc = el_control_answer_check(&got, err);
    if (rc == 0)
        *answer = json_incref(got.body);
    el_control_answer_clear(&got);
    json_decref(body);
    free(path);
    return rc;
}

/* -- answers -- */

void el_cmd_print_json(const json_t *answer)
{
    size_t len;
    char *text = answer ? el_json_text(answer, &len) : NULL;

    if (text)
        puts(text);
    free(text);
}

/* A list of texts, with commas between them; likewise. */
static char *list_cell(const json_t *list)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *item = json_string_value(json_array_get(list, i));
        fprintf(out, "%s%s", i > 0 ? "," : "", item ? item : "?");
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* VALUE as one word or sentence; from malloc(), NULL: out of memory. */
static char *cell(const json_t *value)
{
    size_t len;

    if (json_is_string(value) && json_string_length(value) > 0)
        return strdup(json_string_value(value));
    if (json_is_boolean(value))
        return strdup(json_is_true(value) ? "yes" : "no");
    if (json_is_integer(value))
        return el_json_text(value, &len);
    if (json_array_size(value) > 0)
        return list_cell(value);
    return strdup("-");
}

/* Columns of a terminal that TEXT takes: its characters, in UTF-8. */
static int width_of(const char *text)
{
    int width = 0;

    for (; *text; text++)
        width += (*text & 0xc0) != 0x80;
    return width;
}

static void print_cell(const char *text, int width, bool last)
{
    printf("%s%*s", text, last ? 0 : width - width_of(text) + 2, "");
    if (last)
        putchar('\n');
}

void el_cmd_print_table(const json_t *rows, const struct el_cmd_column *columns)
{
    int widths[COLUMNS_MAX];
    unsigned count = 0;

    for (; columns[count].heading && count < COLUMNS_MAX; count++) {
        widths[count] = width_of(columns[count].heading);
        for (size_t i = 0; i < json_array_size(rows); i++) {
            char *text = cell(json_object_get(json_array_get(rows, i), columns[count].member));
            int width = text ? width_of(text) : 0;
            widths[count] = width > widths[count] ? width : widths[count];
            free(text);
        }
    }
    for (unsigned c = 0; c < count; c++)
        print_cell(columns[c].heading, widths[c], c + 1 == count);
    for (size_t i = 0; i < json_array_size(rows); i++)
        for (unsigned c = 0; c < count; c++) {
            char *text = cell(json_object_get(json_array_get(rows, i), columns[c].member));
            print_cell(text ? text : "?", widths[c], c + 1 == count);
            free(text);
        }
}

/* -- commands -- */

int el_cmd_ask_only(const struct el_cmd_ask *values, const char *method, char *path, json_t *body,
                    struct el_err *err)
{
    json_t *answer;
    int rc = el_cmd_ask(values, method, path, body, &answer, err);

    if (rc == 0 && values->json)
        el_cmd_print_json(answer);
    json_decref(answer);
    return rc;
}

int el_cmd_ask_list(const struct el_cmd_ask *values, const char *path, const char *member,
                    const struct el_cmd_column *columns, struct el_err *err)
{
    json_t *answer;
    int rc = el_cmd_ask(values, "GET", el_cmd_path(path), NULL, &answer, err);

    if (rc == 0 && values->json)
        el_cmd_print_json(answer);
    else if (rc == 0)
        el_cmd_print_table(json_object_get(answer, member), columns);
    json_decref(answer);
    return rc;
}

const char *el_cmd_argument(const struct el_conf *conf, unsigned index)
{
    const char *const *texts;

    return index < el_conf_positionals(conf, &texts) ? texts[index] : NULL;
}

int el_cmd_ask_main(const struct el_conf_schema *schema, struct el_cmd_ask *values, int argc,
                    char **argv, el_cmd_ask_run *ask)
{
    struct el_err err = {""};
    struct el_conf *conf;
    int code = el_cmd_begin(schema, values, argc, argv, &conf);

    if (code != EL_EXIT_GO_ON)
        return code;
    code = ask(values, conf, &err) < 0 ? el_cmd_fail(schema, &err) : EL_EXIT_DONE;
    el_conf_free(conf);
    return code;
}
