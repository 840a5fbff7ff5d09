/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What gangway adds to the runtime, and takes away from it: each of our calls beside the program that does the same
 * work without us, in one run, one after the other in each round, so that the machine's mood hits all alike. The paused
 * rounds wait 100 ms before each step, as a person does: then the kernel moves no process between control groups
 * without waiting for RCU first, which a busy machine hides.
 */

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "bare.h"
#include "bus.h"
#include "config.h"
#include "figures.h"
#include "util/cleanup.h"

#define MEMORY_CONTAINERS 50U
#define BURST             80U
#define PARALLEL          4U

typedef struct Series {
        Figure spawn, nsenter, run_none, run_oci, crun_exec, create, start, create_start, exec_reply, exec_exit,
                release;
} Series;

static int root_fd = -1;
static unsigned counter;

static void fill_create(sd_bus_message *m, const char *name)
{
        check(sd_bus_message_append(m, "sa{sv}", name, 2, "net-mode", "s", "none", "mounts", "aa{sv}", 1, 3, "type",
                                    "s", "bind", "destination", "s", "/", "source", "h", root_fd),
              "CreateContainer", NULL);
}

static void fill_process(sd_bus_message *m, const char *program, const char *argument)
{
        check(argument ? sd_bus_message_append(m, "as", 2, program, argument)
                       : sd_bus_message_append(m, "as", 1, program),
              program, NULL);
        check(sd_bus_message_append(m, "a{ss}", 0), program, NULL);
        check(sd_bus_message_append(m, "a{uh}a{sv}", 0, 0), program, NULL);
}

static char *create(void)
{
        g_autofree char *name = g_strdup_printf("bench%u", counter++);
        sd_bus_message *m = new_call(ROOT, MANAGER, "CreateContainer"), *reply;
        const char *path;
        char *copy;

        fill_create(m, name);
        reply = call(m);
        check(sd_bus_message_read(reply, "o", &path), "CreateContainer", NULL);
        copy = g_strdup(path);
        sd_bus_message_unref(reply);
        return copy;
}

static void run(const char *path, const char *member, const char *program, const char *argument)
{
        sd_bus_message *m = new_call(path, CONTAINER, member);

        fill_process(m, program, argument);
        sd_bus_message_unref(call(m));
}

static void release(const char *path)
{
        call_plain(path, CONTAINER, "Release");
}

/* Waits for the ProcessExited of the exec, which the creator's connection gets. */
static void wait_exited(unsigned *exited, unsigned count)
{
        while (*exited < count) {
                int r = sd_bus_process(bus, NULL);

                check(r, "bus", NULL);
                if (r == 0)
                        check(sd_bus_wait(bus, 10 * G_USEC_PER_SEC), "bus", NULL);
        }
}

static int on_exited(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        (*(unsigned *) userdata)++;
        return 0;
}

static unsigned exited;

static void pause_as_a_person(bool paused)
{
        if (paused)
                g_usleep(100 * 1000);
}

static void bare_round(Series *s, const char *folder, bool paused, const char *target)
{
        g_autofree char *none = NULL, *oci = NULL, *pid = g_strdup_printf("%d", bare_pid(folder, target));

        pause_as_a_person(paused);
        figure_add(&s->spawn, bare_spawn((const char *const[]){"/bin/true", NULL}));
        pause_as_a_person(paused);
        figure_add(&s->nsenter, bare_spawn((const char *const[]){"/usr/bin/nsenter", "-a", "-t", pid, "true", NULL}));
        pause_as_a_person(paused);
        figure_add(&s->run_none, bare_run(folder, BARE_NONE, &none));
        pause_as_a_person(paused);
        figure_add(&s->run_oci, bare_run(folder, BARE_OCI, &oci));
        pause_as_a_person(paused);
        figure_add(&s->crun_exec, bare_exec(folder, target));
        bare_delete(folder, none);
        bare_delete(folder, oci);
}

