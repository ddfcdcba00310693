/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of steps, and how they are called. */
#include "timeline/step.h"

#include <stdio.h>

static const struct {
    const char *name, *label;
    bool is_transfer;
} kinds[] = {
    [EL_TIMELINE_LINK] = {"link", "link up", false},
    [EL_TIMELINE_DISCOVER] = {"discover", "DISCOVER", false},
    [EL_TIMELINE_OFFER] = {"offer", "OFFER", false},
    [EL_TIMELINE_UNANSWERED] = {"unanswered", "no answer", false},
    [EL_TIMELINE_REQUEST] = {"request", "REQUEST", false},
    [EL_TIMELINE_OTHER_SERVER] = {"other-server", "other server", false},
    [EL_TIMELINE_ACK] = {"ack", "ACK", false},
    [EL_TIMELINE_NAK] = {"nak", "NAK", false},
    [EL_TIMELINE_DECLINE] = {"decline", "DECLINE", false},
    [EL_TIMELINE_LOADER] = {"loader", "loader", true},
    [EL_TIMELINE_SCRIPT] = {"script", "script", false},
    [EL_TIMELINE_MENU] = {"menu", "menu", false},
    [EL_TIMELINE_INSTALL] = {"install", "install", false},
    [EL_TIMELINE_ENTRY] = {"entry", "entry", false},
    [EL_TIMELINE_LOCAL] = {"local-boot", "local boot", false},
    [EL_TIMELINE_WAIT] = {"wait", "wait", false},
    [EL_TIMELINE_KERNEL] = {"kernel", "kernel", true},
    [EL_TIMELINE_INITRD] = {"initrd", "initrd", true},
    [EL_TIMELINE_FILE] = {"file", "file", true},
    [EL_TIMELINE_TEMPLATE] = {"template", "template", true},
    [EL_TIMELINE_PACKAGE] = {"package", "package", true},
    [EL_TIMELINE_DNS] = {"dns", "DNS", false},
    [EL_TIMELINE_NFS] = {"nfs", "NFS", false},
    [EL_TIMELINE_REPORT] = {"report", "report", false},
    [EL_TIMELINE_HOME] = {"called-home", "called home", false},
    [EL_TIMELINE_FAILED] = {"failed", "failed", false},
    [EL_TIMELINE_DIAGNOSIS] = {"diagnosis", "diagnosis", false},
};

static const char *const states[] = {
    [EL_TIMELINE_MOMENT] = "moment",   [EL_TIMELINE_PROBED] = "probed",
    [EL_TIMELINE_RUNNING] = "running", [EL_TIMELINE_DONE] = "done",
    [EL_TIMELINE_BROKEN] = "broken",
};

const char *el_timeline_kind_name(enum el_timeline_kind kind)
{
    return kinds[kind].name;
}

int el_timeline_kind_parse(const char *name, enum el_timeline_kind *kind)
{
    for (int i = 0; i < EL_TIMELINE_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *kind = (enum el_timeline_kind)i;
            return 0;
        }
    return EL_ENOENT;
}

const char *el_timeline_state_name(enum el_timeline_state state)
{
    return states[state];
}

int el_timeline_state_parse(const char *name, enum el_timeline_state *state)
{
    for (int i = 0; i < EL_TIMELINE_STATES; i++)
        if (strcmp(states[i], name) == 0) {
            *state = (enum el_timeline_state)i;
            return 0;
        }
    return EL_ENOENT;
}

bool el_timeline_is_transfer(enum el_timeline_kind kind)
{
    return kinds[kind].is_transfer;
}

const char *el_timeline_label(enum el_timeline_kind kind)
{
    return kinds[kind].label;
}

/* -- for people -- */

static int put_size(char *text, size_t room, uint64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    unsigned unit = 0;

    for (; value >= 1000 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        value /= 1000;
    return snprintf(text, room, unit && value < 100 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

/* " 34 % of 8.2 MB", " 8.2 MB"; nothing where nothing is known. */
static int put_progress(char *text, size_t room, const struct el_timeline_step *step)
{
    char size[32], of[32];

    put_size(size, sizeof size, step->done);
    put_size(of, sizeof of, step->total);
    switch (step->state) {
    case EL_TIMELINE_MOMENT: break;
    case EL_TIMELINE_PROBED: return snprintf(text, room, ", its size");
    case EL_TIMELINE_DONE: return snprintf(text, room, ", %s", size);
    case EL_TIMELINE_RUNNING:
    case EL_TIMELINE_BROKEN:
        return step->total ? snprintf(text, room, " %u %% of %s%s",
                                      (unsigned)((double)step->done * 100 / (double)step->total),
                                      of, step->state == EL_TIMELINE_BROKEN ? ", broken off" : "")
                           : snprintf(text, room, ", %s%s", size,
                                      step->state == EL_TIMELINE_BROKEN ? ", broken off" : "");
    }
    return 0;
}

char *el_timeline_words(const struct el_timeline_step *step, char line[EL_TIMELINE_LINE])
{
    size_t len = (size_t)snprintf(line, EL_TIMELINE_LINE, "%s", step->text);

    _Static_assert(EL_TIMELINE_LINE >= EL_TIMELINE_TEXT + 128, "the text and the rest fit");
    len += (size_t)put_progress(line + len, EL_TIMELINE_LINE - len, step);
    if (step->count > 1)
        snprintf(line + len, EL_TIMELINE_LINE - len, " (%u times)", (unsigned)step->count);
    return line;
}
