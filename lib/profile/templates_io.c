/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories to templates. */
#include "profile/templates_io.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOURCES = EL_PROFILE_FILES + 1 }; /* with template.conf */

struct files {
    struct el_profile_source sources[SOURCES];
    char *names[SOURCES], *texts[SOURCES]; /* owned */
    size_t count;
};

static void clear(struct files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->names[i]);
        free(files->texts[i]);
    }
    free(files);
}

static int read_text(int fd, const char *name, char **text, size_t *len, struct el_err *err)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return el_err_os(err, errno, "%s", name);
    if (!S_ISREG(status.st_mode) || status.st_size > EL_PROFILE_SOURCE_BYTES)
        return el_err(err, EL_EINVAL, "%s: no file, or longer than %d bytes", name,
                      EL_PROFILE_SOURCE_BYTES);
    *text = malloc((size_t)status.st_size + 1);
    if (!*text)
        return el_err(err, EL_ENOMEM, "out of memory");
    *len = 0;
    while (*len < (size_t)status.st_size) {
        ssize_t got = read(fd, *text + *len, (size_t)status.st_size - *len);
        if (got < 0 && errno != EINTR)
            return el_err_os(err, errno, "%s", name);
        if (got == 0)
            break; /* it has become shorter meanwhile */
        *len += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

static int read_file(int directory, const char *name, struct files *files, struct el_err *err)
{
    if (files->count == SOURCES)
        return el_err(err, EL_EFULL, "more than %d files", SOURCES);
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return el_err_os(err, errno, "%s: cannot be opened", name);
    size_t i = files->count++, len = 0;
    files->names[i] = strdup(name);
    int rc = files->names[i] ? read_text(fd, name, &files->texts[i], &len, err)
                             : el_err(err, EL_ENOMEM, "out of memory");
    files->sources[i] = (struct el_profile_source){files->names[i], files->texts[i], len};
    close(fd);
    return rc;
}

/* FD is taken over. What begins with a dot, or ends in a tilde, is an editor's. */
static int read_files(int fd, struct files *files, struct el_err *err)
{
    DIR *stream = fdopendir(fd);
    int rc = stream ? 0 : el_err_os(err, errno, "cannot be read");

    if (!stream)
        close(fd);
    for (const struct dirent *entry; rc == 0 && (entry = readdir(stream)) != NULL;)
        if (entry->d_name[0] != '.' && entry->d_name[strlen(entry->d_name) - 1] != '~')
            rc = read_file(fd, entry->d_name, files, err);
    if (stream)
        closedir(stream);
    return rc;
}

static int read_template(struct el_profile_templates *templates, int directory, const char *name,
                         struct el_err *err)
{
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct files *files = calloc(1, sizeof *files);
    struct el_profile_template *t = NULL;
    int rc = fd < 0 ? el_err_os(err, errno, "cannot be opened") : 0;

    if (fd >= 0 && files)
        rc = read_files(fd, files, err);
    else if (!files)
        rc = el_err(err, EL_ENOMEM, "out of memory");
    if (rc == 0)
        rc = el_profile_template_parse(name, files->sources, files->count, &t, err);
    if (rc == 0)
        rc = el_profile_templates_add(templates, t, err);
    if (rc < 0 && t)
        el_profile_template_free(t);
    if (fd >= 0 && !files)
        close(fd);
    if (files)
        clear(files);
    return rc;
}

static bool is_directory(int directory, const char *name)
{
    struct stat status;

    return name[0] != '.' && fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(status.st_mode);
}

int el_profile_templates_read(struct el_profile_templates *templates, int directory,
                              struct el_err *err)
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    int count = 0;

    if (!stream) {
        int rc = el_err_os(err, errno, "templates: the directory cannot be read");
        if (fd >= 0)
            close(fd);
        return rc;
    }
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        struct el_err why = {""};
        if (!is_directory(fd, entry->d_name))
            continue;
        int rc = read_template(templates, fd, entry->d_name, &why);
        count += rc == 0;
        if (rc < 0)
            EL_LOG(EL_LOG_WARN, "profile", "template", EL_STR("template", entry->d_name),
                   EL_STR("error", why.text));
    }
    closedir(stream);
    return count;
}
