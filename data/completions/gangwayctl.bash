# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for gangwayctl(1)

__gangwayctl_names() {
        gangwayctl --no-ask-password list 2>/dev/null | while read -r name _; do
                [[ $name == NAME ]] || printf '%s\n' "$name"
        done
}

__gangwayctl_processes() {
        gangwayctl --no-ask-password show "$1" 2>/dev/null | sed -n 's/^\( *processes:\)\? \+\([^ ]\+\) \(running\|exited\), .*/\2/p'
}

__gangwayctl_reply() {
        mapfile -t COMPREPLY < <(compgen "$@")
}

# Sets verb, and words_after: how many words that are no options stand between the verb and the cursor.
__gangwayctl_scan() {
        local i word
        verb='' name='' words_after=0
        for ((i = 1; i < COMP_CWORD; i++)); do
                word=${COMP_WORDS[i]}
                case $word in
                -u | --user | -w | --cwd | -e | --env | --id | --name | --rootfs | --host-path | --net | --security | \
                        --hostname | --property | --rlimit | --whom)
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

_gangwayctl() {
        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb name words_after
        local verbs='create run start exec list show signal wait pause resume release monitor help'
        local common='--help --no-ask-password'
        local create='--rootfs --host-path --output --read-only --net --security --hostname --property --rlimit'
        local start='--tty --user --cwd --env --id'
        local properties='MemoryMin MemoryLow MemoryHigh MemoryMax MemorySwapMax CPUWeight CPUQuota TasksMax IOWeight
                RuntimeMaxSec AllowedCPUs'
        local limits='AS CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO RTTIME SIGPENDING STACK'

        COMPREPLY=()
        __gangwayctl_scan
        case $prev in
        --rootfs | --host-path)
                compopt -o filenames 2>/dev/null
                __gangwayctl_reply -d -- "$cur"
                return
                ;;
        --net)
                __gangwayctl_reply -W 'sandbox none host' -- "$cur"
                return
                ;;
        --security)
                __gangwayctl_reply -W 'sandbox insecure' -- "$cur"
                return
                ;;
        --whom)
                __gangwayctl_reply -W 'process group all' -- "$cur"
                return
                ;;
        --property)
                compopt -o nospace 2>/dev/null
                __gangwayctl_reply -S = -W "$properties" -- "$cur"
                return
                ;;
        --rlimit)
                compopt -o nospace 2>/dev/null
                __gangwayctl_reply -S = -W "$limits" -- "$cur"
                return
                ;;
        -e | --env)
                __gangwayctl_reply -v -- "$cur"
                return
                ;;
        -u | --user | -w | --cwd | --id | --name | --hostname) return ;;
        esac

        case $verb in
        '')
                if [[ $cur == -* ]]; then
                        __gangwayctl_reply -W "$common --version" -- "$cur"
                else
                        __gangwayctl_reply -W "$verbs" -- "$cur"
                fi
                return
                ;;
        help)
                __gangwayctl_reply -W "$verbs" -- "$cur"
                return
                ;;
        esac

        if [[ $cur == -* ]]; then
                case $verb in
                create) __gangwayctl_reply -W "$common $create" -- "$cur" ;;
                run) ((words_after == 0)) && __gangwayctl_reply -W "$common $create $start --name" -- "$cur" ;;
                start | exec) ((words_after <= 1)) && __gangwayctl_reply -W "$common $start --detach" -- "$cur" ;;
                list | show | monitor) __gangwayctl_reply -W "$common --json" -- "$cur" ;;
                signal) __gangwayctl_reply -W "$common --whom" -- "$cur" ;;
                *) __gangwayctl_reply -W "$common" -- "$cur" ;;
                esac
                return
        fi
        case $verb:$words_after in
        start:0 | exec:0 | show:0 | signal:0 | wait:0 | monitor:0 | pause:* | resume:* | release:*)
                __gangwayctl_reply -W "$(__gangwayctl_names)" -- "$cur"
                ;;
        signal:1 | wait:1) __gangwayctl_reply -W "$(__gangwayctl_processes "$name")" -- "$cur" ;;
        signal:2) __gangwayctl_reply -A signal -- "$cur" ;;
        esac
}

complete -F _gangwayctl gangwayctl
