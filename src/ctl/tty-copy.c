/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A buffer is filled only when it is empty, so what one side does not take holds the other side up, and memory stays
 * bounded.
 *
 * The end of the input, a pipe or a file, has no meaning on a terminal: it becomes the terminal's end-of-file
 * character, once where a line starts, and before that once more to hand an unfinished line over.
 *
 * A master answers EIO while no process has the other side open. That is the end only when the process has ended: until
 * then one may open /dev/tty again, which no event tells of, so the master is tried again from time to time. After the
 * process's end EAGAIN is an end too, since the kernel hands a reader everything that was written by then (n_tty_read
 * flushes the buffers first), and whoever still holds the terminal open is not the process that was waited for.
 */

#include "ctl/tty-copy.h"

#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "util/cleanup.h"

#define HUNG_UP_RETRY_MSEC    100
#define DEFAULT_EOF_CHARACTER 4 /* ^D */

static bool buffer_is_empty(const TtyCopyBuffer *buffer)
{
        return buffer->start == buffer->end;
}

/* Returns 1, 0 for the end of the file, or a negative errno; -EAGAIN where nothing is there. */
static int buffer_fill(TtyCopyBuffer *buffer, int fd)
{
        ssize_t n;

        n = read(fd, buffer->bytes, sizeof(buffer->bytes));
        if (n < 0)
                return errno == EINTR ? -EAGAIN : -errno;
        buffer->start = 0;
        buffer->end = (size_t) n;
        return n > 0;
}

/* Returns 0 or a negative errno; 0 as well where nothing could be written just now. */
static int buffer_flush(TtyCopyBuffer *buffer, int fd)
{
        ssize_t n;

        n = write(fd, buffer->bytes + buffer->start, buffer->end - buffer->start);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        buffer->start += (size_t) n;
        return 0;
}

void tty_copy_init(TtyCopy *copy, int input, int output, int master)
{
        *copy = (TtyCopy){.input = input, .output = output, .master = master};
        (void) fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK);
}

void tty_copy_done(TtyCopy *copy)
{
        copy->input = safe_close(copy->input);
        copy->output = safe_close(copy->output);
        copy->master = safe_close(copy->master);
}

static bool wants_input(const TtyCopy *copy)
{
        return copy->input >= 0 && buffer_is_empty(&copy->to_master);
}

int tty_copy_prepare(const TtyCopy *copy, struct pollfd *fds)
{
        short master_events = 0;

        for (int i = 0; i < TTY_COPY_FDS; i++)
                fds[i] = (struct pollfd){.fd = -1};
        if (copy->master < 0)
                return -1;
        if (buffer_is_empty(&copy->to_output))
                master_events |= POLLIN;
        if (!buffer_is_empty(&copy->to_master))
                master_events |= POLLOUT;
        fds[TTY_COPY_INPUT] = (struct pollfd){.fd = wants_input(copy) ? copy->input : -1, .events = POLLIN};
        fds[TTY_COPY_OUTPUT] =
                (struct pollfd){.fd = copy->output, .events = buffer_is_empty(&copy->to_output) ? 0 : POLLOUT};
        fds[TTY_COPY_MASTER] = (struct pollfd){.fd = master_events && !copy->master_is_hung_up ? copy->master : -1,
                                               .events = master_events};
        if (copy->draining && !copy->drained && buffer_is_empty(&copy->to_output))
                return 0;
        return copy->master_is_hung_up ? HUNG_UP_RETRY_MSEC : -1;
}

static void end_input(TtyCopy *copy)
{
        struct termios mode;
        char character = DEFAULT_EOF_CHARACTER;

        /* Asked of the master, the kernel answers the mode of the other side. */
        if (tcgetattr(copy->master, &mode) == 0)
                character = (char) mode.c_cc[VEOF];
        copy->to_master.start = 0;
        copy->to_master.end = 0;
        copy->to_master.bytes[copy->to_master.end++] = character;
        if (copy->line_is_open)
                copy->to_master.bytes[copy->to_master.end++] = character;
        copy->input = safe_close(copy->input);
}

static void step_input(TtyCopy *copy, short revents)
{
        int r;

        if (!revents || !wants_input(copy))
                return;
        r = buffer_fill(&copy->to_master, copy->input);
        if (r > 0)
                copy->line_is_open = copy->to_master.bytes[copy->to_master.end - 1] != '\n';
        else if (r == 0)
                end_input(copy);
        else if (r != -EAGAIN) /* EIO: our own terminal is gone, and SIGHUP tells what follows from that */
                copy->input = safe_close(copy->input);
}

static void step_master(TtyCopy *copy)
{
        int r;

        if (!buffer_is_empty(&copy->to_master) && buffer_flush(&copy->to_master, copy->master) < 0)
                copy->to_master.start = copy->to_master.end;
        if (!buffer_is_empty(&copy->to_output) || copy->drained)
                return;
        r = buffer_fill(&copy->to_output, copy->master);
        copy->master_is_hung_up = r != -EAGAIN && r <= 0;
        if (copy->draining && r <= 0)
                copy->drained = true;
}

/* A terminal that nobody can see is one that was hung up, so that is what the process gets. */
static void hang_up(TtyCopy *copy)
{
        copy->input = safe_close(copy->input);
        copy->output = safe_close(copy->output);
        copy->master = safe_close(copy->master);
        copy->to_output.start = copy->to_output.end;
        copy->drained = true;
}

static void step_output(TtyCopy *copy, short revents)
{
        int r = 0;

        /* Only when poll(2) said so: the output may be one that blocks. */
        if (revents & POLLOUT && !buffer_is_empty(&copy->to_output))
                r = buffer_flush(&copy->to_output, copy->output);
        if (r < 0 || revents & (POLLERR | POLLHUP | POLLNVAL))
                hang_up(copy);
}

void tty_copy_step(TtyCopy *copy, const struct pollfd *fds)
{
        if (copy->master < 0)
                return;
        step_input(copy, fds[TTY_COPY_INPUT].revents);
        /* Reading the master is never in vain: it does not block, and in the cases above no event comes. */
        step_master(copy);
        step_output(copy, fds[TTY_COPY_OUTPUT].revents);
}

void tty_copy_start_draining(TtyCopy *copy)
{
        copy->draining = true;
        copy->input = safe_close(copy->input);
        copy->to_master.start = copy->to_master.end;
}

bool tty_copy_is_drained(const TtyCopy *copy)
{
        return copy->drained && buffer_is_empty(&copy->to_output);
}
