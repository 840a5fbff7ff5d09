/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gangwayctl: takes the options before the verb, and hands the rest to the verb.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/help.h"
#include "ctl/options.h"
#include "ctl/report.h"

#define OPTION_VERSION 0x200

static const struct {
        const char *name;
        CtlVerbFunction function;
} verbs[] = {
        {"create", verb_create}, {"run", verb_run},       {"start", verb_start},     {"exec", verb_exec},
        {"list", verb_list},     {"show", verb_show},     {"signal", verb_signal},   {"wait", verb_wait},
        {"pause", verb_pause},   {"resume", verb_resume}, {"release", verb_release}, {"monitor", verb_monitor},
        {"import", verb_import}, {"pull", verb_pull},     {"images", verb_images},   {"tag", verb_tag},
        {"rmi", verb_rmi},       {"prune", verb_prune},   {"commit", verb_commit},   {"cp", verb_cp},
        {"ls", verb_ls},
};

/* Standard descriptors that the caller closed become /dev/null, so that no socket takes their numbers. */
static int open_standard_fds(void)
{
        int fd;

        do {
                fd = open("/dev/null", O_RDWR | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
        } while (fd <= 2);
        (void) close(fd);
        return 0;
}

static int print_version(void)
{
        puts("gangwayctl " GANGWAY_VERSION);
        return report_flush();
}

/* Strings on the bus are UTF-8. */
static int check_utf8(char **argv)
{
        for (; *argv; argv++)
                if (!g_utf8_validate(*argv, -1, NULL)) {
                        g_autofree char *shown = g_strescape(*argv, NULL);

                        report(_("the argument '%s' is not UTF-8"), shown);
                        return -EINVAL;
                }
        return 0;
}

static int run_verb(Ctl *ctl, int argc, char **argv)
{
        if (strcmp(argv[0], "help") == 0)
                return argc > 1 ? help_verb(argv[1]) : help_overview();
        for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
                if (strcmp(verbs[i].name, argv[0]) == 0) {
                        optind = 0; /* glibc: forget everything of the scan before */
                        return verbs[i].function(ctl, argc, argv);
                }
        return help_verb(argv[0]);
}

static int dispatch(Ctl *ctl, int argc, char **argv)
{
        static const struct option options[] = {
                OPTIONS_COMMON, {"version", no_argument, NULL, OPTION_VERSION}, OPTIONS_END};
        int c;

        while ((c = getopt_long(argc, argv, "+" OPTIONS_SHORT, options, NULL)) >= 0)
                switch (c) {
                case 'h':
                        return help_overview();
                case OPTION_VERSION:
                        return print_version();
                case OPTION_NO_ASK_PASSWORD:
                        ctl->no_ask_password = true;
                        break;
                default:
                        report(_("there is no option %s; 'gangwayctl --help' lists them"), argv[optind - 1]);
                        return CTL_EXIT_FAILURE;
                }
        if (optind == argc) {
                report(_("the VERB is missing; 'gangwayctl --help' lists them"));
                return CTL_EXIT_FAILURE;
        }
        return run_verb(ctl, argc - optind, argv + optind);
}

int main(int argc, char **argv)
{
        Ctl ctl = {};
        int status;

        if (open_standard_fds() < 0)
                return CTL_EXIT_FAILURE;
        (void) setlocale(LC_ALL, "");
        (void) bindtextdomain(GETTEXT_PACKAGE, GANGWAY_LOCALE_DIR);
        (void) bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
        (void) textdomain(GETTEXT_PACKAGE);
        opterr = 0;

        status = check_utf8(argv) < 0 ? CTL_EXIT_FAILURE : dispatch(&ctl, argc, argv);
        sd_bus_flush_close_unref(ctl.bus);
        polkit_agent_stop(&ctl.agent);
        return status;
}