static void own_round(Series *s, bool paused)
{
        g_autofree char *path = NULL;
        double begun, created;

        pause_as_a_person(paused);
        begun = now_ms();
        path = create();
        created = now_ms() - begun;
        figure_add(&s->create, created);
        pause_as_a_person(paused);
        begun = now_ms();
        run(path, "Start", "sleep", "1000");
        figure_add(&s->start, now_ms() - begun);
        figure_add(&s->create_start, created + now_ms() - begun);
        pause_as_a_person(paused);
        exited = 0;
        begun = now_ms();
        run(path, "Exec", "true", NULL);
        figure_add(&s->exec_reply, now_ms() - begun);
        wait_exited(&exited, 1);
        figure_add(&s->exec_exit, now_ms() - begun);
        pause_as_a_person(paused);
        begun = now_ms();
        release(path);
        figure_add(&s->release, now_ms() - begun);
}

static gboolean print_series(const Series *s)
{
        gboolean ok;

        g_print("  %-44s %8s %8s   rounds\n", "milliseconds", "median", "95 %");
        figure_print(&s->spawn);
        figure_print(&s->nsenter);
        figure_print(&s->run_none);
        figure_print(&s->run_oci);
        figure_print(&s->crun_exec);
        figure_print(&s->create);
        figure_print(&s->start);
        figure_print(&s->create_start);
        figure_print(&s->exec_reply);
        figure_print(&s->exec_exit);
        figure_print(&s->release);
        ok = figure_compare("CreateContainer + Start / crun run with the profile",
                            figure_median(&s->create_start) / figure_median(&s->run_oci), 0.8, TRUE);
        ok &= figure_compare("Start / crun run with no profile", figure_median(&s->start) / figure_median(&s->run_none),
                             1.3, TRUE);
        ok &= figure_compare("Exec to exit / crun exec", figure_median(&s->exec_exit) / figure_median(&s->crun_exec),
                             1.2, TRUE);
        return ok;
}

static gboolean series(const char *title, const char *folder, bool paused, unsigned rounds)
{
        Series s = {.spawn = {"fork + exec"},
                    .nsenter = {"nsenter"},
                    .run_none = {"crun run, no profile"},
                    .run_oci = {"crun run, profile (OCI form)"},
                    .crun_exec = {"crun exec"},
                    .create = {"CreateContainer"},
                    .start = {"Start, call to reply"},
                    .create_start = {"CreateContainer + Start"},
                    .exec_reply = {"Exec, call to reply"},
                    .exec_exit = {"Exec, call to ProcessExited"},
                    .release = {"Release"}};
        g_autofree char *target = NULL;

        (void) bare_run(folder, BARE_OCI, &target);
        for (unsigned i = 0; i < rounds; i++) {
                bare_round(&s, folder, paused, target);
                own_round(&s, paused);
        }
        bare_delete(folder, target);
        g_print("\n%s\n", title);
        return print_series(&s);
}

typedef struct Burst {
        unsigned begun, done, n;
        GPtrArray *paths;
} Burst;

static void burst_next(Burst *burst);

static int on_burst_started(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Burst *burst = userdata;

        check(-sd_bus_message_get_errno(m), "Start", sd_bus_message_get_error(m));
        burst->done++;
        burst_next(burst);
        return 0;
}

static int on_burst_created(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Burst *burst = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *start = NULL;
        const char *path;

        check(-sd_bus_message_get_errno(m), "CreateContainer", sd_bus_message_get_error(m));
        check(sd_bus_message_read(m, "o", &path), "CreateContainer", NULL);
        g_ptr_array_add(burst->paths, g_strdup(path));
        start = new_call(path, CONTAINER, "Start");
        fill_process(start, "sleep", "1000");
        check(sd_bus_call_async(bus, NULL, start, on_burst_started, burst, 0), "Start", NULL);
        return 0;
}

static void burst_next(Burst *burst)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        g_autofree char *name = g_strdup_printf("bench%u", counter++);

        if (burst->begun == burst->n)
                return;
        burst->begun++;
        m = new_call(ROOT, MANAGER, "CreateContainer");
        fill_create(m, name);
        check(sd_bus_call_async(bus, NULL, m, on_burst_created, burst, 0), "CreateContainer", NULL);
}

static double own_burst(unsigned n, unsigned parallel, GPtrArray *paths)
{
        Burst burst = {.n = n, .paths = paths};
        double begun = now_ms();

        for (unsigned i = 0; i < parallel; i++)
                burst_next(&burst);
        wait_exited(&burst.done, n);
        return now_ms() - begun;
}

