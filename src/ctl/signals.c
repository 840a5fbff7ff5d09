/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Signals are read from a signalfd, in the loops that wait for everything else as well. No handler runs at any time.
 */

#include "ctl/signals.h"

#include <errno.h>
#include <stddef.h>
#include <sys/signalfd.h>

#include "util/cleanup.h"

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};

static bool asks_for_end(int number)
{
        return number == SIGHUP || number == SIGINT || number == SIGQUIT || number == SIGTERM;
}

int signals_take(Signals *signals, bool terminal)
{
        struct sigaction action;
        sigset_t mask;

        (void) sigemptyset(&mask);
        for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
                if (sigaction(passed_on[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
                        (void) sigaddset(&mask, passed_on[i]);
        if (terminal) {
                (void) sigaddset(&mask, SIGWINCH);
                (void) sigaddset(&mask, SIGCONT);
        }
        if (sigprocmask(SIG_BLOCK, &mask, &signals->old_mask) < 0)
                return -errno;
        signals->fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        return signals->fd < 0 ? -errno : 0;
}

int signals_next(Signals *signals)
{
        struct signalfd_siginfo info;

        return read(signals->fd, &info, sizeof(info)) == sizeof(info) ? (int) info.ssi_signo : 0;
}

void signals_keep_early(Signals *signals)
{
        int number;

        while ((number = signals_next(signals)) > 0) {
                if (number == SIGWINCH || number == SIGCONT)
                        continue;
                if (asks_for_end(number) && asks_for_end(signals->early)) {
                        signals_give_back(signals);
                        (void) raise(number);
                        return;
                }
                if (!asks_for_end(signals->early))
                        signals->early = number;
        }
}

void signals_give_back(Signals *signals)
{
        if (signals->fd < 0)
                return;
        while (signals_next(signals) > 0)
                ;
        signals->fd = safe_close(signals->fd);
        (void) sigprocmask(SIG_SETMASK, &signals->old_mask, NULL);
}
