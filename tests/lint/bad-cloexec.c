/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/ctl/bad.c */

int bad_fd(const char *path, int source)
{
        struct open_how how = {.flags = O_PATH};
        int pair[2], fd;

        fd = open(path, O_RDONLY);                          /* want: cloexec */
        fd = openat(source, "O_CLOEXEC", O_PATH | O_DIRECTORY); /* want: cloexec */
        fd = openat2(source, path, &how, sizeof(how));      /* want: cloexec */
        fd = syscall(SYS_open_tree, source, path, AT_EMPTY_PATH); /* want: cloexec */
        fd = creat(path, 0600);                             /* want: cloexec */
        fd = socket(AF_UNIX, SOCK_STREAM, 0);               /* want: cloexec */
        fd = socketpair(AF_UNIX, SOCK_STREAM, 0, pair);     /* want: cloexec */
        fd = accept(source, NULL, NULL);                    /* want: cloexec */
        fd = accept4(source, NULL, NULL, SOCK_NONBLOCK);    /* want: cloexec */
        fd = recvmsg(source, NULL, 0);                      /* want: cloexec */
        fd = pipe(pair);                                    /* want: cloexec */
        fd = pipe2(pair, O_NONBLOCK);                       /* want: cloexec */
        fd = dup(source);                                   /* want: cloexec */
        fd = dup2(source, 5);                               /* want: cloexec */
        fd = fcntl(source, F_DUPFD, 3);                     /* want: cloexec */
        fd = memfd_create("bad", MFD_ALLOW_SEALING);        /* want: cloexec */
        fd = eventfd(0, EFD_NONBLOCK);                      /* want: cloexec */
        fd = epoll_create1(0);                              /* want: cloexec */
        fd = timerfd_create(CLOCK_MONOTONIC, 0);            /* want: cloexec */
        fd = signalfd(-1, NULL, 0);                         /* want: cloexec */
        fd = posix_openpt(O_RDWR | O_NOCTTY);               /* want: cloexec */
        fd = fsopen("tmpfs", 0);                            /* want: cloexec */
        return fileno(fopen(path, "r"));                    /* want: cloexec */
}
