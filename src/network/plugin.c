/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A plugin is a program that the administrator has installed, and that runs as root: it is trusted with the machine,
 * but not to end, nor to print little. It is in a process group of its own, so that it can be ended with all that it
 * has started.
 */

#include "network/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "model/cni-result.h"
#include "util/cleanup.h"
#include "util/file-bytes.h"

#define OUTPUT_SIZE_MAX (1024U * 1024U)
/* Of its standard error, the end is kept. */
#define ERRORS_SIZE_MAX 8192U
#define LOCK_FD         3
#define CANCEL_TIMEOUT  (10 * G_TIME_SPAN_SECOND)

typedef struct Run {
        pid_t pid;
        int pidfd, output_fd, errors_fd;
        GString *output, *errors;
} Run;

static void run_done(Run *run)
{
        safe_close(run->pidfd);
        safe_close(run->output_fd);
        safe_close(run->errors_fd);
        g_string_free(run->output, TRUE);
        g_string_free(run->errors, TRUE);
}

char *plugin_find(const char *type, const char *plugin_path)
{
        g_auto(GStrv) folders = g_strsplit(plugin_path, ":", -1);

        for (char **folder = folders; *folder; folder++) {
                g_autofree char *path = g_build_filename(*folder, type, NULL);
                struct stat info;

                if (stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0)
                        return g_steal_pointer(&path);
        }
        return NULL;
}

