/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * getopt's own messages are not used: they would be made out in the name of argv[0], which is a verb here.
 */

#include "config.h"

#include "ctl/options.h"

#include <glib.h>
#include <glib/gi18n.h>

#include "ctl/help.h"
#include "ctl/report.h"

int option_usage(char **argv, const char *sentence)
{
        report(_("%s: %s; 'gangwayctl %s --help' tells more"), argv[0], sentence, argv[0]);
        return CTL_EXIT_FAILURE;
}

/* The option as it was written, as far as getopt can tell. */
static char *option_as_written(char **argv)
{
        if (optopt > 0 && optopt < 0x80 && !g_str_has_prefix(argv[optind - 1], "--"))
                return g_strdup_printf("-%c", optopt);
        return g_strdup(argv[optind - 1]);
}

bool option_common(Ctl *ctl, int c, char **argv, int *ret_status)
{
        g_autofree char *sentence = NULL, *option = NULL;

        switch (c) {
        case 'h':
                *ret_status = help_verb(argv[0]);
                return true;
        case OPTION_NO_ASK_PASSWORD:
                ctl->no_ask_password = true;
                return false;
        case ':':
                option = option_as_written(argv);
                sentence = g_strdup_printf(_("the option %s needs a value"), option);
                break;
        default:
                option = option_as_written(argv);
                sentence = g_strdup_printf(_("there is no option %s"), option);
        }
        *ret_status = option_usage(argv, sentence);
        return true;
}
