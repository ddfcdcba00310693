/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile_files DIRECTORY: every file of every template that is shipped, rendered, for the checkers
 * of other people: DIRECTORY/HOW/TEMPLATE/FILE and .../args, where HOW is
 *
 *     plain    nothing said but what is required
 *     all      everything said
 *     hostile  the same, with texts that try to get out of their places
 */
#include "profile/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKJ8ljPFBMRYMfnXHmSHGFqUWYbJmFYbQvGpV1kZ3tYH"

enum how { PLAIN, ALL, HOSTILE, HOWS };
static const char *const how_names[] = {"plain", "all", "hostile"};

static const struct el_profile_facts facts = {
    .name = "n1",
    .mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}},
    .uuid = "b2f1c7a0-0000-4000-8000-525400123456",
    .ip = {4, {192, 168, 77, 10}},
    .prefix_len = 24,
    .gateway = {4, {192, 168, 77, 1}},
    .dns = {{4, {192, 168, 77, 1}}},
    .dns_count = 1,
    .domain = "example.org",
    .hub = "192.168.77.1",
    .token = "abcdefghijklmnopqrstuvwxyz",
};

static void must(int rc, const struct el_err *err)
{
    if (rc == 0)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static const char *value_for(const struct el_profile_variable *v, enum how how)
{
    switch (v->type) {
    case EL_PROFILE_TEXT:
        return how == HOSTILE ? "'; \"x\" <y>&z: # $(reboot) `id` {{a}} \\n %end, - [" : "quiet";
    case EL_PROFILE_LINES:
        return how == HOSTILE ? "echo '\n%end\n]]></source>\n  - evil: \"yes\"\n\\\n" : "true\n";
    case EL_PROFILE_DEVICE: return "/dev/vda";
    case EL_PROFILE_URL:
        return how == HOSTILE ? "http://x/?a=b&c=$d;e" : "http://mirror.example.org/x";
    case EL_PROFILE_LIST: return how == HOSTILE ? v->fallback : "vim tmux";
    case EL_PROFILE_YES_NO: return "yes";
    case EL_PROFILE_PASSWORD: return "it's \"secret\": $1";
    case EL_PROFILE_WORD: return v->fallback ? v->fallback : "word";
    default: return v->fallback;
    }
}

static struct el_profile *make(const struct el_profile_template *t, enum how how)
{
    struct el_err err = {""};
    struct el_profile *profile = el_profile_new("web", "image", el_profile_template_name(t), &err);

    if (!profile)
        must(-1, &err);
    for (size_t i = 0; el_profile_template_variable(t, i); i++) {
        const struct el_profile_variable *v = el_profile_template_variable(t, i);
        enum el_profile_kind kind = v->secret ? EL_PROFILE_SECRET : EL_PROFILE_VARIABLE;
        const char *text = value_for(v, how);
        if (text && (how != PLAIN || v->required))
            must(el_profile_set(profile, kind, v->name, text, &err), &err);
    }
    if (how != PLAIN)
        must(el_profile_set(profile, EL_PROFILE_SSH_KEY, "", KEY, &err), &err);
    if (how != PLAIN)
        must(el_profile_set(profile, EL_PROFILE_SSH_KEY, "", KEY " me: 'it' & <you>", &err), &err);
    return profile;
}

static void write_file(const char *directory, const char *name, const char *text, size_t len)
{
    char path[1024];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *out = fopen(path, "w");
    if (!out || fwrite(text, 1, len, out) != len || fclose(out) != 0) {
        perror(path);
        exit(1);
    }
}

static void write_template(const struct el_profile_templates *templates,
                           const struct el_profile_template *t, enum how how, const char *to)
{
    struct el_profile *profile = make(t, how);
    char directory[512], args[EL_PROFILE_ARGS_BYTES], *text;
    struct el_err err = {""};
    size_t len;

    snprintf(directory, sizeof directory, "%s/%s", to, how_names[how]);
    mkdir(directory, 0777);
    snprintf(directory, sizeof directory, "%s/%s/%s", to, how_names[how],
             el_profile_template_name(t));
    mkdir(directory, 0777);
    must(el_profile_seal(profile, templates, NULL, &err), &err);
    must(el_profile_check(profile, templates, NULL, &err), &err);
    for (size_t i = 0; el_profile_template_file(t, i); i++) {
        const char *name = el_profile_template_file(t, i)->name;
        must(el_profile_render(profile, templates, &facts, name, EL_PROFILE_HANDED, &text, &len,
                               &err),
             &err);
        write_file(directory, name, text, len);
        el_profile_text_free(text, len);
    }
    must(el_profile_args(profile, templates, &facts, args, &err), &err);
    write_file(directory, "args", args, strlen(args));
    el_profile_free(profile);
}

int main(int argc, char **argv)
{
    struct el_err err = {""};
    struct el_profile_templates *templates = el_profile_templates_new(&err);

    if (argc != 2 || !templates) {
        fprintf(stderr, "%s\n", argc == 2 ? err.text : "usage: profile_files DIRECTORY");
        return 1;
    }
    for (int how = 0; how < HOWS; how++)
        for (size_t i = 0; el_profile_templates_at(templates, i); i++)
            write_template(templates, el_profile_templates_at(templates, i), (enum how)how,
                           argv[1]);
    el_profile_templates_free(templates);
    return 0;
}
