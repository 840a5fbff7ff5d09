/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The help of each verb: what it does, its options, and examples that work as they stand. A text is one string for the
 * translators, so that they can put it in their own order.
 */

#include "config.h"

#include "ctl/help.h"

#include <glib.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/report.h"

static const char overview[] =
        N_("gangwayctl [OPTION] VERB [OPTION...] [ARGUMENT...]\n"
           "\n"
           "Runs containers through the system service org.gangway1.\n"
           "\n"
           "  run IMAGE COMMAND...           create a container, run COMMAND in it, release it\n"
           "  create [NAME] IMAGE            create a container\n"
           "  start NAME COMMAND...          run its first process\n"
           "  exec NAME COMMAND...           run a further process\n"
           "  wait NAME PROCESS              wait for a process, exit with its exit code\n"
           "  signal NAME PROCESS SIGNAL     send a signal\n"
           "  list                           list the containers\n"
           "  show NAME                      show one container and its processes\n"
           "  pause NAME...                  freeze all processes\n"
           "  resume NAME...                 let them go on\n"
           "  release NAME...                kill all processes, remove the container\n"
           "  monitor [NAME]                 print what happens, as it happens\n"
           "\n"
           "  ls NAME:PATH                   list files of a container\n"
           "  cp NAME:PATH DESTINATION       copy files out of a container\n"
           "  commit NAME[:PATH] IMAGE       make an image of what was written\n"
           "\n"
           "  pull REFERENCE                 fetch an image from a registry\n"
           "  import IMAGE FILE              make an image of an archive\n"
           "  images                         list the images\n"
           "  tag IMAGE NEW_NAME             give an image a further name\n"
           "  rmi IMAGE...                   remove images\n"
           "  prune                          remove what nothing uses any more\n"
           "\n"
           "  -h, --help                     print this, or after VERB its own help\n"
           "      --version                  print the version\n"
           "      --no-ask-password          never ask for a password\n"
           "\n"
           "A container of another user is called UID/NAME. In the place of IMAGE may stand a\n"
           "folder with a root file system, which begins with '/' or '.'.\n"
           "The exit code is the one of the process; 125 where gangway itself failed, 126 where\n"
           "the program can't be executed, 127 where it is not there.\n"
           "\n"
           "To begin with:\n"
           "\n"
           "  gangwayctl pull docker.io/library/debian:12\n"
           "  gangwayctl run -t docker.io/library/debian:12 bash\n");

static const char create_options[] =
        N_("Where the root file system comes from, in the place of IMAGE:\n"
           "      --image IMAGE         an image\n"
           "      --rootfs DIR          a folder that you may open yourself\n"
           "      --host-path DIR       a folder of the host that gangway opens; asks for a password\n"
           "How it is mounted:\n"
           "      --output              write to the folder itself, or keep what is written for commit;\n"
           "                            else a throw-away layer is written\n"
           "      --read-only           nothing can be written\n"
           "What the container may do:\n"
           "      --net MODE            sandbox (the default), none, host (asks for a password)\n"
           "  -p, --publish [[ADDRESS:]PORT:]CONTAINER-PORT[/udp|/sctp]\n"
           "                            a port of this computer that leads to one of the container;\n"
           "                            ADDRESS is 127.0.0.1, any other asks for a password\n"
           "      --security MODE       sandbox (the default), insecure (asks for a password)\n"
           "      --hostname NAME       the host name inside\n"
           "      --add-host NAME:ADDRESS\n"
           "                            a further line of /etc/hosts\n"
           "      --dns ADDRESS         a DNS server, in the place of those of the host\n"
           "      --platform OS/ARCH[/VARIANT]\n"
           "                            what its programs are for, as linux/arm64; by default what IMAGE\n"
           "                            is for\n"
           "      --property NAME=VALUE a limit as in unit files: MemoryMin, MemoryLow, MemoryHigh,\n"
           "                            MemoryMax, MemorySwapMax, CPUWeight, CPUQuota, TasksMax,\n"
           "                            IOWeight, RuntimeMaxSec, AllowedCPUs\n"
           "      --rlimit NAME=SOFT:HARD\n"
           "                            a limit of each process, for example NOFILE=1024:4096\n");

