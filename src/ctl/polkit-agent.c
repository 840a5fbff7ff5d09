/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * pkttyagent registers itself for its parent, which is the process that polkit will be asked about. It must be
 * registered before the call is made, so it gets a pipe that it closes by then (--notify-fd).
 *
 * With --fallback a desktop's own agent goes first. polkitd never comes to a fallback where the process belongs to no
 * login session (get_authentication_agent_for_subject() in polkit 122), after su(1) for instance; no other agent can be
 * meant there, so it is left out.
 */

#include "ctl/polkit-agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>

#include "util/cleanup.h"

#define NOTIFY_FD 3

/* As polkitd finds the session of a process. */
static bool has_session(void)
{
        return sd_pid_get_session(0, NULL) >= 0 || sd_uid_get_display(getuid(), NULL) >= 0;
}

/* The child's 1 and 2 are the terminal also where the parent's are not, so that no question ends in a file. */
static void run_agent(int terminal, int notify, pid_t parent, bool fallback)
{
        const char *command[] = {"pkttyagent", "--notify-fd", "3", fallback ? "--fallback" : NULL, NULL};
        sigset_t none;

        if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
                return;
        if (sigemptyset(&none) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
                return;
        (void) signal(SIGPIPE, SIG_DFL);
        for (int fd = 0; fd <= 2; fd++)
                /* lint: allow cloexec: the agent's own standard descriptors */
                if ((fd == 0 || !isatty(fd)) && dup2(terminal, fd) < 0)
                        return;
        if (notify == NOTIFY_FD) {
                if (fcntl(NOTIFY_FD, F_SETFD, 0) < 0)
                        return;
        } else if (dup2(notify, NOTIFY_FD) < 0) /* lint: allow cloexec: --notify-fd names it */
                return;
        (void) execvp(command[0], (char *const *) command);
}

static void wait_for_hangup(int fd)
{
        struct pollfd poll_fd = {.fd = fd};

        while (poll(&poll_fd, 1, -1) < 0 && errno == EINTR)
                ;
}

void polkit_agent_start(PolkitAgent *agent)
{
        _cleanup_close_ int terminal = -1, notify_read = -1, notify_write = -1;
        pid_t parent = getpid(), pid;
        bool fallback;
        int notify[2];

        if (agent->pid > 0 || geteuid() == 0)
                return;
        terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (terminal < 0 || pipe2(notify, O_CLOEXEC) < 0)
                return;
        notify_read = notify[0];
        notify_write = notify[1];

        fallback = has_session();
        pid = fork();
        if (pid < 0)
                return;
        if (pid == 0) {
                run_agent(terminal, notify_write, parent, fallback);
                _exit(127);
        }
        (void) safe_close(steal_fd(&notify_write));
        wait_for_hangup(notify_read);
        agent->pid = pid;
}

void polkit_agent_stop(PolkitAgent *agent)
{
        if (agent->pid <= 0)
                return;
        /* CONT, since the agent may have been stopped for reading the terminal from the background. */
        (void) kill(agent->pid, SIGTERM);
        (void) kill(agent->pid, SIGCONT);
        while (waitpid(agent->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        agent->pid = 0;
}
