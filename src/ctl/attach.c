/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One poll(2) loop over the bus, a signalfd, and with a terminal its master and this program's standard input and
 * output. It is no sd-event loop, since epoll takes no regular files, and `gangwayctl exec -t c1 sh <commands` is one.
 *
 * Wait is called first of all, so no end can be missed; the daemon answers it at once for a process that has ended
 * already. The reply also decides when the terminal is copied to its end, see tty-copy.c.
 */

#include "config.h"

#include "ctl/attach.h"

#include <fcntl.h>
#include <glib/gi18n.h>
#include <signal.h>

#include "ctl/bus-call.h"
#include "ctl/exit-details.h"
#include "ctl/report.h"
#include "ctl/tty-copy.h"
#include "util/cleanup.h"

#define NO_TIME_LIMIT UINT64_MAX
/* How often Wait is called again when the daemon went away while it waited: bus activation starts it anew. */
#define WAIT_AGAIN_MAX 3

enum {
        FD_BUS, /* as ctl_poll() wants it */
        FD_SIGNALS,
        FD_COPY,
        FDS = FD_COPY + TTY_COPY_FDS,
};

typedef struct Attachment {
        Ctl *ctl;
        const char *path;
        const char *process;
        Signals *signals;
        TtyCopy *copy; /* NULL without a terminal */
        TerminalSize size;
        unsigned waited_again;
        sd_bus_message *reply; /* of Wait: the process has ended */
        bool abandoned;        /* a signal came while the last output could not be written */
} Attachment;

static int call_wait(Attachment *a);

/* The reply is kept and read at the end: what it makes the program say must not get into the process's output, nor onto
 * a terminal in raw mode. */
static int on_wait_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        Attachment *a = userdata;

        if (sd_bus_error_has_name(sd_bus_message_get_error(reply), SD_BUS_ERROR_NO_REPLY) &&
            a->waited_again++ < WAIT_AGAIN_MAX && call_wait(a) >= 0)
                return 1;
        a->reply = sd_bus_message_ref(reply);
        if (a->copy)
                tty_copy_start_draining(a->copy);
        return 1;
}

static int call_wait(Attachment *a)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = ctl_new_call(a->ctl, a->path, "Wait", &message, NULL);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "s", a->process);
        if (r < 0)
                return r;
        return sd_bus_call_async(a->ctl->bus, NULL, message, on_wait_reply, a, NO_TIME_LIMIT);
}

static int on_signal_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        Attachment *a = userdata;

        if (error && !a->reply)
                report(_("the signal was not passed on: %s"), error->message);
        return 1;
}

static int pass_signal_on(Attachment *a, int number)
{
        char text[16];

        (void) g_snprintf(text, sizeof(text), "%d", number);
        return sd_bus_call_method_async(a->ctl->bus, NULL, CTL_SERVICE, a->path, CTL_CONTAINER, "Signal",
                                        on_signal_reply, a, "sss", a->process, text, "group");
}

/* No reply is asked for: a size that did not arrive is no reason to end anything. */
static int pass_size_on(Attachment *a)
{
        TerminalSize size = terminal_size();

        if (size.rows == a->size.rows && size.columns == a->size.columns)
                return 0;
        a->size = size;
        return sd_bus_call_method_async(a->ctl->bus, NULL, CTL_SERVICE, a->path, CTL_CONTAINER, "Resize", NULL, NULL,
                                        "sqq", a->process, size.rows, size.columns);
}

static int on_signal(Attachment *a, int number)
{
        switch (number) {
        case SIGWINCH:
                return pass_size_on(a);
        case SIGCONT:
                /* A shell puts its own mode back when it stops a program. */
                (void) terminal_make_raw();
                return pass_size_on(a);
        default:
                if (a->reply)
                        a->abandoned = true;
                return a->reply ? 0 : pass_signal_on(a, number);
        }
}

static int read_signals(Attachment *a)
{
        int number, r;

        while ((number = signals_next(a->signals)) > 0) {
                r = on_signal(a, number);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int process_bus(Attachment *a)
{
        int r;

        do
                r = sd_bus_process(a->ctl->bus, NULL);
        while (r > 0 && !(a->reply && !a->copy));
        return r < 0 ? r : 0;
}

static int wait_for_events(Attachment *a, struct pollfd *fds)
{
        int limit = -1;

        fds[FD_SIGNALS] = (struct pollfd){.fd = a->signals->fd, .events = POLLIN};
        for (int i = FD_COPY; i < FDS; i++)
                fds[i] = (struct pollfd){.fd = -1};
        if (a->copy)
                limit = tty_copy_prepare(a->copy, fds + FD_COPY);
        return ctl_poll(a->ctl, fds, FDS, limit);
}

static bool is_finished(const Attachment *a)
{
        return a->reply && (!a->copy || a->abandoned || tty_copy_is_drained(a->copy));
}

static int run_loop(Attachment *a)
{
        struct pollfd fds[FDS];
        int r;

        for (;;) {
                r = process_bus(a);
                if (r < 0)
                        return r;
                if (is_finished(a))
                        return 0;
                r = wait_for_events(a, fds);
                if (r < 0)
                        return r;
                r = read_signals(a);
                if (r < 0)
                        return r;
                if (a->copy)
                        tty_copy_step(a->copy, fds + FD_COPY);
        }
}

static int open_terminal(Attachment *a, TtyCopy *copy, StartedProcess *process)
{
        _cleanup_close_ int input = -1, output = -1;

        input = terminal_open_again(STDIN_FILENO, O_RDONLY);
        if (input < 0)
                return input;
        output = terminal_open_again(STDOUT_FILENO, O_WRONLY);
        if (output < 0)
                return output;
        tty_copy_init(copy, steal_fd(&input), steal_fd(&output), steal_fd(&process->pty));
        a->copy = copy;
        a->size = process->size;
        return 0;
}

static int attachment_run(Attachment *a, TtyCopy *copy, StartedProcess *process)
{
        int r;

        if (process->pty >= 0) {
                r = open_terminal(a, copy, process);
                if (r < 0)
                        return r;
                (void) signal(SIGPIPE, SIG_IGN);
        }
        r = call_wait(a);
        if (r < 0)
                return r;
        if (a->signals->early) {
                r = pass_signal_on(a, a->signals->early);
                if (r < 0)
                        return r;
        }
        if (a->copy) {
                r = terminal_make_raw();
                if (r < 0)
                        return r;
                /* It may have changed before SIGWINCH was taken. */
                r = pass_size_on(a);
                if (r < 0)
                        return r;
        }
        return run_loop(a);
}

static int read_reply(Attachment *a)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = g_steal_pointer(&a->reply);
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        int r, status;

        if (error)
                return report_failure(error, 0);
        r = exit_details_read(reply, a->process, &status);
        return r < 0 ? report_failure(NULL, r) : status;
}

int attach(Ctl *ctl, const char *path, StartedProcess *process, Signals *signals)
{
        Attachment a = {.ctl = ctl, .path = path, .process = process->id, .signals = signals};
        TtyCopy copy;
        int r;

        r = attachment_run(&a, &copy, process);
        if (a.copy)
                tty_copy_done(a.copy);
        terminal_restore();
        signals_give_back(signals);
        if (a.reply)
                return read_reply(&a);
        report(_("the process %s is out of sight: %s"), process->id, g_strerror(-r));
        return CTL_EXIT_FAILURE;
}
