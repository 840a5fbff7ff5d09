/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client.h"
#include "world.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One test of a file; the table of them goes to fixture_main(). */
typedef struct Test {
        const char *path;
        void (*run)(void);
} Test;

/* Connections as root and two other users that last for all tests of a program. */
extern Client *client, *alice, *bob;

int fixture_main(int argc, char **argv, const Test *tests, size_t n_tests);

/* The root folder that tests share and don't write to, and a copy of it for a test of its own, owned by `owner`
 * (root where NULL). Copies are removed at the end. */
const char *root_shared(void);
char *root_copy(Client *owner);
/* A file of a copy. */
void root_write(const char *root, const char *path, const char *contents);

typedef struct Container {
        Client *client;
        char *path;
        gboolean released;
} Container;

/* What CreateContainer is called with. Texts are in GVariant's text format. */
typedef struct Create {
        const char *name;    /* made up by the daemon where NULL */
        const char *root;    /* the folder to open and hand in; root_shared() or a copy of it where NULL */
        const char *mount;   /* further keys of the root's mount, a{sv} */
        const char *more;    /* further mounts beside the root's, aa{sv} */
        const char *mounts;  /* all mounts instead, aa{sv}; handle 0 is `root` */
        const int *handles;  /* what handle 1 and those after it are; -1 at the end */
        const char *options; /* further options, a{sv} */
        gboolean interactive;
} Create;

#define HANDLES(...) ((const int[]){__VA_ARGS__, -1})

#define container_new(client_, ...)         container_create((client_), &(const Create){__VA_ARGS__})
#define container_new_fails(client_, ...)   container_create_fails((client_), &(const Create){__VA_ARGS__})
#define container_new_send(client_, ...)    container_create_send((client_), &(const Create){__VA_ARGS__})
#define container_new_started(client_, ...) container_create_started((client_), &(const Create){__VA_ARGS__})

Container *container_create(Client *caller, const Create *create);
/* With a first process that sleeps, "init". */
Container *container_create_started(Client *caller, const Create *create);
/* The reply has the error; the test fails where there is none. */
Reply *container_create_fails(Client *caller, const Create *create);
guint32 container_create_send(Client *caller, const Create *create);
Container *container_receive(Client *caller, guint32 serial);
void container_release(Container *container);
/* Releases it where the test did not, and forgets it. */
void container_free(Container *container);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Container, container_free)

char *container_state(Container *container);
/* Waits until a property (a string) has this value. */
void container_wait_state(Container *container, const char *state);
char *container_unit(Container *container);
/* The folder of its control group in /sys/fs/cgroup. */
char *container_cgroup(Container *container);
guint container_leader(Container *container);

typedef struct FdPair {
        guint32 number;
        int fd;
} FdPair;

#define FDS(...)  ((const FdPair[]){__VA_ARGS__, {0, -1}})
#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What Start or Exec is called with. */
typedef struct Spawn {
        const char *method;      /* "Exec" where NULL */
        const char *script;      /* for sh -c … */
        const char *const *argv; /* … or the whole argv */
        const char *env;         /* a{ss} as text */
        const char *options;     /* a{sv} as text */
        const FdPair *fds;
        Client *client; /* where it is not the container's own */
} Spawn;

typedef struct Process {
        char *id;
        guint pid;
        int pty;
        guint position; /* of the reply that named it */
} Process;

#define process_send(container_, ...)  process_spawn_send((container_), &(const Spawn){__VA_ARGS__})
#define process_new(container_, ...)   process_spawn((container_), &(const Spawn){__VA_ARGS__})
#define process_fails(container_, ...) process_spawn_fails((container_), &(const Spawn){__VA_ARGS__})
#define process_run(container_, ret_output_, ...)                                                                      \
        process_spawn_run((container_), (ret_output_), &(const Spawn){__VA_ARGS__})

guint32 process_spawn_send(Container *container, const Spawn *spawn);
Process *process_receive(Client *caller, guint32 serial);
Process *process_spawn(Container *container, const Spawn *spawn);
Reply *process_spawn_fails(Container *container, const Spawn *spawn);
/* Runs it to its end with a pipe as standard output and error, and returns its exit code. */
guint process_spawn_run(Container *container, char **ret_output, const Spawn *spawn);
void process_free(Process *process);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Process, process_free)

guint process_wait(Container *container, const char *id, GVariant **ret_details);
void process_signal(Container *container, const char *id, const char *signal, const char *whom);

/* Reads up to end of file (a closed terminal counts), or up to `until` where it is not NULL. */
char *read_text(int fd, const char *until);
void write_text(int fd, const char *text);
void make_pipe(int ret_ends[static 2]);
void close_fd(int *fd);

/* Polls a condition that no signal announces, up to the deadline. */
typedef gboolean (*Condition)(gpointer data);
void wait_until(Condition condition, gpointer data, const char *what);

/* The error's name and a part of its message. */
void assert_error(const Reply *reply, const char *error, const char *part);
void assert_contains(const char *text, const char *part);
