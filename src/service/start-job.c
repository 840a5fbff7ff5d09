/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How a process is started: its user is looked up where a name was given, its working directory made where it is the
 * first process, then the runtime is run; each by the launcher, one request after the other. The container's first
 * launcher sits in the scope since it was made, and holds the root's mounts; each exec has a launcher of its own, whose
 * runtime is born in the scope's group.
 */

#include "service/start-job.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "model/id-ranges.h"
#include "model/oci-spec.h"
#include "service/container-commit.h"
#include "util/cleanup.h"
#include "util/error.h"

#define LOOP_DEVICES 8U
#define CONSOLE_NAME "console"
/* The runtime's id of the container: its state is in a folder of the container's own. */
#define RUNTIME_ID "container"

/* What changes with a process, and with PID 1. */
static const char *const process_changes[] = {"Processes", NULL};
static const char *const leader_changes[] = {"State", "Leader", "Processes", NULL};

static Launcher *get_launcher(StartJob *job)
{
        return job->first ? job->container->launcher : job->launcher;
}

void start_job_free(StartJob *job)
{
        (void) g_queue_remove(&job->container->jobs, job);
        container_end_launcher(job->container, job->launcher);
        g_clear_pointer(&job->user.groups, g_array_unref);
        process_spec_free(job->spec);
        g_free(job);
}

/* Whether PID 1 has ended, also where that was not told yet. */
static bool has_leader_ended(const Container *container)
{
        siginfo_t info = {};

        if (container->state != CONTAINER_RUNNING || !container->leader)
                return container->state == CONTAINER_EXITED;
        return waitid(P_PID, (id_t) process_get_pid(container->leader), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               info.si_pid != 0;
}

/* Why a start failed is worth less than that the container has ended meanwhile. */
static void job_failed(StartJob *job, const sd_bus_error *error)
{
        Container *container = job->container;
        _cleanup_(sd_bus_error_free) sd_bus_error ended = SD_BUS_ERROR_NULL;
        bool first = job->first;

        if (!first && has_leader_ended(container)) {
                (void) error_set(&ended, ERROR_NOT_RUNNING, "The container '%s' is not running any more",
                                 container->spec->name);
                error = &ended;
        }
        (void) g_queue_remove(&container->jobs, job);
        if (first && container->state == CONTAINER_STARTING)
                container_event(container, EVENT_START_FAILED);
        job->started(container, NULL, -1, error, job->userdata);
        if (first)
                container_state_changed(container);
        start_job_free(job);
        /* Those that waited for this one get its error, too. */
        if (first) {
                container_start_jobs_abort(container, error);
                container_commits_run(container);
        }
}

static void job_failed_errno(StartJob *job, const char *what, int r)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) error_set(&error, ERROR_RUNTIME_FAILED, "The program '%s' can't be started: %s: %s", job->spec->argv[0],
                         what, g_strerror(-r));
        job_failed(job, &error);
}

/* With PID 1 the kernel ends all that is in its namespace. What stands between the container and its caller's agents,
 * or the machine's network, is not, and would keep the scope. */
static void end_proxies(const Container *container)
{
        if ((container_spec_has_agents(container->spec) || container_network_has_process(container->network)) &&
            container->cgroup >= 0)
                (void) cgroup_kill(container->cgroup);
}

static void on_process_ended(Process *process, void *userdata)
{
        Container *container = userdata;
        const ProcessEnd *end = process_get_end(process);
        bool was_leader = process == container->leader;

        container->n_running--;
        if (end->term_signal == SIGKILL && oom_watch_take(container->oom))
                process_mark_oom(process);
        if (was_leader) {
                container->leader = NULL;
                end_proxies(container);
                if (container->state != CONTAINER_RELEASING)
                        container_event(container, EVENT_EXITED);
        }
        container->listener->process_ended(container, process, container->userdata);
        process_tell_waiters(process);
        container_changed(container, was_leader ? leader_changes : process_changes);
        if (container->state == CONTAINER_RELEASING)
                container_release_continue(container);
}

static uint32_t get_id_base(const Container *container)
{
        return container->spec->security_mode == SECURITY_INSECURE ? 0 : container->id_base;
}

/* A terminal belongs to who works at it, or programs such as sudo and screen can't open it by its name. Runtimes see to
 * that for the first process, and not all of them for others. */
static void give_terminal(const StartJob *job, int slave_path)
{
        (void) fchownat(slave_path, "", get_id_base(job->container) + job->user.uid, (gid_t) -1, AT_EMPTY_PATH);
}

