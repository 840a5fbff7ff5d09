/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The ends of real children, above all of the orphans that a launcher leaves behind: a watched one is never swept away
 * with its exit code, however late the watch comes, and one that nobody watches never stays a zombie.
 */

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "backend/reaper.h"
#include "unit.h"

#define WAIT_USEC (20 * G_USEC_PER_SEC)

typedef struct Fixture {
        sd_event *event;
        Reaper *reaper;
        sd_event_source *limit;
} Fixture;

typedef struct Ending {
        int n; /* how often it was told */
        int code;
        int status;
        pid_t pid;
        ReaperWatch *watch;
} Ending;

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
        g_error("nothing came for too long");
        return 0;
}

static void fixture_set_up(Fixture *f, gconstpointer data)
{
        g_assert_cmpint(sd_event_new(&f->event), >=, 0);
        g_assert_cmpint(reaper_new(f->event, &f->reaper), ==, 0);
        g_assert_cmpint(sd_event_add_time_relative(f->event, &f->limit, CLOCK_MONOTONIC, WAIT_USEC, 0, on_limit, NULL),
                        >=, 0);
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
        /* A test leaves no child behind. */
        g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
        g_assert_cmpint(errno, ==, ECHILD);
        sd_event_source_disable_unref(f->limit);
        g_assert_null(reaper_free(f->reaper));
        sd_event_unref(f->event);
}

static void on_ended(const siginfo_t *info, void *userdata)
{
        Ending *ending = userdata;

        ending->n++;
        ending->code = info->si_code;
        ending->status = info->si_status;
        ending->pid = info->si_pid;
}

static void on_ended_free(const siginfo_t *info, void *userdata)
{
        Ending *ending = userdata;

        on_ended(info, userdata);
        ending->watch = reaper_watch_free(ending->watch);
}

static pid_t fork_child(int exit_code)
{
        pid_t pid = fork();

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
                _exit(exit_code);
        return pid;
}

/* One that waits to be killed. */
static pid_t fork_sleeper(void)
{
        pid_t pid = fork();

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
                for (;;)
                        pause();
        return pid;
}

/* Waits until it is a zombie, and leaves it as that. */
static void wait_zombie(pid_t pid)
{
        siginfo_t info;

        g_assert_cmpint(waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT), ==, 0);
}

