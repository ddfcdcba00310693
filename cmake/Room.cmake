# SPDX-License-Identifier: GPL-2.0-or-later
# The words that the rest of the build is written in.

# Our headers are "room/name.h". They are on the path of quoted includes alone, so that a room called net
# never stands in front of <net/if.h>.
function(el_include_path target visible)
    foreach(directory IN LISTS ARGN)
        target_compile_options(${target} ${visible} "SHELL:-iquote ${directory}")
    endforeach()
endfunction()

# Names of rooms become their libraries; anything that is a target's or a file's name already stays.
function(el_libraries result)
    set(libraries)
    foreach(name IN LISTS ARGN)
        if(name MATCHES "^el_|[./-]")
            list(APPEND libraries ${name})
        else()
            list(APPEND libraries el_${name})
        endif()
    endforeach()
    set(${result} ${libraries} PARENT_SCOPE)
endfunction()

# el_room(NAME SOURCES file… DEPENDS room… LINKS target…): lib/NAME as the static library el_NAME.
# The rooms it depends on may be declared later.
function(el_room room)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;LINKS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "el_room(${room}): ${arg_UNPARSED_ARGUMENTS}: stands before SOURCES")
    endif()
    el_libraries(libraries ${arg_DEPENDS} ${arg_LINKS})
    add_library(el_${room} STATIC ${arg_SOURCES})
    el_include_path(el_${room} PUBLIC ${PROJECT_SOURCE_DIR}/lib)
    target_link_libraries(el_${room} PUBLIC ${libraries})
endfunction()

# el_executable(NAME SOURCES file… LINKS target…): a program at the top of the build directory, linked
# as Flags says, stripped, its debug information beside it in NAME.debug.
function(el_executable name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
    el_libraries(libraries ${arg_LINKS})
    add_executable(${name} ${arg_SOURCES})
    el_include_path(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/lib)
    target_link_libraries(${name} PRIVATE ${libraries} el_version)
    target_link_options(${name} PRIVATE ${el_program_link})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
    if(CMAKE_BUILD_TYPE MATCHES "^Rel" AND NOT EL2W_SANITIZE)
        add_custom_command(TARGET ${name} POST_BUILD
            COMMAND ${CMAKE_OBJCOPY} --only-keep-debug ${name} ${name}.debug
            COMMAND ${CMAKE_OBJCOPY} --strip-all --add-gnu-debuglink=${name}.debug ${name}
            BYPRODUCTS ${PROJECT_BINARY_DIR}/${name}.debug
            WORKING_DIRECTORY ${PROJECT_BINARY_DIR} VERBATIM)
    endif()
    install(TARGETS ${name})
endfunction()

# el_test_program(NAME LABEL TIMEOUT ARGS arg… SOURCES file… LINKS room or target…). A time-out only ends
# what would never end: it leaves room for a slow machine that is busy with other things.
function(el_test_program name label timeout)
    cmake_parse_arguments(PARSE_ARGV 3 arg "" "" "SOURCES;ARGS;LINKS")
    el_libraries(libraries ${arg_LINKS})
    add_executable(${name} ${arg_SOURCES})
    el_include_path(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/lib
        ${PROJECT_SOURCE_DIR}/test)
    target_link_libraries(${name} PRIVATE ${libraries})
    target_link_options(${name} PRIVATE -pie)
    add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout})
endfunction()

# el_unit_test(WHAT_test room-or-target…): WHAT_test.c of the calling directory, with cmocka.
function(el_unit_test name)
    if(TARGET el_dep_cmocka)
        el_test_program(${name} unit 300 SOURCES ${name}.c LINKS ${ARGN} el_dep_cmocka)
    endif()
endfunction()

# el_sim_test(WHAT_test room-or-target…): several machines in one process, on a virtual clock.
function(el_sim_test name)
    if(TARGET el_dep_cmocka)
        el_test_program(${name} sim 1200 SOURCES ${name}.c LINKS ${ARGN} el_dep_cmocka)
    endif()
endfunction()

# el_fuzz_target(WHAT_fuzz [MUTATIONS number] room-or-target…): WHAT_fuzz.c over corpus/WHAT. With
# EL2W_FUZZ it is a libFuzzer program; otherwise driver.c plays the corpus and its mutations, in every
# build: fewer of these than usual for a target whose inputs take milliseconds.
function(el_fuzz_target name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "MUTATIONS" "")
    set(options)
    if(arg_MUTATIONS)
        set(options -mutations=${arg_MUTATIONS})
    endif()
    string(REGEX REPLACE "_fuzz$" "" what ${name})
    set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${what})
    if(EL2W_FUZZ)
        # What it finds goes into the first folder, so that the corpus in the source tree stays as it is.
        set(found ${CMAKE_CURRENT_BINARY_DIR}/found/${what})
        file(MAKE_DIRECTORY ${found})
        el_test_program(${name} fuzz 1800 SOURCES ${name}.c LINKS ${arg_UNPARSED_ARGUMENTS}
            ARGS -runs=20000 -timeout=60 ${found} ${corpus})
        if(TARGET ${name})
            target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        endif()
    else()
        el_test_program(${name} fuzz 1800 SOURCES ${name}.c ${PROJECT_SOURCE_DIR}/test/fuzz/driver.c
            LINKS ${arg_UNPARSED_ARGUMENTS} ARGS ${options} ${corpus})
    endif()
endfunction()

# el_script_tests(LABEL TIMEOUT script…): each is a test of the program as people run it. Exit 77 means that
# this machine lacks what the test needs.
function(el_script_tests label timeout)
    foreach(script IN LISTS ARGN)
        add_test(NAME ${label}/${script} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${script})
        set_tests_properties(${label}/${script} PROPERTIES LABELS ${label} TIMEOUT ${timeout}
            RUN_SERIAL ON SKIP_RETURN_CODE 77
            ENVIRONMENT "EL2W=${PROJECT_BINARY_DIR}/el2w;EL2W_BUILD=${PROJECT_BINARY_DIR}")
    endforeach()
endfunction()

# el_scripts_here(RESULT): the executable files of the calling directory; what is sourced is called *.sh.
function(el_scripts_here result)
    set(scripts)
    file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} *)
    list(FILTER files EXCLUDE REGEX "\\.sh$|^CMakeLists\\.txt$")
    foreach(file IN LISTS files)
        execute_process(COMMAND test -f ${file} -a -x ${file} RESULT_VARIABLE failed
            WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
        if(NOT failed)
            list(APPEND scripts ${file})
        endif()
    endforeach()
    set(${result} ${scripts} PARENT_SCOPE)
endfunction()
