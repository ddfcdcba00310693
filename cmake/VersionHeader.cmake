# SPDX-License-Identifier: GPL-2.0-or-later
# Run with -P: writes OUTPUT, if it would change. A source archive has no git; there the commit is what
# `git archive` wrote into cmake/commit, if anything.
find_package(Git QUIET)
set(commit)
if(GIT_FOUND AND EXISTS ${SOURCE}/.git)
    execute_process(COMMAND ${GIT_EXECUTABLE} -C ${SOURCE} rev-parse --short=12 HEAD
        OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT commit)
    file(STRINGS ${SOURCE}/cmake/commit commit LIMIT_COUNT 1)
    if(NOT commit MATCHES "^[0-9a-f]+$")
        set(commit "")
    endif()
    string(SUBSTRING "${commit}" 0 12 commit)
endif()
if(commit)
    set(full "${VERSION}+${commit}")
else()
    set(full "${VERSION}")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT
[=[/* Made by cmake/VersionHeader.cmake. */
#ifndef EL2W_VERSION_H
#define EL2W_VERSION_H

#define EL2W_VERSION "@VERSION@"
#define EL2W_COMMIT "@commit@" /* empty when built from a plain copy of the source */
#define EL2W_VERSION_FULL "@full@"

#endif
]=])
