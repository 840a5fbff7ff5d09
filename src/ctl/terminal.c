/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Raw mode outlives the program that set it, so the way back is registered with atexit(3) before it is set. Signals
 * that would end the program are read from a signalfd while the mode is on, and so end in exit(3) as well.
 */

#include "ctl/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved_mode;
static bool mode_is_saved;

TerminalSize terminal_size(void)
{
        for (int fd = 0; fd <= 2; fd++) {
                struct winsize size;

                if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
                        return (TerminalSize){.rows = size.ws_row, .columns = size.ws_col};
        }
        return (TerminalSize){.rows = 24, .columns = 80};
}

int terminal_make_raw(void)
{
        static bool registered;
        struct termios mode;

        if (!isatty(STDIN_FILENO))
                return 0;
        if (!mode_is_saved && tcgetattr(STDIN_FILENO, &saved_mode) < 0)
                return -errno;
        mode_is_saved = true;
        if (!registered && atexit(terminal_restore) != 0)
                return -ENOMEM;
        registered = true;
        mode = saved_mode;
        cfmakeraw(&mode);
        return tcsetattr(STDIN_FILENO, TCSANOW, &mode) < 0 ? -errno : 1;
}

void terminal_restore(void)
{
        if (!mode_is_saved)
                return;
        (void) tcsetattr(STDIN_FILENO, TCSANOW, &saved_mode);
        mode_is_saved = false;
}

int terminal_open_again(int fd, int flags)
{
        struct stat status;
        char path[64];
        int again = -1;

        if (fstat(fd, &status) == 0 && (isatty(fd) || S_ISFIFO(status.st_mode))) {
                (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
                again = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        }
        if (again < 0)
                again = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return again < 0 ? -errno : again;
}
