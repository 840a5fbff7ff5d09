# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for gangwayctl(1)

__gangwayctl_names() {
        gangwayctl --no-ask-password list 2>/dev/null | while read -r name _; do
                [[ $name == NAME ]] || printf '%s\n' "$name"
        done
}

__gangwayctl_images() {
        gangwayctl --no-ask-password images 2>/dev/null | while read -r name _; do
                [[ $name == IMAGE ]] || printf '%s\n' "$name"
        done
}

__gangwayctl_processes() {
        gangwayctl --no-ask-password show "$1" 2>/dev/null | sed -n 's/^\( *processes:\)\? \+\([^ ]\+\) \(running\|exited\), .*/\2/p'
}

__gangwayctl_reply() {
        mapfile -t COMPREPLY < <(compgen "$@")
}

# For words with colons in them, at which bash cuts: it wants only what follows the last one.
__gangwayctl_reply_colon() {
        __gangwayctl_reply -W "$1" -- "$cur"
        [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]] && COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
}

# A container chooses the names of its files: compgen would expand them, so they are compared here, and quoted.
__gangwayctl_reply_files() {
        local file folder=${cur%"${cur##*[:/]}"} cut=''
        [[ $COMP_WORDBREAKS == *:* ]] && cut=${cur%"${cur##*:}"}
        compopt -o nospace 2>/dev/null
        while IFS= read -r file; do
                file=$folder$file
                [[ $file == "$cur"* ]] && COMPREPLY+=("$(printf '%q' "${file#"$cut"}")")
        done < <(gangwayctl --no-ask-password ls "$folder" 2>/dev/null)
}

__gangwayctl_reply_names_colon() {
        compopt -o nospace 2>/dev/null
        __gangwayctl_reply -S : -W "$(__gangwayctl_names)" -- "$cur"
}

# Sets cur and prev, without the cuts that bash makes at colons; verb, name, and words_after: how many words that are no
# options stand between the verb and the cursor.
__gangwayctl_scan() {
        local i word words line=${COMP_LINE:0:COMP_POINT}
        read -ra words <<<"$line"
        [[ $line == *[[:space:]] ]] && words+=('')
        cur=${words[-1]} prev=${words[-2]}
        verb='' name='' words_after=0
        for ((i = 1; i < ${#words[@]} - 1; i++)); do
                word=${words[i]}
                case $word in
                -u | --user | -w | --cwd | -e | --env | --id | --name | --rootfs | --host-path | --net | --security | \
                        --hostname | --add-host | --dns | --property | --rlimit | --whom | --image | --mount | -v | \
                        --volume | --secret | -p | --publish | --ssh | --platform | --older-than | --keep | --secret-env)
                        ((i++))
                        ;;
                -*) ;;
                *)
                        if [[ -z $verb ]]; then
                                verb=$word
                        else
                                ((words_after++ == 0)) && name=$word
                        fi
                        ;;
                esac
        done
}

# The value of an option. Returns 1 where prev is none that takes one.
__gangwayctl_value() {
        local properties='MemoryMin MemoryLow MemoryHigh MemoryMax MemorySwapMax CPUWeight CPUQuota TasksMax IOWeight
                RuntimeMaxSec AllowedCPUs'
        local limits='AS CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO RTTIME SIGPENDING STACK'
        case $prev in
        --rootfs | --host-path | -v | --volume)
                compopt -o filenames 2>/dev/null
                __gangwayctl_reply -d -- "$cur"
                ;;
        --image) __gangwayctl_reply_colon "$(__gangwayctl_images)" ;;
        --mount)
                compopt -o nospace 2>/dev/null
                __gangwayctl_reply -S , -W 'type=bind type=image type=host type=scratch type=cache type=tmpfs type=secret
                        type=ssh' -- "$cur"
                ;;
        --secret)
                compopt -o nospace 2>/dev/null
                __gangwayctl_reply -W 'id=' -- "$cur"
                ;;
        --ssh) __gangwayctl_reply -W 'default' -- "$cur" ;;
        --net) __gangwayctl_reply -W 'sandbox none host' -- "$cur" ;;
        --security) __gangwayctl_reply -W 'sandbox insecure' -- "$cur" ;;
        --whom) __gangwayctl_reply -W 'process group all' -- "$cur" ;;
        --platform) __gangwayctl_reply -W 'linux/amd64 linux/386 linux/arm64 linux/arm/v7 linux/riscv64' -- "$cur" ;;
        --property)
                compopt -o nospace 2>/dev/null
                __gangwayctl_reply -S = -W "$properties" -- "$cur"
                ;;
        --rlimit)
                compopt -o nospace 2>/dev/null
                __gangwayctl_reply -S = -W "$limits" -- "$cur"
                ;;
        -e | --env) __gangwayctl_reply -v -- "$cur" ;;
        -u | --user | -w | --cwd | -p | --publish | --id | --name | --hostname | --add-host | --dns | --older-than | --keep | \
                --secret-env) ;;
        *) return 1 ;;
        esac
}

