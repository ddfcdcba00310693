# SPDX-License-Identifier: GPL-2.0-or-later
# el_version: el2w_version.h says what was built from which commit, el2w_licenses.h (Licenses.cmake) what
# other people's work is inside.

# The commit is part of the bytes, so it is read at build time, and the header changes only with it.
add_custom_target(el_version_header
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
        -DOUTPUT=${PROJECT_BINARY_DIR}/generated/el2w_version.h
        -P ${PROJECT_SOURCE_DIR}/cmake/VersionHeader.cmake
    BYPRODUCTS ${PROJECT_BINARY_DIR}/generated/el2w_version.h VERBATIM)

add_library(el_version INTERFACE)
target_include_directories(el_version INTERFACE ${PROJECT_BINARY_DIR}/generated)
add_dependencies(el_version el_version_header)