static void job_succeeded(StartJob *job, pid_t pid, StringMessage *answer)
{
        Container *container = job->container;
        _cleanup_close_ int terminal = -1, slave_path = -1;
        Process *process;
        bool first = job->first, network_changed = false;
        int r;

        if (answer->n_fds == 2) {
                terminal = steal_fd(&answer->fds[0]);
                slave_path = steal_fd(&answer->fds[1]);
                give_terminal(job, slave_path);
        }
        r = process_new(container->service->reaper, job->spec->id, pid, steal_fd(&slave_path), on_process_ended,
                        container, &process);
        if (r < 0) {
                job_failed_errno(job, "its process can't be watched", r);
                return;
        }
        g_ptr_array_add(container->processes, process);
        g_hash_table_insert(container->by_id, (char *) process_get_id(process), process);
        container->n_running++;
        (void) g_queue_remove(&container->jobs, job);
        if (first) {
                network_changed = container_network_take_addresses(container->network, answer->strings + 2);
                container->leader = process;
                container_end_launcher(container, container->launcher);
                container->launcher = NULL;
                container_event(container, EVENT_STARTED);
        }
        job->started(container, process, terminal, NULL, job->userdata);
        container_changed(container, first ? leader_changes : process_changes);
        if (network_changed)
                container_changed(container, (const char *const[]){"Addresses", NULL});
        start_job_free(job);
        if (first) {
                container_start_jobs_run(container);
                container_commits_run(container);
        }
}

static void unlink_file(const Container *container, const char *name)
{
        g_autofree char *path = g_build_filename(container->dir->run, name, NULL);

        (void) unlink(path);
}

static char *get_process_file(const StartJob *job)
{
        return job->first ? g_strdup("config.json") : g_strdup_printf("process-%s.json", job->spec->id);
}

static void on_run(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        StartJob *job = userdata;
        _cleanup_(sd_bus_error_free) sd_bus_error failure = SD_BUS_ERROR_NULL;
        g_autofree char *file = get_process_file(job);

        unlink_file(job->container, file);
        if (error) {
                job_failed(job, error);
        } else if (strcmp(answer->strings[0], "ok") == 0 && answer->n_strings >= 2) {
                job_succeeded(job, (pid_t) g_ascii_strtoll(answer->strings[1], NULL, 10), answer);
        } else {
                (void) job->container->runtime->explain(answer->n_strings == 3 ? answer->strings[2] : "",
                                                        job->spec->argv[0], &failure);
                job_failed(job, &failure);
        }
}

static int write_process_file(const StartJob *job, const char *name)
{
        const Container *container = job->container;
        g_autofree char *cgroups_path = g_strconcat(container->cgroup_path, "/runtime", NULL);
        g_auto(GStrv) binds = container_mounts_list_binds(container->mounts);
        g_autofree char *text = NULL;
        uint64_t available = container->service->capabilities;
        OciRoot root = {
                .path = container->dir->rootfs,
                .binds = (const char *const *) binds,
                .id_base = container->id_base,
                .cgroups_path = container->runtime->needs_cgroup ? cgroups_path : NULL,
                .seccomp_bpf = container->runtime->takes_compiled_filter
                                       ? seccomp_profile_get_bpf_base64(container->service->seccomp)
                                       : NULL,
                .seccomp_json = container->runtime->takes_compiled_filter
                                        ? NULL
                                        : seccomp_profile_get_json(container->service->seccomp),
                .n_loop_devices = LOOP_DEVICES,
        };

        container_network_describe(container->network, &root);
        text = job->first ? oci_spec_config(container->spec, &root, job->spec, &job->user, available)
                          : oci_spec_process(container->spec, job->spec, &job->user, available);
        return container_dir_write(container->dir, name, text);
}

/* Sends the run request: what the launcher is to know of fds is their numbers, in the order in which they go along. */
static int send_run(StartJob *job, const RuntimeCall *call, GStrv command)
{
        const ProcessSpec *spec = job->spec;
        g_autoptr(GString) numbers = g_string_new(NULL);
        g_autoptr(GPtrArray) request = g_ptr_array_new();
        int fds[PROCESS_FD_MAX + 2];
        size_t n = 0;

        /* The first launcher is in the scope, an exec's is not: its runtime is born there. */
        if (!job->first)
                fds[n++] = job->container->cgroup;
        for (guint i = 0; i < spec->fds->len; i++) {
                const ProcessFd *fd = &g_array_index(spec->fds, ProcessFd, i);

                g_string_append_printf(numbers, "%s%u", i > 0 ? "," : "", fd->number);
                fds[n++] = fd->fd;
        }
        g_ptr_array_add(request, (char *) "run");
        g_ptr_array_add(request, job->container->id);
        g_ptr_array_add(request, job->container->unit);
        g_ptr_array_add(request, (char *) call->pid_file);
        g_ptr_array_add(request, (char *) call->log_file);
        g_ptr_array_add(request, (char *) (call->console ? call->console : ""));
        g_ptr_array_add(request, (char *) (job->first ? "" : "group"));
        g_ptr_array_add(request, numbers->str);
        for (char **argument = command; *argument; argument++)
                g_ptr_array_add(request, *argument);
        g_ptr_array_add(request, NULL);
        return launcher_request(get_launcher(job), (const char *const *) request->pdata, fds, n, on_run, job);
}