__gangwayctl_options() {
        local common='--help --no-ask-password'
        local create='--image --rootfs --host-path --output --read-only --mount --volume --secret --ssh --net --publish --security
                --hostname --add-host --dns --platform --property --rlimit --name'
        local start='--tty --user --cwd --env --secret-env --id'
        case $verb in
        create) __gangwayctl_reply -W "$common $create" -- "$cur" ;;
        run) ((words_after == 0)) && __gangwayctl_reply -W "$common $create $start" -- "$cur" ;;
        start | exec) ((words_after <= 1)) && __gangwayctl_reply -W "$common $start --detach" -- "$cur" ;;
        list | show | monitor | images | ls) __gangwayctl_reply -W "$common --json" -- "$cur" ;;
        signal) __gangwayctl_reply -W "$common --whom" -- "$cur" ;;
        import) __gangwayctl_reply -W "$common --platform --system" -- "$cur" ;;
        pull) __gangwayctl_reply -W "$common --platform --system --name" -- "$cur" ;;
        tag | rmi | commit) __gangwayctl_reply -W "$common --system" -- "$cur" ;;
        prune) __gangwayctl_reply -W "$common --older-than --keep --all-users" -- "$cur" ;;
        *) __gangwayctl_reply -W "$common" -- "$cur" ;;
        esac
}

__gangwayctl_word() {
        case $verb:$words_after in
        start:0 | exec:0 | show:0 | signal:0 | wait:0 | monitor:0 | pause:* | resume:* | release:*)
                __gangwayctl_reply -W "$(__gangwayctl_names)" -- "$cur"
                ;;
        signal:1 | wait:1) __gangwayctl_reply -W "$(__gangwayctl_processes "$name")" -- "$cur" ;;
        signal:2) __gangwayctl_reply -A signal -- "$cur" ;;
        run:0 | tag:* | rmi:* | import:0 | commit:1) __gangwayctl_reply_colon "$(__gangwayctl_images)" ;;
        create:*) __gangwayctl_reply_colon "$(__gangwayctl_images)" ;;
        commit:0) __gangwayctl_reply -W "$(__gangwayctl_names)" -- "$cur" ;;
        cp:0 | ls:0)
                if [[ $cur == *:* ]]; then
                        __gangwayctl_reply_files
                else
                        __gangwayctl_reply_names_colon
                fi
                ;;
        import:1 | cp:1)
                compopt -o filenames 2>/dev/null
                __gangwayctl_reply -f -- "$cur"
                ;;
        esac
}

_gangwayctl() {
        local cur prev verb name words_after
        local verbs='create run start exec list show signal wait pause resume release monitor ls cp commit pull import
                images tag rmi prune help'

        COMPREPLY=()
        __gangwayctl_scan
        __gangwayctl_value && return
        if [[ -z $verb || $verb == help ]]; then
                if [[ $cur == -* ]]; then
                        __gangwayctl_reply -W '--help --no-ask-password --version' -- "$cur"
                else
                        __gangwayctl_reply -W "$verbs" -- "$cur"
                fi
        elif [[ $cur == -* ]]; then
                __gangwayctl_options
        else
                __gangwayctl_word
        fi
}

complete -F _gangwayctl gangwayctl