static const char mount_options[] =
        N_("What else it sees:\n"
           "  -v, --volume DIR:DESTINATION[:ro]\n"
           "                            a folder or file of yours; what is written there belongs to you\n"
           "      --mount type=TYPE,dst=DESTINATION[,KEY=VALUE...]\n"
           "                            bind: src=DIR, the same as --volume; output=false has what is\n"
           "                              written thrown away; selector=PATH a part of it\n"
           "                            image: src=IMAGE, selector=PATH\n"
           "                            host: src=PATH, opened by gangway; asks for a password\n"
           "                            scratch: an empty folder\n"
           "                            cache: id=ID, sharing=shared|private|locked, from=IMAGE; a folder\n"
           "                              that is kept\n"
           "                            tmpfs: size=SIZE\n"
           "                            secret: id=ID, ssh: id=ID; mode=, uid=, gid=, optional\n"
           "                            all but the last two: ro; those with files: output, for commit\n"
           "      --secret id=ID,src=FILE|env=VARIABLE\n"
           "                            a secret, at /run/secrets/ID unless a --mount says where\n"
           "      --ssh default|ID=SOCKET\n"
           "                            an ssh agent; default is the one of SSH_AUTH_SOCK, which is set\n"
           "                            inside, too\n");

static const char start_options[] = N_("The process:\n"
                                       "  -t, --tty                 give it a terminal of its own\n"
                                       "  -u, --user USER           run as this user: NAME, UID, NAME:GROUP, UID:GID\n"
                                       "  -w, --cwd DIR             run in this folder of the container\n"
                                       "  -e, --env NAME=VALUE      set a variable; NAME alone passes your own on\n"
                                       "      --secret-env NAME=ID  set a variable to the secret ID of the container\n"
                                       "      --id ID               call the process ID instead of a made-up name\n");

static const char create_text[] =
        N_("gangwayctl create [OPTION...] [NAME] IMAGE\n"
           "gangwayctl create [OPTION...] [NAME] --rootfs DIR\n"
           "\n"
           "Creates a container. Nothing runs in it until 'gangwayctl start'. It stays until\n"
           "'gangwayctl release'. Without NAME one is made up and printed.\n");
static const char create_examples[] =
        N_("Examples:\n"
           "  gangwayctl create c1 debian:12\n"
           "  gangwayctl create c1 debian:12 --output -v .:/work --mount type=tmpfs,dst=/tmp,size=64m\n"
           "  gangwayctl create c1 --rootfs . --property MemoryMax=512M --property CPUQuota=50%\n");

static const char run_text[] =
        N_("gangwayctl run [OPTION...] IMAGE [COMMAND...]\n"
           "gangwayctl run [OPTION...] --rootfs DIR [--] COMMAND...\n"
           "\n"
           "Creates a container, runs COMMAND in it, waits for its end and releases the container.\n"
           "It is released also when gangwayctl is killed. The exit code is the one of COMMAND.\n"
           "Without COMMAND the image's own one is run.\n");
static const char run_name[] = N_("      --name NAME           call the container NAME instead of a made-up name\n");
static const char run_examples[] = N_("Examples:\n"
                                      "  gangwayctl run -t -e TERM debian:12 bash\n"
                                      "  gangwayctl run -v .:/work -w /work debian:12 make\n"
                                      "  gangwayctl run --ssh default debian:12 ssh-add -l\n"
                                      "  tar c . | gangwayctl run --rootfs /srv/debian --net none -- tar t\n");

static const char start_text[] =
        N_("gangwayctl start [OPTION...] NAME [COMMAND...]\n"
           "\n"
           "Runs the first process of a container, its PID 1; the container ends with it. A later\n"
           "start does what exec does. Without COMMAND the image's own one is run. The process gets\n"
           "the standard input, output and error of gangwayctl, which passes signals on, waits for the\n"
           "end and exits with the same exit code.\n");
static const char exec_text[] =
        N_("gangwayctl exec [OPTION...] NAME COMMAND...\n"
           "\n"
           "Runs a further process in a container that was started. The process gets the standard\n"
           "input, output and error of gangwayctl, which passes signals on, waits for the end and\n"
           "exits with the same exit code.\n");
static const char detach_option[] =
        N_("  -d, --detach              print the process's id and leave it alone; its input is empty,\n"
           "                            its output goes to the journal\n");