static void release_all(GPtrArray *paths)
{
        for (guint i = 0; i < paths->len; i++)
                release(paths->pdata[i]);
        g_ptr_array_set_size(paths, 0);
}

static gboolean bursts(const char *folder)
{
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        Figure own = {"ours"}, bare = {"bare"};

        for (unsigned i = 0; i < 5; i++) {
                figure_add(&bare, bare_burst(folder, BARE_OCI, BURST, PARALLEL));
                figure_add(&own, own_burst(BURST, PARALLEL, paths));
                release_all(paths);
        }
        g_print("\nContainers started a second, four at a time (median of 5 bursts of %u)\n", BURST);
        g_print("  crun run with the profile: %.0f\n  CreateContainer + Start: %.0f\n",
                BURST * 1000 / figure_median(&bare), BURST * 1000 / figure_median(&own));
        return figure_compare("ours / crun's", figure_median(&bare) / figure_median(&own), 1, FALSE);
}

static guint64 daemon_pss(unsigned pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%u/smaps_rollup", pid), *text = NULL;
        const char *line;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        line = strstr(text, "\nPss:");
        return line ? g_ascii_strtoull(line + strlen("\nPss:"), NULL, 10) : 0;
}

static unsigned count_lines(const char *command)
{
        FILE *f = popen(command, "re");
        unsigned n = 0;

        if (!f || fscanf(f, "%u", &n) != 1)
                g_error("%s failed", command);
        (void) pclose(f);
        return n;
}

static gboolean memory(unsigned daemon)
{
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        guint64 before = daemon_pss(daemon), after;
        unsigned inside, beside;
        gboolean ok;

        (void) own_burst(MEMORY_CONTAINERS, PARALLEL, paths);
        after = daemon_pss(daemon);
        inside = count_lines("find /sys/fs/cgroup/gangway.slice -name cgroup.procs -exec cat {} + | wc -l");
        beside = count_lines("cat /sys/fs/cgroup/system.slice/gangwayd.service/cgroup.procs | wc -l");
        release_all(paths);

        g_print("\nMemory and processes, %u running containers\n", MEMORY_CONTAINERS);
        g_print("  the daemon's PSS: %" G_GUINT64_FORMAT " KiB with none, %" G_GUINT64_FORMAT " KiB with all\n", before,
                after);
        ok = figure_compare("KiB for each container", ((double) after - (double) before) / MEMORY_CONTAINERS, 20, TRUE);
        ok &= figure_compare("processes in the scopes", inside, MEMORY_CONTAINERS, TRUE);
        ok &= figure_compare("processes of the service", beside, 1, TRUE);
        return ok;
}

static unsigned daemon_pid(void)
{
        _cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
        pid_t pid = 0;

        check(sd_bus_get_name_creds(bus, BUS, SD_BUS_CREDS_PID, &creds), BUS, NULL);
        check(sd_bus_creds_get_pid(creds, &pid), BUS, NULL);
        return (unsigned) pid;
}

int main(int argc, char *argv[])
{
        const char *folder = g_getenv("GANGWAY_TEST_DIR");
        unsigned rounds = argc > 1 ? (unsigned) g_ascii_strtoull(argv[1], NULL, 10) : 40;
        g_autofree char *root = NULL, *bare = NULL;
        gboolean ok;

        if (!folder)
                g_error("Run this as tools/boot tests/bench/latency");
        root = g_build_filename(folder, "bench-source", NULL);
        bare = g_build_filename(folder, "bench-bare", NULL);
        root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root_fd < 0)
                g_error("%s: %s", root, g_strerror(errno));
        bare_prepare(bare, root, GANGWAY_SECCOMP_PROFILE);

        bus_open();
        check(sd_bus_match_signal(bus, NULL, BUS, NULL, CONTAINER, "ProcessExited", on_exited, &exited), "match", NULL);
        /* The first call starts the daemon. */
        release(create());

        ok = memory(daemon_pid());
        ok &= series("Without pauses", bare, false, rounds * 2);
        ok &= series("With pauses of 100 ms", bare, true, rounds);
        ok &= bursts(bare);
        g_print("\n%s\n", ok ? "All figures are reached." : "Some figures are missed.");
        bus_close();
        return EXIT_SUCCESS;
}