static GStrv make_environment(const PluginCall *call)
{
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        const struct {
                const char *name, *value;
        } variables[] = {
                {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                {"CNI_COMMAND", call->command},
                {"CNI_CONTAINERID", call->id},
                {"CNI_NETNS", call->namespace},
                {"CNI_IFNAME", call->interface},
                {"CNI_PATH", call->plugin_path},
                {"CNI_ARGS", "IgnoreUnknown=1"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(variables); i++) {
                g_autofree char *variable = g_strconcat(variables[i].name, "=", variables[i].value, NULL);

                g_strv_builder_add(builder, variable);
        }
        return g_strv_builder_end(builder);
}

/* A file in memory: it can be written as a whole before anybody reads it. */
static int make_input(const char *input)
{
        _cleanup_close_ int fd = memfd_create("cni-input", MFD_CLOEXEC);
        int r;

        if (fd < 0)
                return -errno;
        r = file_bytes_write(fd, input, strlen(input));
        if (r < 0)
                return r;
        return lseek(fd, 0, SEEK_SET) < 0 ? -errno : steal_fd(&fd);
}

/* Default signals, and a process group of its own. */
static void set_attributes(posix_spawnattr_t *attributes)
{
        sigset_t set;

        (void) posix_spawnattr_init(attributes);
        sigemptyset(&set);
        (void) posix_spawnattr_setsigmask(attributes, &set);
        sigfillset(&set);
        (void) posix_spawnattr_setsigdefault(attributes, &set);
        (void) posix_spawnattr_setpgroup(attributes, 0);
        (void) posix_spawnattr_setflags(attributes,
                                        POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

/* input, output, errors: its standard streams. */
static int start_with(const PluginCall *call, int input, int output, int errors, pid_t *ret)
{
        g_auto(GStrv) environment = make_environment(call);
        char *const argv[] = {(char *) call->program, NULL};
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int r;

        set_attributes(&attributes);
        (void) posix_spawn_file_actions_init(&actions);
        r = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, call->lock, LOCK_FD);
        if (r == 0)
                r = posix_spawn(ret, call->program, &actions, &attributes, argv, environment);
        (void) posix_spawn_file_actions_destroy(&actions);
        (void) posix_spawnattr_destroy(&attributes);
        return -r;
}

static int start(const PluginCall *call, Run *run)
{
        _cleanup_close_ int input = make_input(call->input), output = -1, errors = -1;
        int pair[2], r;

        if (input < 0)
                return input;
        if (pipe2(pair, O_CLOEXEC) < 0)
                return -errno;
        run->output_fd = pair[0];
        output = pair[1];
        if (pipe2(pair, O_CLOEXEC) < 0)
                return -errno;
        run->errors_fd = pair[0];
        errors = pair[1];
        if (fcntl(run->output_fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(run->errors_fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        r = start_with(call, input, output, errors, &run->pid);
        if (r < 0)
                return r;
        run->pidfd = (int) syscall(SYS_pidfd_open, run->pid, 0);
        return run->pidfd < 0 ? -errno : 0;
}

/* Reads what is there. Returns 0 at the end of it, and -EAGAIN where more may come. */
static int drain(int fd, GString *text, bool *ret_too_large)
{
        char buffer[4096];

        for (;;) {
                ssize_t n = read(fd, buffer, sizeof(buffer));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : 0;
                g_string_append_len(text, buffer, n);
                if (ret_too_large && text->len > OUTPUT_SIZE_MAX) {
                        *ret_too_large = true;
                        return 0;
                }
                if (!ret_too_large && text->len > ERRORS_SIZE_MAX)
                        g_string_erase(text, 0, (gssize) (text->len - ERRORS_SIZE_MAX));
        }
}

/* Until the process has ended, even where something that it has left behind still holds its streams. Returns why it has
 * to be killed, or NULL. */
static char *follow(Job *job, Run *run)
{
        gint64 end = g_get_monotonic_time() + job->plugin_seconds * G_TIME_SPAN_SECOND;
        bool was_cancelled = job->cancelled, too_large = false;

        for (;;) {
                bool listen = job->cancellable && !job->cancelled;
                struct pollfd polled[] = {
                        {.fd = run->pidfd, .events = POLLIN},
                        {.fd = run->output_fd, .events = POLLIN},
                        {.fd = run->errors_fd, .events = POLLIN},
                        {.fd = listen ? job->control : -1, .events = POLLRDHUP},
                        {.fd = listen ? job->signals : -1, .events = POLLIN},
                };
                gint64 left = end - g_get_monotonic_time();

                if (left <= 0 || (poll(polled, G_N_ELEMENTS(polled), (int) (left / 1000) + 1) < 0 && errno != EINTR))
                        return g_strdup_printf("did not end within %u s", job->plugin_seconds);
                if (run->output_fd >= 0 && drain(run->output_fd, run->output, &too_large) != -EAGAIN)
                        run->output_fd = safe_close(run->output_fd);
                if (run->errors_fd >= 0 && drain(run->errors_fd, run->errors, NULL) != -EAGAIN)
                        run->errors_fd = safe_close(run->errors_fd);
                if (too_large)
                        return g_strdup_printf("printed more than %u bytes", OUTPUT_SIZE_MAX);
                if (polled[0].revents != 0)
                        return NULL;
                if (polled[3].revents != 0 || polled[4].revents != 0)
                        job->cancelled = true;
                if (job->cancelled && !was_cancelled) {
                        was_cancelled = true;
                        end = MIN(end, g_get_monotonic_time() + CANCEL_TIMEOUT);
                }
        }
}

static char *describe_end(const siginfo_t *info, const Run *run)
{
        g_autofree char *said =
                cni_output_to_reason(run->output->str, run->output->len, run->errors->str, run->errors->len);

        if (said)
                return g_strdup_printf("said: %s", said);
        if (info->si_code == CLD_EXITED)
                return g_strdup_printf("ended with status %d, and said nothing", info->si_status);
        return g_strdup_printf("was killed by signal %d, and said nothing", info->si_status);
}

int plugin_run(Job *job, const PluginCall *call, char **ret_output, size_t *ret_size, char **ret_reason)
{
        _cleanup_(run_done) Run run = {.pidfd = -1,
                                       .output_fd = -1,
                                       .errors_fd = -1,
                                       .output = g_string_new(NULL),
                                       .errors = g_string_new(NULL)};
        siginfo_t info = {};
        char *reason = NULL;
        int r = start(call, &run);

        if (r < 0)
                reason = g_strdup_printf("could not be run: %s", g_strerror(-r));
        else
                reason = follow(job, &run);
        if (run.pid > 0) {
                if (reason)
                        (void) kill(-run.pid, SIGKILL);
                (void) waitid(P_PID, (id_t) run.pid, &info, WEXITED);
        }
        if (!reason && (info.si_code != CLD_EXITED || info.si_status != 0))
                reason = describe_end(&info, &run);
        if (reason) {
                *ret_reason = reason;
                return -EREMOTEIO;
        }
        *ret_size = run.output->len;
        *ret_output = g_strdup(run.output->str);
        return 0;
}