static bool is_child(pid_t pid)
{
        siginfo_t info;

        return waitid(P_PID, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void watch(Fixture *f, pid_t pid, ReaperEnded ended, Ending *ending)
{
        int pidfd = pidfd_open(pid, 0);

        g_assert_cmpint(pidfd, >=, 0);
        g_assert_cmpint(reaper_watch(f->reaper, pid, pidfd, ended, ending, &ending->watch), ==, 0);
}

static void run_until_ended(Fixture *f, const Ending *ending)
{
        while (ending->n == 0)
                g_assert_cmpint(sd_event_run(f->event, UINT64_MAX), >=, 0);
}

static void run_until_swept(Fixture *f, pid_t pid)
{
        while (is_child(pid))
                g_assert_cmpint(sd_event_run(f->event, UINT64_MAX), >=, 0);
}

/* Everything that is to come comes: the loop has nothing more to do. */
static void run_until_idle(Fixture *f)
{
        while (sd_event_run(f->event, 0) > 0)
                ;
}

static void assert_ended(Fixture *f, Ending *ending, pid_t pid, int code, int status)
{
        run_until_ended(f, ending);
        run_until_idle(f);
        g_assert_cmpint(ending->n, ==, 1);
        g_assert_cmpint(ending->pid, ==, pid);
        g_assert_cmpint(ending->code, ==, code);
        g_assert_cmpint(ending->status, ==, status);
        g_assert_false(is_child(pid));
        ending->watch = reaper_watch_free(ending->watch);
}

/* data: whether it is watched only after its end. */
static void test_exit_code(Fixture *f, gconstpointer data)
{
        static const int codes[] = {0, 1, 7, 255};

        for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
                Ending ending = {};
                pid_t pid = fork_child(codes[i]);

                if (data)
                        wait_zombie(pid);
                watch(f, pid, on_ended, &ending);
                assert_ended(f, &ending, pid, CLD_EXITED, codes[i]);
        }
}

static void test_signal(Fixture *f, gconstpointer data)
{
        Ending ending = {};
        pid_t pid = fork_sleeper();

        watch(f, pid, on_ended, &ending);
        run_until_idle(f);
        g_assert_cmpint(ending.n, ==, 0);
        g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
        assert_ended(f, &ending, pid, CLD_KILLED, SIGKILL);
}

static void test_many(Fixture *f, gconstpointer data)
{
        Ending endings[64] = {};
        pid_t pids[G_N_ELEMENTS(endings)];

        for (int i = 0; i < (int) G_N_ELEMENTS(endings); i++) {
                pids[i] = fork_child(i);
                watch(f, pids[i], on_ended, &endings[i]);
        }
        for (int i = 0; i < (int) G_N_ELEMENTS(endings); i++)
                assert_ended(f, &endings[i], pids[i], CLD_EXITED, i);
}

static void test_free_in_callback(Fixture *f, gconstpointer data)
{
        Ending ending = {};
        pid_t pid = fork_child(3);

        watch(f, pid, on_ended_free, &ending);
        assert_ended(f, &ending, pid, CLD_EXITED, 3);
}

/* Not watched any more: nobody is told, and it is swept. */
static void test_free_before(Fixture *f, gconstpointer data)
{
        Ending ending = {};
        pid_t pid = fork_sleeper();

        watch(f, pid, on_ended, &ending);
        g_assert_null(reaper_watch_free(ending.watch));
        g_assert_cmpint(kill(pid, SIGTERM), ==, 0);
        run_until_swept(f, pid);
        g_assert_cmpint(ending.n, ==, 0);
        g_assert_null(reaper_watch_free(NULL));
}

/* One that is swept does not take a living or a watched one along. */
static void test_unknown_among_others(Fixture *f, gconstpointer data)
{
        Ending ending = {};
        pid_t sleeper = fork_sleeper(), unknown = fork_child(1), living = fork_sleeper();

        watch(f, sleeper, on_ended, &ending);
        run_until_swept(f, unknown);
        g_assert_true(is_child(living));
        g_assert_cmpint(ending.n, ==, 0);
        g_assert_cmpint(kill(sleeper, SIGKILL), ==, 0);
        assert_ended(f, &ending, sleeper, CLD_KILLED, SIGKILL);
        g_assert_cmpint(kill(living, SIGKILL), ==, 0);
        run_until_swept(f, living);
}

typedef struct Launcher {
        Fixture *f;
        int socket;
        sd_event_source *source;
        Ending ending;
} Launcher;

/* As the daemon does when the launcher has told the pid of a container's process. */
static int on_told(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Launcher *launcher = userdata;
        pid_t pid;

        g_assert_cmpint(read(fd, &pid, sizeof(pid)), ==, sizeof(pid));
        watch(launcher->f, pid, on_ended, &launcher->ending);
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

static void __attribute__((noreturn)) be_launcher(int socket, int exit_code)
{
        pid_t pid = fork_child(exit_code);

        wait_zombie(pid);
        g_assert_cmpint(write(socket, &pid, sizeof(pid)), ==, sizeof(pid));
        _exit(0);
}

/* Runs a launcher until it and its child are zombies and both are ours; its message lies in the socket. */
static pid_t run_launcher(Launcher *launcher, int exit_code)
{
        int pair[2];
        pid_t pid;

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
        launcher->socket = pair[0];
        g_assert_cmpint(sd_event_add_io(launcher->f->event, &launcher->source, pair[0], EPOLLIN, on_told, launcher), >=,
                        0);
        g_assert_cmpint(sd_event_source_set_priority(launcher->source, SD_EVENT_PRIORITY_IMPORTANT), >=, 0);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
                be_launcher(pair[1], exit_code);
        safe_close(pair[1]);
        wait_zombie(pid);
        return pid;
}

static void finish_launcher(Launcher *launcher, pid_t pid, int exit_code)
{
        run_until_ended(launcher->f, &launcher->ending);
        assert_ended(launcher->f, &launcher->ending, launcher->ending.pid, CLD_EXITED, exit_code);
        run_until_swept(launcher->f, pid);
        sd_event_source_disable_unref(launcher->source);
        safe_close(launcher->socket);
}

static void test_orphan(Fixture *f, gconstpointer data)
{
        Launcher launcher = {.f = f};
        pid_t pid = run_launcher(&launcher, 9);

        finish_launcher(&launcher, pid, 9);
}

/* The worst orders: the loop has looked at all sockets, and is about to do something for another child's sake, perhaps
 * to sweep, when the launcher sends, ends, and leaves its zombie to us. data: how many steps that is after SIGCHLD. */
static void test_orphan_in_between(Fixture *f, gconstpointer data)
{
        Launcher launcher = {.f = f};
        pid_t other, pid;
        int r;

        run_until_idle(f);
        other = fork_child(1);
        wait_zombie(other);
        for (int i = 0; i < GPOINTER_TO_INT(data); i++)
                g_assert_cmpint(sd_event_run(f->event, 0), >=, 0);
        r = sd_event_prepare(f->event);
        if (r == 0)
                r = sd_event_wait(f->event, 0);
        g_assert_cmpint(r, >=, 0);

        pid = run_launcher(&launcher, 9);
        if (r > 0)
                g_assert_cmpint(sd_event_dispatch(f->event), >=, 0);
        finish_launcher(&launcher, pid, 9);
        run_until_swept(f, other);
}

/* It ends while it is still the launcher's child, and waits as a zombie until that one has ended, too. */
static void test_not_yet_ours(Fixture *f, gconstpointer data)
{
        Ending ending = {};
        int pair[2];
        pid_t launcher, pid;

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
        launcher = fork();
        g_assert_cmpint(launcher, >=, 0);
        if (launcher == 0) {
                char byte;

                pid = fork_child(11);
                wait_zombie(pid);
                g_assert_cmpint(write(pair[1], &pid, sizeof(pid)), ==, sizeof(pid));
                (void) !read(pair[1], &byte, 1);
                _exit(0);
        }
        g_assert_cmpint(read(pair[0], &pid, sizeof(pid)), ==, sizeof(pid));
        watch(f, pid, on_ended, &ending);
        run_until_idle(f);
        g_assert_cmpint(ending.n, ==, 0);

        g_assert_cmpint(write(pair[0], "!", 1), ==, 1);
        assert_ended(f, &ending, pid, CLD_EXITED, 11);
        run_until_swept(f, launcher);
        safe_close(pair[0]);
        safe_close(pair[1]);
}

/* The fd is taken over on failure too. */
static void test_no_pidfd(Fixture *f, gconstpointer data)
{
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        ReaperWatch *result = NULL;
        Ending ending = {};

        g_assert_cmpint(reaper_watch(f->reaper, 1, null, on_ended, &ending, &result), <, 0);
        g_assert_null(result);
        g_assert_cmpint(fcntl(null, F_GETFD), ==, -1);
        g_assert_cmpint(reaper_watch(f->reaper, 1, -1, on_ended, &ending, &result), <, 0);
        g_assert_null(reaper_free(NULL));
}

static void add(const char *name, void (*function)(Fixture *, gconstpointer))
{
        g_test_add(name, Fixture, NULL, fixture_set_up, function, fixture_tear_down);
}

int main(int argc, char **argv)
{
        sigset_t signals;

        g_test_init(&argc, &argv, NULL);
        sigemptyset(&signals);
        sigaddset(&signals, SIGCHLD);
        g_assert_cmpint(sigprocmask(SIG_BLOCK, &signals, NULL), ==, 0);
        add("/reaper/exit-code", test_exit_code);
        g_test_add("/reaper/exited-before", Fixture, "before", fixture_set_up, test_exit_code, fixture_tear_down);
        add("/reaper/signal", test_signal);
        add("/reaper/many", test_many);
        add("/reaper/free-in-callback", test_free_in_callback);
        add("/reaper/free-before", test_free_before);
        add("/reaper/unknown-among-others", test_unknown_among_others);
        add("/reaper/orphan", test_orphan);
        for (int i = 0; i < 4; i++) {
                g_autofree char *name = g_strdup_printf("/reaper/orphan-in-between/%d", i);

                g_test_add(name, Fixture, GINT_TO_POINTER(i), fixture_set_up, test_orphan_in_between,
                           fixture_tear_down);
        }
        add("/reaper/not-yet-ours", test_not_yet_ours);
        add("/reaper/no-pidfd", test_no_pidfd);
        return g_test_run();
}
