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
           "  run [OPTION...] COMMAND...     create a container, run COMMAND in it, release it\n"
           "  create [NAME] --rootfs DIR     create a container\n"
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
           "  -h, --help                     print this, or after VERB its own help\n"
           "      --version                  print the version\n"
           "      --no-ask-password          never ask for a password\n"
           "\n"
           "A container of another user is called UID/NAME.\n"
           "The exit code is the one of the process; 125 where gangway itself failed, 126 where\n"
           "the program can't be executed, 127 where it is not there.\n"
           "\n"
           "To begin with, where DIR is a folder with a root file system:\n"
           "\n"
           "  gangwayctl run -t --rootfs DIR sh\n");

static const char create_options[] =
        N_("Where the root file system comes from, one of:\n"
           "      --rootfs DIR          a folder that you may open yourself\n"
           "      --host-path DIR       a folder of the host that gangway opens; asks for a password\n"
           "How it is mounted:\n"
           "      --output              write to the folder itself; else a throw-away layer is written\n"
           "      --read-only           nothing can be written\n"
           "What the container may do:\n"
           "      --net MODE            sandbox (the default), none, host (asks for a password)\n"
           "      --security MODE       sandbox (the default), insecure (asks for a password)\n"
           "      --hostname NAME       the host name inside\n"
           "      --property NAME=VALUE a limit as in unit files: MemoryMin, MemoryLow, MemoryHigh,\n"
           "                            MemoryMax, MemorySwapMax, CPUWeight, CPUQuota, TasksMax,\n"
           "                            IOWeight, RuntimeMaxSec, AllowedCPUs\n"
           "      --rlimit NAME=SOFT:HARD\n"
           "                            a limit of each process, for example NOFILE=1024:4096\n");

static const char start_options[] = N_("The process:\n"
                                       "  -t, --tty                 give it a terminal of its own\n"
                                       "  -u, --user USER           run as this user: NAME, UID, NAME:GROUP, UID:GID\n"
                                       "  -w, --cwd DIR             run in this folder of the container\n"
                                       "  -e, --env NAME=VALUE      set a variable; NAME alone passes your own on\n"
                                       "      --id ID               call the process ID instead of a made-up name\n");

static const char create_text[] =
        N_("gangwayctl create [NAME] --rootfs DIR [OPTION...]\n"
           "\n"
           "Creates a container. Nothing runs in it until 'gangwayctl start'. It stays until\n"
           "'gangwayctl release'. Without NAME one is made up and printed.\n");
static const char create_examples[] =
        N_("Examples:\n"
           "  gangwayctl create c1 --rootfs /srv/debian\n"
           "  gangwayctl create c1 --rootfs . --read-only --net none\n"
           "  gangwayctl create c1 --rootfs . --property MemoryMax=512M --property CPUQuota=50%\n");

static const char run_text[] =
        N_("gangwayctl run --rootfs DIR [OPTION...] [--] COMMAND...\n"
           "\n"
           "Creates a container, runs COMMAND in it, waits for its end and releases the container.\n"
           "It is released also when gangwayctl is killed. The exit code is the one of COMMAND.\n");
static const char run_name[] = N_("      --name NAME           call the container NAME instead of a made-up name\n");
static const char run_examples[] = N_("Examples:\n"
                                      "  gangwayctl run --rootfs /srv/debian cat /etc/os-release\n"
                                      "  gangwayctl run -t --rootfs /srv/debian -e TERM bash\n"
                                      "  tar c . | gangwayctl run --rootfs /srv/debian --net none -- tar t\n");

static const char start_text[] =
        N_("gangwayctl start [OPTION...] NAME COMMAND...\n"
           "\n"
           "Runs the first process of a container, its PID 1; the container ends with it. A later\n"
           "start does what exec does. The process gets the standard input, output and error of\n"
           "gangwayctl, which passes signals on, waits for the end and exits with the same exit code.\n");
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

#define SECTIONS_MAX 5

/* The sections are printed with an empty line between them; no line goes before one that starts with a space. */
static const struct {
        const char *verb;
        const char *sections[SECTIONS_MAX];
} helps[] = {
        {"create", {create_text, create_options, create_examples}},
        {"run", {run_text, create_options, run_name, start_options, run_examples}},
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
