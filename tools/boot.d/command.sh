# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The command that the throw-away system is booted for: sourced by boot.d/system and boot.d/machine.

# make_environment BUILD: sets ENVIRONMENT to what the command gets to see of the caller's environment.
make_environment() {
        local name
        ENVIRONMENT=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
                     HOME=/root USER=root LOGNAME=root SHELL=/bin/bash)
        for name in $(compgen -e | grep -E '^(GANGWAY_|G_|MESON_|LC_|(TERM|COLORTERM|LANG)$)'); do
                ENVIRONMENT+=("$name=${!name}")
        done
        ENVIRONMENT+=(GANGWAY_TEST_DIR=/var/tmp/gangway-test "GANGWAY_BUILD=$1")
        [ -z "${GANGWAY_SANITIZE:-}" ] || ENVIRONMENT+=("${SANITIZER_ENVIRONMENT[@]}")
}

# write_command COMMAND…: the file for bash that becomes the command, so that no shell takes its arguments apart.
write_command() {
        printf 'cd %q\n' "$SOURCE"
        printf 'exec --'
        printf ' %q' "$@"
        printf '\n'
}