static const char start_examples[] = N_("Examples:\n"
                                        "  gangwayctl start -t c1 sh\n"
                                        "  gangwayctl start -d --id main c1 sleep infinity\n"
                                        "  gangwayctl wait c1 main\n");
static const char exec_examples[] = N_("Examples:\n"
                                       "  gangwayctl exec c1 ls -l /\n"
                                       "  gangwayctl exec -t -u nobody -w /tmp c1 sh\n"
                                       "  echo 'id; exit 3' | gangwayctl exec c1 sh\n");

static const char list_text[] = N_("gangwayctl list [--json]\n"
                                   "\n"
                                   "Lists the containers that you may see: your own, and as root all of them.\n"
                                   "\n"
                                   "      --json                an array of objects: name, path, owner, state\n");
static const char show_text[] = N_("gangwayctl show NAME [--json]\n"
                                   "\n"
                                   "Shows the properties of a container and its processes.\n"
                                   "\n"
                                   "      --json                as an object\n");
static const char signal_text[] =
        N_("gangwayctl signal NAME PROCESS SIGNAL [--whom WHOM]\n"
           "\n"
           "Sends a signal: TERM, SIGTERM, 15, RTMIN+3 and so on. Nothing happens to a process that\n"
           "has ended.\n"
           "\n"
           "      --whom WHOM           process (the default), group (its process group), or all\n"
           "                            (each process of the container)\n"
           "\n"
           "Example:\n"
           "  gangwayctl signal c1 main HUP --whom group\n");
static const char wait_text[] =
        N_("gangwayctl wait NAME PROCESS\n"
           "\n"
           "Waits until the process has ended and exits with its exit code, at once where it has\n"
           "ended already. Exit codes are kept until the container is released.\n");
static const char pause_text[] = N_("gangwayctl pause NAME...\n"
                                    "\n"
                                    "Freezes all processes of each container until 'gangwayctl resume'.\n");
static const char resume_text[] = N_("gangwayctl resume NAME...\n"
                                     "\n"
                                     "Undoes 'gangwayctl pause'.\n");
static const char release_text[] =
        N_("gangwayctl release NAME...\n"
           "\n"
           "Kills all processes of each container and removes it. When the command is over, nothing\n"
           "of it is left.\n");
static const char monitor_text[] =
        N_("gangwayctl monitor [NAME] [--json]\n"
           "\n"
           "Prints a line for each thing that happens to the containers that you may see, or to the\n"
           "one called NAME, which need not exist yet: container-new, container-removed,\n"
           "process-exited, changed.\n"
           "\n"
           "      --json                a JSON object in each line\n");

static const char ls_text[] =
        N_("gangwayctl ls [-l] [--json] NAME:PATH\n"
           "\n"
           "Lists a folder of a container, which need not run for it.\n"
           "\n"
           "  -l                        with mode, owner, group, size and time\n"
           "      --json                an array of objects: name, type, size, mode, uid, gid, mtime\n"
           "                            (microseconds), target\n");
static const char cp_text[] =
        N_("gangwayctl cp NAME:PATH DESTINATION\n"
           "\n"
           "Copies a file or a folder out of a container, which need not run for it. Into DESTINATION\n"
           "where that is a folder, else as DESTINATION; PATH/. is what is in a folder. Symlinks are\n"
           "kept, owners are not. As DESTINATION, '-' is standard output, for a file.\n"
           "\n"
           "Examples:\n"
           "  gangwayctl cp c1:/var/log .\n"
           "  gangwayctl cp c1:/etc/os-release - | head -n 1\n");
static const char commit_text[] =
        N_("gangwayctl commit [--system] NAME[:PATH] IMAGE\n"
           "\n"
           "Makes an image of what was written to the root of a container, or to its mount at PATH. It\n"
           "has to be an output: see --output and --mount of 'gangwayctl create'. Ctrl-C cancels it.\n"
           "\n"
           "      --system              an image for all users; asks for a password\n"
           "\n"
           "Example:\n"
           "  gangwayctl create c1 debian:12 --output\n"
           "  gangwayctl start c1 apt-get install -y make\n"
           "  gangwayctl commit c1 debian-make\n");

