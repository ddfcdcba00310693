# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# el2w's own path without the cipher: what is left to win with a better one. The option exists for this
# bench only; the program is built here, beside the release build.
title="el2w, not encrypted (bench only)"
wire=fast
. "$bench/parts/el2w.bash"
program=$cache/no-encryption/el2w

prepare() {
    local source
    source=$(readlink -f "$bench/../..")
    grep -qr EL2W_BENCH_NO_ENCRYPTION "$source/CMakeLists.txt" "$source/cmake" "$source/lib" ||
        { echo "no such build option" && return 1; }
    cmake -S "$source" -B "$cache/no-encryption" -DEL2W_BENCH_NO_ENCRYPTION=ON -DEL2W_TESTS=OFF >/dev/null &&
        cmake --build "$cache/no-encryption" --parallel "$(nproc)" --target el2w >/dev/null
}
