# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the tools share: sourced, not run. Nothing here has an effect of its own.

# The source tree, however the tool was called.
SOURCE=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
TOOL=${TOOL:-${0##*/}}

# Messages go to stderr, so that stdout stays the command's own.
say() {
        printf '%s: %s\n' "$TOOL" "$*" >&2
}

die() {
        say "$@"
        exit 1
}

# become_root COMMAND…: replaces this process by COMMAND run as root. Both ways clear the environment, so that what
# tunes the tools is handed over by name. No question is asked where nobody could answer it.
become_root() {
        local keep=() name
        [ "$(id -u)" -ne 0 ] || exec "$@"
        for name in $(compgen -e | grep -E '^(GANGWAY_|BOOT_|MESON_|G_|LC_|(TERM|COLORTERM|LANG|PATH)$)'); do
                keep+=("$name=${!name}")
        done
        if command -v sudo >/dev/null; then
                exec sudo -- env -C "$PWD" "${keep[@]}" "$@"
        elif command -v pkexec >/dev/null && [ -t 0 ]; then
                exec pkexec env -C "$PWD" "${keep[@]}" "$@"
        fi
        die "this needs root, and neither sudo nor pkexec is there: run it as root"
}

# build_dir: the name of the meson build folder that the environment asks for.
build_dir() {
        local dir=${GANGWAY_BUILD:-$SOURCE/build}
        case $dir in
        /*) ;;
        *) dir=$PWD/$dir ;;
        esac
        [ -z "${GANGWAY_SANITIZE:-}" ] || dir=$dir-sanitize
        printf '%s\n' "$dir"
}

# build DIR [MESON-OPTION…]: configures DIR where it is not yet, and compiles. Two tools may build the same folder at
# the same time, which ninja does not expect: the second waits. What is printed goes to stderr, and only where
# something was done or failed. BUILD_TARGETS: what to compile, by default all.
build() {
        local dir=$1 log
        shift
        mkdir -p "$dir" || return
        (
                flock 9 || exit
                log=$(mktemp) || exit
                trap 'rm -f "$log"' EXIT
                if [ ! -f "$dir/build.ninja" ]; then
                        say "configuring $dir"
                        meson setup --prefix=/usr "$@" "$dir" "$SOURCE" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
                fi
                # shellcheck disable=SC2086 # they are words
                ninja -C "$dir" ${BUILD_TARGETS:-} >"$log" 2>&1 && exit
                grep -v '^\[[0-9]*/[0-9]*\] ' "$log" >&2
                exit 1
        ) 9<"$dir" || { say "the build in $dir failed"; return 1; }
}

# Where tools/deps unpacks the kernel for tools/boot-vm.
# shellcheck disable=SC2034 # for those that source this
KERNEL_DIR=/var/cache/gangway/kernel

# Where tools/deps unpacks another architecture's BusyBox, and which. tests/integration/test-platform.c knows it, too.
# shellcheck disable=SC2034 # for those that source this
FOREIGN_DIR=/var/cache/gangway/foreign FOREIGN_ARCHITECTURE=arm64

# The options of a build whose programs report their own bad memory accesses. Clang wants undefined symbols in
# libraries left alone then.
# shellcheck disable=SC2034 # for those that source this
SANITIZE_OPTIONS=('-Db_sanitize=address,undefined' -Db_lundef=false)
