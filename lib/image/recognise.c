/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognition, in a process of its own. */
#include "image/recognise.h"

#include "content/content_io.h"
#include "image/aside.h"
#include "media/media_io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

_Static_assert(sizeof(struct el_media_facts) <= EL_IMAGE_ASIDE_MESSAGE, "they are one message");

struct recognition {
    const struct el_image_question *question;
    struct el_media_facts *facts;
    bool known;
};

/* -- in the child -- */

static int check_wanted(const struct el_image_question *question, const struct el_content *tree,
                        struct el_err *err)
{
    for (const char *const *wanted = question->wanted; *wanted; wanted++) {
        struct el_content_file file = {.fd = -1};
        int rc = el_content_open(tree, *wanted, &file);
        if (rc < 0)
            return el_err(err, rc, "%s: %s: %s", question->name, *wanted,
                          rc == EL_ENOENT    ? "there is no such file in it"
                          : rc == EL_ENOTSUP ? "that is a directory"
                                             : el_strerror(rc));
        el_content_close(&file);
    }
    return 0;
}

static int look_at(const struct el_image_question *question, const struct el_content *tree,
                   const char *label, int channel, struct el_err *err)
{
    static struct el_media_facts facts;
    int rc = check_wanted(question, tree, err);

    if (rc < 0)
        return rc;
    rc = el_media_recognise(tree, label, question->variant, &facts);
    if (rc == EL_ENOENT)
        return 0;
    if (rc < 0)
        return el_err(err, rc, "%s: cannot be read: %s", question->name, el_strerror(rc));
    return el_image_aside_say(channel, &facts, sizeof facts);
}

static int work(void *arg, int channel, struct el_err *err)
{
    const struct el_image_question *question = ((struct recognition *)arg)->question;

    if (!question->is_media) {
        struct el_content_dir dir = {.root_fd = question->fd};
        struct el_content tree = el_content_dir(&dir);
        return look_at(question, &tree, "", channel, err);
    }
    struct el_media *media = el_media_open(question->fd, question->name, err);
    if (!media)
        return EL_EPROTO;
    struct el_content tree = el_media_content(media);
    struct el_media_info info = el_media_info(media);
    int rc = look_at(question, &tree, info.label, channel, err);
    el_media_close(media);
    return rc;
}

/* -- here -- */

#define END_TEXT(text) ((text)[sizeof(text) - 1] = '\0')

static int heard(void *arg, const uint8_t *bytes, size_t len, struct el_err *err)
{
    struct recognition *recognition = arg;
    struct el_media_facts *facts = recognition->facts;

    if (len != sizeof *facts)
        return el_err(err, EL_EPROTO, "%s: what reads it makes no sense",
                      recognition->question->name);
    memcpy(facts, bytes, sizeof *facts);
    END_TEXT(facts->title);
    END_TEXT(facts->distribution);
    END_TEXT(facts->version);
    END_TEXT(facts->arch);
    END_TEXT(facts->installer);
    END_TEXT(facts->kernel);
    END_TEXT(facts->chain);
    END_TEXT(facts->args);
    END_TEXT(facts->file_name);
    END_TEXT(facts->file_text);
    END_TEXT(facts->note);
    if (facts->initrd_count > EL_MEDIA_INITRDS_MAX)
        facts->initrd_count = 0;
    for (unsigned i = 0; i < facts->initrd_count; i++)
        END_TEXT(facts->initrd[i]);
    recognition->known = true;
    return 0;
}

int el_image_recognise(const struct el_image_question *question,
                       const struct el_image_progress *progress, struct el_media_facts *facts,
                       struct el_err *err)
{
    struct el_image_question asked = *question;
    struct recognition recognition = {&asked, facts, false};
    struct el_image_aside aside = {.place = !question->is_media,
                                   .work = work,
                                   .heard = heard,
                                   .arg = &recognition,
                                   .progress = progress};

    memset(facts, 0, sizeof *facts);
    asked.fd = fcntl(question->fd, F_DUPFD_CLOEXEC, 0);
    if (asked.fd < 0)
        return el_err_os(err, errno, "%s", question->name);
    aside.fds[0] = asked.fd;
    aside.fds[1] = aside.fds[2] = aside.fds[3] = -1;
    int rc = el_image_aside_run(&aside, err);
    close(asked.fd);
    return rc < 0 ? rc : recognition.known;
}
