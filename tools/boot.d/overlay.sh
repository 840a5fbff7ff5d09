# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The files of the throw-away system: sourced by boot.d/system. The lower layer is this machine's own root file system,
# so whatever is installed here is there too; what this machine was told to do with it (fstab, enabled services, polkit
# rules, its name) is not, so that the same system boots everywhere. Everything else lives in memory.

SANITIZER_ENVIRONMENT=(
        ASAN_OPTIONS=log_path=/var/log/gangway-sanitizer/report:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
        UBSAN_OPTIONS=log_path=/var/log/gangway-sanitizer/report:print_stacktrace=1:halt_on_error=1
        G_SLICE=always-malloc
)

# What the system starts of all that Debian's packages ask for. Anything else is either for real machines, or would be
# a difference between one machine and another.
KEPT_UNITS=' dbus.service dbus.socket systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket
systemd-journal-flush.service systemd-logind.service systemd-user-sessions.service systemd-sysusers.service
systemd-tmpfiles-setup.service systemd-tmpfiles-setup-dev.service dev-mqueue.mount '

# make_overlay WORK: the root.
make_overlay() {
        local work=$1 dir
        mount -t tmpfs -o mode=755 gangway-boot "$work"
        mkdir "$work"/{upper,work,root}
        overlay "$work" / root
        # Folders that are file systems of their own on this machine are not in the lower layer.
        for dir in /usr /var /opt /srv /root /home; do
                ! mountpoint -q "$dir" || overlay "$work" "$dir" "root$dir"
        done
}

# overlay WORK LOWER TARGET
overlay() {
        local layer=${3//\//-}
        mkdir "$1/upper/$layer" "$1/work/$layer"
        chmod --reference="$2" "$1/upper/$layer"
        mount -t overlay -o "lowerdir=$2,upperdir=$1/upper/$layer,workdir=$1/work/$layer" overlay "$1/$3"
}

# storage DIR MODE: a file system of its own, of a kind that can be idmapped, which an overlay can't, and tmpfs only
# since Linux 6.3: before, it takes a disk image.
storage() {
        mkdir "$1"
        if [ "$(printf '%s\n' 6.3 "$(uname -r)" | sort -V | head -n 1)" = 6.3 ]; then
                mount -t tmpfs tmpfs "$1"
        else
                truncate -s 4G "$1.ext4"
                mkfs.ext4 -q -F -O ^has_journal "$1.ext4"
                [ -e /dev/loop-control ] || modprobe loop || true
                mount -o loop "$1.ext4" "$1"
                rmdir "$1/lost+found"
        fi
        chmod "$2" "$1"
}

# install_build WORK BUILD ROOT: in place of what this machine may have. Meson notes what it did in the build folder,
# which belongs to whoever built.
install_build() {
        local build=$2 log=$1/install.log
        rm -rf "$3/etc/gangway"
        if ! (flock 9 && meson install --quiet --no-rebuild -C "$build" --destdir "$3") 9<"$build" >"$log" 2>&1; then
                cat "$log" >&2
                die "installing the build failed"
        fi
        chown -R --reference="$build" "$build/meson-logs"
}

# fit_out ROOT: everything that makes it a system of its own.
fit_out() {
        (
                cd "$1" || exit
                fit_out_identity
                fit_out_units
                [ -z "${GANGWAY_SANITIZE:-}" ] || fit_out_sanitizer
        )
}

fit_out_identity() {
        local user
        rm -f etc/fstab etc/crypttab etc/machine-id var/lib/dbus/machine-id
        rm -rf etc/polkit-1/rules.d/* etc/polkit-1/localauthority* var/lib/polkit-1/localauthority*
        touch etc/fstab
        systemd-id128 new >etc/machine-id
        echo gangway-boot >etc/hostname
        printf '127.0.0.1 localhost gangway-boot\n::1 localhost\n' >etc/hosts
        # Nobody shares a group, nobody has a password, and no uid is one that the machine may have given away.
        for user in alice:5001 bob:5002; do
                sed -i "/^${user%:*}:/d" etc/passwd etc/group etc/shadow etc/gshadow
                echo "${user%:*}:x:${user#*:}:${user#*:}:test user:/home/${user%:*}:/bin/bash" >>etc/passwd
                echo "${user%:*}:x:${user#*:}:" >>etc/group
                echo "${user%:*}:!:19000:0:99999:7:::" >>etc/shadow
                rm -rf "home/${user%:*}"
                install -d -m 700 -o "${user#*:}" -g "${user#*:}" "home/${user%:*}"
        done
}

fit_out_units() {
        local unit generator
        rm -rf etc/systemd/system etc/systemd/system-generators etc/systemd/*.conf.d
        mkdir -p etc/systemd/system etc/systemd/system-generators etc/systemd/journald.conf.d
        for unit in usr/lib/systemd/system/*.target.wants/* usr/local/lib/systemd/system/*.target.wants/*; do
                unit=${unit##*/}
                [[ $KEPT_UNITS =~ [[:space:]]"$unit"[[:space:]] || $unit == *.target || $unit == '*' ]] ||
                        ln -sf /dev/null "etc/systemd/system/$unit"
        done
        for generator in usr/lib/systemd/system-generators/* usr/local/lib/systemd/system-generators/*; do
                ln -sf /dev/null "etc/systemd/system-generators/${generator##*/}"
        done
        ln -s multi-user.target etc/systemd/system/default.target
        ln -sf /dev/null etc/systemd/system/getty.target
        # Tests log a lot, and read it back: nothing may be dropped.
        printf '%s\n' '[Journal]' Storage=volatile RateLimitBurst=0 ForwardToSyslog=no ForwardToWall=no \
                >etc/systemd/journald.conf.d/gangway-boot.conf
        printf '%s\n' '[Unit]' 'Description=Tell tools/boot that the system is up' After=dbus.service \
                'After=systemd-logind.service systemd-user-sessions.service' \
                '[Service]' Type=oneshot 'ExecStart=/bin/sh -c "echo up >/run/gangway-boot/ready"' \
                >etc/systemd/system/gangway-boot-ready.service
        mkdir etc/systemd/system/multi-user.target.wants
        ln -s ../gangway-boot-ready.service etc/systemd/system/multi-user.target.wants/
}

# The sanitizers need an address space that may be laid out freely, and ptrace for finding leaks.
fit_out_sanitizer() {
        local line
        mkdir -p etc/systemd/system/gangwayd.service.d
        {
                printf '%s\n' '[Service]' MemoryDenyWriteExecute=no SystemCallFilter= LimitAS=infinity \
                        ReadWritePaths=/var/log/gangway-sanitizer TimeoutStartSec=90
                for line in "${SANITIZER_ENVIRONMENT[@]}"; do
                        printf 'Environment=%s\n' "$line"
                done
        } >etc/systemd/system/gangwayd.service.d/sanitizer.conf
}
