/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps, from JSON to lines. */
#include "steps.h"

#include <stdio.h>
#include <time.h>

static uint64_t number_of(const json_t *object, const char *name)
{
    json_int_t number = json_integer_value(json_object_get(object, name));

    return number > 0 ? (uint64_t)number : 0;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

bool el_cmd_step_read(const json_t *object, struct el_cmd_step *said)
{
    struct el_timeline_step *step = &said->step;
    const char *name = text_of(object, "name");
    const char *state = text_of(object, "state");

    *said = (struct el_cmd_step){.machine = name[0] ? name : text_of(object, "mac")};
    if (el_mac_parse(text_of(object, "mac"), &step->mac) < 0 ||
        el_timeline_kind_parse(text_of(object, "kind"), &step->kind) < 0 ||
        (state[0] && el_timeline_state_parse(state, &step->state) < 0))
        return false;
    step->id = (uint32_t)number_of(object, "id");
    step->boot = (uint32_t)number_of(object, "boot");
    step->count = (uint32_t)number_of(object, "count");
    step->began_ms = (int64_t)number_of(object, "began_ms");
    step->last_ms = (int64_t)number_of(object, "last_ms");
    step->done = number_of(object, "done");
    step->total = number_of(object, "total");
    snprintf(step->text, sizeof step->text, "%s", text_of(object, "text"));
    return true;
}

/* What comes from afar does not command this terminal. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
            *text = '?';
}

char *el_cmd_step_line(const struct el_cmd_step *said, bool with_machine,
                       char line[EL_CMD_STEP_LINE])
{
    const struct el_timeline_step *step = &said->step;
    time_t when = (time_t)(step->last_ms / 1000);
    char at[16] = "--:--:--", words[EL_TIMELINE_LINE];
    struct tm local;

    if (localtime_r(&when, &local))
        strftime(at, sizeof at, "%H:%M:%S", &local);
    el_timeline_words(step, words);
    if (with_machine)
        snprintf(line, EL_CMD_STEP_LINE, "%s  %-17.63s  %-12s  %s", at, said->machine,
                 el_timeline_label(step->kind), words);
    else
        snprintf(line, EL_CMD_STEP_LINE, "%s  %-12s  %s", at, el_timeline_label(step->kind), words);
    make_printable(line);
    for (size_t len = strlen(line); len > 0 && line[len - 1] == ' ';)
        line[--len] = '\0';
    return line;
}
