/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line that asks a tunnel. What is taken is in range, and its names are inside the line; what
 * is not has a sentence. */
#include "node/control.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
    if (!promise)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_control_request request;
    struct el_err err = {""};
    char *line = malloc(size + 1);

    require(line);
    memcpy(line, data, size);
    line[size] = '\0';
    if (el_control_parse(line, &request, &err) < 0) {
        require(err.text[0]);
    } else {
        require(request.kind == EL_CONTROL_SHOW || request.snaplen > 0);
        require(request.form <= EL_WRITER_JSON && request.peer_count <= EL_CONTROL_PEERS);
        for (unsigned i = 0; i < request.peer_count; i++)
            require(request.peers[i] >= line && request.peers[i] <= line + size);
    }
    free(line);
    return 0;
}
