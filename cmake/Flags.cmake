# SPDX-License-Identifier: GPL-2.0-or-later
# How everything of ours is compiled and linked: language, warnings, hardening, reproducibility.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)
include(GNUInstallDirs)

if(EL2W_FUZZ AND NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "EL2W_FUZZ needs clang: cmake -DCMAKE_C_COMPILER=clang -DEL2W_FUZZ=ON")
endif()
if(NOT EL2W_SANITIZE MATCHES "^(|address|thread)$")
    message(FATAL_ERROR "EL2W_SANITIZE=${EL2W_SANITIZE}: have address, thread, or nothing")
endif()
if(EL2W_FUZZ AND NOT EL2W_SANITIZE)
    set(EL2W_SANITIZE address)
endif()

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# An assert of ours states an invariant, so it stays in what people run: no -DNDEBUG.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Archives that do not hold the date, and archives that can be scanned twice, are the default of
# binutils; the paths in debug information and __FILE__ are made relative here. Of two maps that match
# the later one wins, so a build directory inside the source directory keeps its own name.
add_compile_options(
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
    -ffile-prefix-map=${PROJECT_BINARY_DIR}/=build/
    -ffile-prefix-map=${PROJECT_BINARY_DIR}=build)

add_compile_definitions(_GNU_SOURCE)
set(el_warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wvla -Wformat=2 -Wundef)
if(EL2W_WERROR)
    list(APPEND el_warnings -Werror)
endif()
add_compile_options("$<$<COMPILE_LANGUAGE:C>:${el_warnings}>")

function(el_compile_option_if_known flag)
    string(MAKE_C_IDENTIFIER "el_has${flag}" known)
    check_c_compiler_flag("-Werror ${flag}" ${known})
    if(${known})
        add_compile_options("$<$<COMPILE_LANGUAGE:C>:${flag}>")
    endif()
endfunction()

# Not CMake's own position-independence switch: it compiles libraries with -fPIC, but ours only ever
# become part of a program, where -fPIE gives direct calls.
add_compile_options(-fPIE -fno-plt -ffunction-sections -fdata-sections -fno-common)
el_compile_option_if_known(-fstack-protector-strong)
el_compile_option_if_known(-fstack-clash-protection)
el_compile_option_if_known(-fcf-protection)
# Costs a memset wherever a function has a large local array; a hot one says
# __attribute__((uninitialized)), which both compilers know.
el_compile_option_if_known(-ftrivial-auto-var-init=zero)

# Packet buffers are bytes that kernel structs (virtio_net_hdr, cmsghdr) are laid over.
add_compile_options($<$<COMPILE_LANGUAGE:C>:-fno-strict-aliasing>)

if(EL2W_SANITIZE STREQUAL "address")
    set(el_sanitize -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(EL2W_SANITIZE STREQUAL "thread")
    set(el_sanitize -fsanitize=thread)
endif()
if(EL2W_SANITIZE)
    add_compile_options(${el_sanitize} -fno-omit-frame-pointer)
    add_link_options(${el_sanitize})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_options($<$<COMPILE_LANGUAGE:C>:-U_FORTIFY_SOURCE>
        $<$<COMPILE_LANGUAGE:C>:-D_FORTIFY_SOURCE=3>)
endif()
if(EL2W_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections -Wl,--build-id=sha1)

# A static glibc warns about every function that would load NSS modules at run time, and SQLite, libuv,
# libnl and c-ares hold some that we never call. test/build/static looks at our own objects instead.
check_linker_flag(C -Wl,--no-warnings el_has_no_warnings)

# A sanitizer's run-time cannot be linked statically, so such a build is an ordinary PIE around the
# static libraries.
if(EL2W_STATIC AND NOT EL2W_SANITIZE)
    set(el_program_link -static-pie $<$<BOOL:${el_has_no_warnings}>:-Wl,--no-warnings>)
else()
    set(el_program_link -pie)
endif()