static void run(StartJob *job)
{
        const Container *container = job->container;
        const char *folder = container->dir->run, *id = job->spec->id;
        g_autofree char *file = get_process_file(job);
        g_autofree char *process = g_build_filename(folder, file, NULL);
        g_autofree char *log_file = g_strdup_printf("%s/log-%s", folder, id);
        g_autofree char *pid_file = g_strdup_printf("%s/pid-%s", folder, id);
        g_autofree char *console = g_strdup_printf("%s/" CONSOLE_NAME "-%s", folder, id);
        RuntimeCall call = {
                .path = container->runtime_path,
                .root = container->dir->runtime,
                .log_file = log_file,
                .pid_file = pid_file,
                .console = job->spec->tty ? console : NULL,
                .bundle = folder,
                .process = process,
                .id = RUNTIME_ID,
        };
        g_auto(GStrv) command = NULL;
        int r;

        for (guint i = 0; i < job->spec->fds->len; i++) {
                unsigned number = g_array_index(job->spec->fds, ProcessFd, i).number;

                if (number > STDERR_FILENO)
                        call.preserve_fds = MAX(call.preserve_fds, number - STDERR_FILENO);
        }
        r = write_process_file(job, file);
        if (r < 0) {
                job_failed_errno(job, "its description can't be written", r);
                return;
        }
        if (job->first)
                container_network_start(container->network);
        command = job->first ? container->runtime->run_command(&call) : container->runtime->exec_command(&call);
        r = send_run(job, &call, command);
        if (r < 0)
                job_failed_errno(job, "the launcher can't be reached", r);
}

static void on_directory(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        if (error)
                job_failed(userdata, error);
        else
                run(userdata);
}

/* The ids of a user are those inside; the launcher makes the directory from outside. */
static void make_directory(StartJob *job)
{
        uint32_t base = get_id_base(job->container);
        g_autofree char *uid = g_strdup_printf("%u", base + job->user.uid);
        g_autofree char *gid = g_strdup_printf("%u", base + job->user.gid);
        int r;

        r = launcher_request(get_launcher(job), (const char *const[]){"make-directory", job->spec->cwd, uid, gid, NULL},
                             NULL, 0, on_directory, job);
        if (r < 0)
                job_failed_errno(job, "the launcher can't be reached", r);
}

static void with_user(StartJob *job)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (job->container->spec->security_mode == SECURITY_SANDBOX &&
            (job->user.uid >= ID_RANGE_SIZE || job->user.gid >= ID_RANGE_SIZE)) {
                (void) error_invalid(&error,
                                     "The user '%s' is %u:%u, and a sandboxed container has ids up to 65535 only",
                                     job->spec->user, job->user.uid, job->user.gid);
                job_failed(job, &error);
        } else if (job->first && strcmp(job->spec->cwd, "/") != 0) {
                make_directory(job);
        } else {
                run(job);
        }
}

static void on_user(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        StartJob *job = userdata;
        const char *agent = container_spec_get_agent_path(job->container->spec);

        if (error) {
                job_failed(job, error);
                return;
        }
        if (answer->n_strings < 4) {
                job_failed_errno(job, "the launcher gave no user", -EBADMSG);
                return;
        }
        job->user.uid = (uint32_t) g_ascii_strtoull(answer->strings[1], NULL, 10);
        job->user.gid = (uint32_t) g_ascii_strtoull(answer->strings[2], NULL, 10);
        /* Runtimes look for it by themselves where it is not given, in a file of the container's, without caution. */
        process_spec_set_default(job->spec, "HOME", answer->strings[3]);
        if (agent)
                process_spec_set_default(job->spec, "SSH_AUTH_SOCK", agent);
        job->user.groups = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        for (size_t i = 4; i < answer->n_strings; i++) {
                uint32_t id = (uint32_t) g_ascii_strtoull(answer->strings[i], NULL, 10);

                g_array_append_val(job->user.groups, id);
        }
        with_user(job);
}

/* The first launcher has the root; an exec's is given that of PID 1. */
static void look_user_up(StartJob *job)
{
        _cleanup_close_ int root = -1;
        int r = 0;

        if (!job->first) {
                g_autofree char *path = g_strdup_printf("/proc/%d/root", (int) container_get_leader(job->container));

                root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
                r = root < 0 ? -errno : 0;
        }
        if (r >= 0)
                r = launcher_request(get_launcher(job), (const char *const[]){"user", job->spec->user, NULL}, &root,
                                     root >= 0 ? 1 : 0, on_user, job);
        if (r < 0)
                job_failed_errno(job, "its user can't be looked up", r);
}

void start_job_begin(StartJob *job)
{
        int r;

        job->begun = true;
        if (!job->first) {
                r = launcher_new(job->container->service->event, job->container->service->reaper, &job->launcher);
                if (r < 0) {
                        job_failed_errno(job, "the launcher can't be started", r);
                        return;
                }
        }
        look_user_up(job);
}
