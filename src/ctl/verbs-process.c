/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * start, exec, signal and wait: what is done to a process.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "ctl/attach.h"
#include "ctl/bus-call.h"
#include "ctl/exit-details.h"
#include "ctl/report.h"
#include "ctl/start-options.h"
#include "util/cleanup.h"

/* Takes options up to the first other word. Returns true where the verb is over. */
static bool parse_options(Ctl *ctl, StartOptions *start, int argc, char **argv, int *ret_status)
{
        static const struct option options[] = {OPTIONS_COMMON, OPTIONS_START, OPTIONS_DETACH, OPTIONS_END};
        int c, r;

        while ((c = getopt_long(argc, argv, "+" OPTIONS_SHORT OPTIONS_START_SHORT OPTIONS_DETACH_SHORT, options,
                                NULL)) >= 0) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                r = start_options_take(start, c, optarg, &error);
                if (r < 0) {
                        *ret_status = report_failure(&error, r);
                        return true;
                }
                if (r == 0 && option_common(ctl, c, argv, ret_status))
                        return true;
        }
        return false;
}

/* Options stand before or after NAME; with the command they end. The first process may be the one that the image
 * names. */
static bool parse_start(Ctl *ctl, StartOptions *start, int argc, char **argv, const char **ret_name, int *ret_status)
{
        bool needs_command = strcmp(argv[0], "start") != 0;

        if (parse_options(ctl, start, argc, argv, ret_status))
                return true;
        if (optind == argc) {
                *ret_status = option_usage(argv, needs_command ? _("NAME and COMMAND are missing")
                                                               : _("the NAME is missing"));
                return true;
        }
        *ret_name = argv[optind++];
        if (parse_options(ctl, start, argc, argv, ret_status))
                return true;
        if (optind == argc && needs_command)
                *ret_status = option_usage(argv, _("the COMMAND is missing"));
        else if (start->tty && start->detach)
                *ret_status = option_usage(argv, _("--tty and --detach can't be given together"));
        else
                return false;
        return true;
}

static int start_process(Ctl *ctl, const StartOptions *start, const char *name, const char *member, char **command)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(started_process_done) StartedProcess process = {.pty = -1};
        _cleanup_(signals_give_back) Signals signals = SIGNALS_INIT;
        g_autofree char *path = NULL;
        int r;

        r = ctl_find_container(ctl, name, &path, &error);
        if (r >= 0)
                r = start_options_call(ctl, start, path, member, command, &signals, &process, &error);
        if (r < 0)
                return report_failure(&error, r);
        if (start->detach) {
                puts(process.id);
                return report_flush();
        }
        polkit_agent_stop(&ctl->agent);
        return attach(ctl, path, &process, &signals);
}

static int start_or_exec(Ctl *ctl, int argc, char **argv, const char *member)
{
        StartOptions start;
        const char *name;
        int status;

        start_options_init(&start);
        if (!parse_start(ctl, &start, argc, argv, &name, &status))
                status = start_process(ctl, &start, name, member, argv + optind);
        start_options_done(&start);
        return status;
}

int verb_start(Ctl *ctl, int argc, char **argv)
{
        return start_or_exec(ctl, argc, argv, "Start");
}

int verb_exec(Ctl *ctl, int argc, char **argv)
{
        return start_or_exec(ctl, argc, argv, "Exec");
}

int verb_signal(Ctl *ctl, int argc, char **argv)
{
        static const struct option options[] = {
                OPTIONS_COMMON, {"whom", required_argument, NULL, OPTION_WHOM}, OPTIONS_END};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        g_autofree char *path = NULL;
        const char *whom = "";
        int c, r;

        while ((c = getopt_long(argc, argv, OPTIONS_SHORT, options, NULL)) >= 0)
                if (c == OPTION_WHOM)
                        whom = optarg;
                else if (option_common(ctl, c, argv, &r))
                        return r;
        if (argc - optind != 3)
                return option_usage(argv, _("it takes NAME, PROCESS and SIGNAL"));
        r = ctl_find_container(ctl, argv[optind], &path, &error);
        if (r >= 0)
                r = ctl_new_call(ctl, path, "Signal", &message, &error);
        if (r >= 0)
                r = sd_bus_message_append(message, "sss", argv[optind + 1], argv[optind + 2], whom);
        if (r >= 0)
                r = ctl_call(ctl, message, NULL, &error);
        return r < 0 ? report_failure(&error, r) : 0;
}

int verb_wait(Ctl *ctl, int argc, char **argv)
{
        static const struct option options[] = {OPTIONS_COMMON, OPTIONS_END};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
        g_autofree char *path = NULL;
        int c, r, status;

        while ((c = getopt_long(argc, argv, OPTIONS_SHORT, options, NULL)) >= 0)
                if (option_common(ctl, c, argv, &status))
                        return status;
        if (argc - optind != 2)
                return option_usage(argv, _("it takes NAME and PROCESS"));
        r = ctl_find_container(ctl, argv[optind], &path, &error);
        if (r >= 0)
                r = ctl_new_call(ctl, path, "Wait", &message, &error);
        if (r >= 0)
                r = sd_bus_message_append(message, "s", argv[optind + 1]);
        if (r >= 0)
                r = ctl_call(ctl, message, &reply, &error);
        if (r >= 0)
                r = exit_details_read(reply, argv[optind + 1], &status);
        return r < 0 ? report_failure(&error, r) : status;
}
