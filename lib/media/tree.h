/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths in a volume: look-up, symbolic links, listings.
 *
 * A link is followed within the volume: an absolute one begins at its root, ".." at the root stays
 * there. At most EL_MEDIA_LINKS_MAX are followed for one path.
 */
#ifndef EL_MEDIA_TREE_H
#define EL_MEDIA_TREE_H

#include "content/content.h"
#include "media/volume.h"

enum { EL_MEDIA_LINKS_MAX = 16, EL_MEDIA_DEPTH_MAX = 64 };

/* Finds PATH (a normalised name, or "" for the root) and describes it; links are followed. 0;
 * EL_ENOENT; or an error of the image. */
int el_media_tree_find(struct el_media_volume *volume, const char *path,
                       struct el_media_node *node);

/* The entries of the directory PATH that can be opened, as el_content.list has them; those whose
 * name begins with a dot as well. */
int el_media_tree_list(struct el_media_volume *volume, const char *path, el_content_entry_cb *cb,
                       void *arg);

#endif
