# SPDX-License-Identifier: GPL-2.0-or-later
# What `el2w --version --licenses` prints: a row for every part that is not ours, made from the lock, and
# the full copyright notices installed beside the program.

# el_upstream_version(RESULT VERSION): Debian's version without epoch, revision and repacking marks.
function(el_upstream_version result version)
    string(REGEX REPLACE "^[0-9]+:" "" version "${version}")
    string(REGEX REPLACE "-[^-]*$" "" version "${version}")
    string(REGEX REPLACE "(\\+dfsg|~).*$" "" version "${version}")
    set(${result} "${version}" PARENT_SCOPE)
endfunction()

# el_licence_row(NAME VERSION LICENCE SOURCE SOURCE-VERSION): appends to `rows` of the caller.
macro(el_licence_row name version licence source source_version)
    string(APPEND rows "    {\"${name}\", \"${version}\", \"${licence}\",\n"
        "     \"Debian source package ${source} ${source_version}\"},\n")
endmacro()

# The C library and the compiler's run-time are this machine's, so dpkg is asked, not the lock. It cannot
# say where a cross toolchain's come from.
macro(el_toolchain_row name package licence)
    set(answer)
    if(NOT CMAKE_CROSSCOMPILING)
        execute_process(COMMAND dpkg-query -W -f "\${source:Package} \${source:Version}" ${package}
            OUTPUT_VARIABLE answer ERROR_QUIET)
    endif()
    if(answer MATCHES "^([^ ]+) ([^ ]+)$")
        set(source ${CMAKE_MATCH_1})
        set(source_version ${CMAKE_MATCH_2})
        el_upstream_version(version ${source_version})
        el_licence_row(${name} ${version} "${licence}" ${source} ${source_version})
    else()
        string(APPEND rows "    {\"${name}\", \"\", \"${licence}\", \"the toolchain it was built with\"},\n")
    endif()
endmacro()

# el_licenses_header(LOCK OUTPUT): one row per source package; shared libraries are not inside, so without
# EL2W_STATIC only the loaders remain.
function(el_licenses_header lock output)
    set(rows)
    set(seen)
    file(STRINGS ${lock} lines)
    foreach(line IN LISTS lines)
        string(REGEX MATCH "^([^ ]+) +([^ ]+) +[^ ]+ +[^ ]+ +[^ ]+ +([^ =]+)=([^ ]+) +([^ ]+)" matched "${line}")
        set(package ${CMAKE_MATCH_1})
        set(version ${CMAKE_MATCH_2})
        set(source ${CMAKE_MATCH_3})
        set(source_version ${CMAKE_MATCH_4})
        string(REPLACE "&" " AND " licence "${CMAKE_MATCH_5}")
        if(NOT matched)
            message(FATAL_ERROR "vendor/packages: not a row: ${line}")
        endif()
        if(source IN_LIST seen OR (NOT EL2W_STATIC AND package MATCHES "-dev$"))
            continue()
        endif()
        list(APPEND seen ${source})
        install(FILES ${EL2W_SYSROOT}/usr/share/doc/${package}/copyright
            DESTINATION ${CMAKE_INSTALL_DOCDIR}/licenses RENAME ${package})
        string(REGEX REPLACE "-dev$" "" name ${package})
        el_upstream_version(version ${version})
        el_licence_row(${name} ${version} "${licence}" ${source} ${source_version})
    endforeach()
    if(EL2W_STATIC)
        el_toolchain_row(glibc libc6-dev LGPL-2.1-or-later)
        if(CMAKE_C_COMPILER_VERSION MATCHES "^([0-9]+)" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
            set(package libgcc-${CMAKE_MATCH_1}-dev)
        else()
            set(package libgcc-s1)
        endif()
        el_toolchain_row(libgcc ${package} "GPL-3.0-or-later WITH GCC-exception-3.1")
    endif()
    string(CONFIGURE
[=[/* Made by cmake/Licenses.cmake from vendor/packages. For the one file that prints it. */
#ifndef EL2W_LICENSES_H
#define EL2W_LICENSES_H

/* A part of this program that comes from elsewhere. */
struct el2w_part {
    const char *name;
    const char *version; /* upstream's */
    const char *licence; /* SPDX expression */
    const char *source;  /* where the corresponding source code is */
};

static const struct el2w_part el2w_parts[] = {
@rows@};

#endif
]=] text @ONLY)
    file(CONFIGURE OUTPUT ${output} CONTENT "${text}" @ONLY)
endfunction()
