/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open files, the one that was not asked for longest goes first. */
#include "nfs/files.h"

#include <stdlib.h>

struct slot {
    uint64_t volume, id;
    uint64_t asked; /* the cache's count of questions when it was asked for last */
    struct el_nfs_file *file;
};

struct el_nfs_files {
    uint64_t asked;
    struct slot slots[EL_NFS_OPEN_FILES];
};

void el_nfs_file_release(struct el_nfs_file *file)
{
    if (!file || --file->refs)
        return;
    el_content_close(&file->content);
    free(file);
}

static void forget(struct slot *slot)
{
    el_nfs_file_release(slot->file);
    *slot = (struct slot){.file = NULL};
}

struct el_nfs_files *el_nfs_files_new(void)
{
    return calloc(1, sizeof(struct el_nfs_files));
}

void el_nfs_files_free(struct el_nfs_files *files)
{
    if (!files)
        return;
    for (size_t i = 0; i < EL_NFS_OPEN_FILES; i++)
        forget(&files->slots[i]);
    free(files);
}

struct el_nfs_file *el_nfs_files_get(struct el_nfs_files *files, uint64_t volume, uint64_t file)
{
    for (size_t i = 0; i < EL_NFS_OPEN_FILES; i++) {
        struct slot *slot = &files->slots[i];
        if (!slot->file || slot->id != file || slot->volume != volume)
            continue;
        slot->asked = ++files->asked;
        slot->file->refs++;
        return slot->file;
    }
    return NULL;
}

struct el_nfs_file *el_nfs_files_put(struct el_nfs_files *files, uint64_t volume, uint64_t file,
                                     const struct el_nfs_file *opened)
{
    struct el_nfs_file *kept = malloc(sizeof *kept);
    struct slot *oldest = &files->slots[0];

    if (!kept) {
        struct el_content_file content = opened->content;
        el_content_close(&content);
        return NULL;
    }
    el_nfs_files_forget(files, volume, file);
    for (size_t i = 0; i < EL_NFS_OPEN_FILES && oldest->file; i++)
        if (files->slots[i].asked < oldest->asked)
            oldest = &files->slots[i];
    forget(oldest);
    *kept = *opened;
    kept->refs = 2; /* the cache's and the caller's */
    *oldest = (struct slot){volume, file, ++files->asked, kept};
    return kept;
}

void el_nfs_files_forget(struct el_nfs_files *files, uint64_t volume, uint64_t file)
{
    for (size_t i = 0; i < EL_NFS_OPEN_FILES; i++) {
        struct slot *slot = &files->slots[i];
        if (slot->file && slot->volume == volume && (file == 0 || slot->id == file))
            forget(slot);
    }
}
