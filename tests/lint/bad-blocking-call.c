/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/backend/bad.c */

int bad_wait(pid_t pid, int fd)
{
        system("true");                   /* want: blocking-call */
        g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL); /* want: blocking-call */
        waitpid(pid, NULL, WNOHANG);
        waitpid(pid, NULL, WUNTRACED);    /* want: blocking-call */
        waitid(P_PIDFD, fd, NULL, WEXITED); /* want: blocking-call */
        sleep(1);                         /* want: blocking-call */
        usleep(1000);                     /* want: blocking-call */
        poll(NULL, 0, 0);
        poll(NULL, 0, -1);                /* want: blocking-call */
        flock(fd, LOCK_EX);               /* want: blocking-call */
        getpwuid(0);                      /* want: blocking-call */
        g_dbus_connection_call_sync(NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL); /* want: blocking-call */
        return pclose(popen("true", "re")); /* want: blocking-call */
}