static const char import_text[] =
        N_("gangwayctl import [OPTION...] IMAGE FILE\n"
           "\n"
           "Makes an image of a root file system as tar, with any compression, of an OCI image as a\n"
           "folder or an archive, or of what 'docker save' made. '-' is standard input. Ctrl-C\n"
           "cancels it.\n");
static const char pull_text[] = N_("gangwayctl pull [OPTION...] REFERENCE\n"
                                   "\n"
                                   "Fetches an image from a registry. Ctrl-C cancels it.\n"
                                   "\n"
                                   "      --name IMAGE              call it IMAGE instead of REFERENCE\n");
static const char platform_option[] =
        N_("      --platform OS/ARCH[/VARIANT]\n"
           "                                where there are several, this one: linux/arm64; and what\n"
           "                                a root file system is for\n"
           "      --system                  for all users; asks for a password\n");
static const char import_examples[] = N_("Examples:\n"
                                         "  gangwayctl import debian:12 debian.tar.zst\n"
                                         "  docker save debian:12 | gangwayctl import debian:12 -\n");
static const char pull_examples[] = N_("Example:\n"
                                       "  gangwayctl pull --name debian:12 docker.io/library/debian:12\n");
static const char images_text[] =
        N_("gangwayctl images [--json]\n"
           "\n"
           "Lists your images and those of the system.\n"
           "\n"
           "      --json                an array of objects: name, system, owner, created (seconds),\n"
           "                            size, digest, and more\n");
static const char tag_text[] = N_("gangwayctl tag [--system] IMAGE NEW_NAME\n"
                                  "\n"
                                  "Gives an image a further name. What has that name already loses it.\n"
                                  "\n"
                                  "      --system              the new name is for all users; asks for a password\n");
static const char rmi_text[] =
        N_("gangwayctl rmi [--system] IMAGE...\n"
           "\n"
           "Removes images. What other images or containers use of them stays until the last of those\n"
           "is gone.\n"
           "\n"
           "      --system              images of the system; asks for a password\n");
static const char prune_text[] =
        N_("gangwayctl prune [OPTION...]\n"
           "\n"
           "Removes what nothing uses any more: layers without an image, and caches, the longest\n"
           "unused first.\n"
           "\n"
           "      --older-than TIME     only what was not used for so long: 12h, 7d\n"
           "      --keep SIZE           only as much as is more than this: 10G\n"
           "      --all-users           the caches of all users; asks for a password\n");

#define SECTIONS_MAX 6

/* The sections are printed with an empty line between them; no line goes before one that starts with a space. */
static const struct {
        const char *verb;
        const char *sections[SECTIONS_MAX];
} helps[] = {
        {"create", {create_text, create_options, mount_options, create_examples}},
        {"run", {run_text, create_options, mount_options, run_name, start_options, run_examples}},
        {"start", {start_text, start_options, detach_option, start_examples}},
        {"exec", {exec_text, start_options, detach_option, exec_examples}},
        {"list", {list_text}},
        {"show", {show_text}},
        {"signal", {signal_text}},
        {"wait", {wait_text}},
        {"pause", {pause_text}},
        {"resume", {resume_text}},
        {"release", {release_text}},
        {"monitor", {monitor_text}},
        {"ls", {ls_text}},
        {"cp", {cp_text}},
        {"commit", {commit_text}},
        {"import", {import_text, platform_option, import_examples}},
        {"pull", {pull_text, platform_option, pull_examples}},
        {"images", {images_text}},
        {"tag", {tag_text}},
        {"rmi", {rmi_text}},
        {"prune", {prune_text}},
};

int help_overview(void)
{
        fputs(_(overview), stdout);
        return report_flush();
}

int help_verb(const char *verb)
{
        for (size_t i = 0; i < G_N_ELEMENTS(helps); i++) {
                if (strcmp(helps[i].verb, verb) != 0)
                        continue;
                for (size_t j = 0; j < SECTIONS_MAX && helps[i].sections[j]; j++) {
                        if (j > 0 && helps[i].sections[j][0] != ' ')
                                putchar('\n');
                        fputs(_(helps[i].sections[j]), stdout);
                }
                return report_flush();
        }
        report(_("there is no verb '%s'; 'gangwayctl --help' lists them"), verb);
        return CTL_EXIT_FAILURE;
}
