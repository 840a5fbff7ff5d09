/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bare.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/seccomp-profile.h"
#include "figures.h"
#include "model/oci-spec.h"

#define CRUN    "/usr/bin/crun"
#define ID_BASE 700000U

static unsigned counter;

static void write_bundle(const char *folder, const char *name, const char *root, JsonNode *seccomp)
{
        g_autofree char *bundle = g_build_filename(folder, name, NULL);
        g_autofree char *config = g_build_filename(bundle, "config.json", NULL);
        g_autofree char *exec = g_build_filename(bundle, "process.json", NULL);
        g_autoptr(ContainerSpec) container = container_spec_new();
        g_autoptr(ProcessSpec) process = process_spec_new();
        g_autofree char *text = NULL, *exec_text = NULL;
        OciRoot oci = {.path = root, .id_base = ID_BASE, .seccomp_json = seccomp};
        ProcessUser user = {};
        MountSpec *mount = mount_spec_new();

        mount->destination = g_strdup("/");
        g_ptr_array_add(container->mounts, mount);
        container->name = g_strdup("bench");
        container->hostname = g_strdup("bench");
        process->argv = g_strsplit("sleep 1000", " ", -1);
        g_assert_cmpint(process_spec_check(process, NULL), >=, 0);
        text = oci_spec_config(container, &oci, process, &user, 0);
        g_strfreev(process->argv);
        process->argv = g_strsplit("true", " ", -1);
        exec_text = oci_spec_process(container, process, &user, 0);
        g_assert_cmpint(g_mkdir_with_parents(bundle, 0700), ==, 0);
        g_assert_true(g_file_set_contents(config, text, -1, NULL));
        g_assert_true(g_file_set_contents(exec, exec_text, -1, NULL));
}

void bare_prepare(const char *folder, const char *root, const char *seccomp_path)
{
        g_autoptr(SeccompProfile) profile = NULL;
        g_autofree char *own = g_build_filename(folder, "root", NULL), *message = NULL;
        g_autofree char *owner = g_strdup_printf("%u:%u", ID_BASE, ID_BASE);

        if (seccomp_profile_load(seccomp_path, &profile, &message) < 0)
                g_error("%s", message);
        g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
        (void) bare_spawn((const char *const[]){"/bin/cp", "-a", root, own, NULL});
        (void) bare_spawn((const char *const[]){"/bin/chown", "-hR", owner, own, NULL});
        write_bundle(folder, "none", own, NULL);
        write_bundle(folder, "oci", own, seccomp_profile_get_json(profile));
}

static pid_t begin(const char *const *argv)
{
        posix_spawn_file_actions_t actions;
        pid_t pid;
        int r;

        (void) posix_spawn_file_actions_init(&actions);
        for (int fd = 0; fd < 2; fd++)
                (void) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
        r = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *) argv, environ);
        (void) posix_spawn_file_actions_destroy(&actions);
        if (r != 0)
                g_error("%s: %s", argv[0], g_strerror(r));
        return pid;
}

double bare_spawn(const char *const *argv)
{
        double start = now_ms();
        pid_t pid = begin(argv);
        int status;

        if (waitpid(pid, &status, 0) != pid || status != 0)
                g_error("%s failed: %d", argv[0], status);
        return now_ms() - start;
}

static GStrv command(const char *folder, BareProfile profile, const char *id)
{
        const char *name = profile == BARE_OCI ? "oci" : "none";

        return g_strdupv((char *[]){(char *) CRUN, g_strdup_printf("--root=%s/state", folder),
                                    (char *) "--cgroup-manager=disabled", (char *) "run", (char *) "--detach",
                                    g_strdup_printf("--bundle=%s/%s", folder, name),
                                    g_strdup_printf("--pid-file=%s/pid-%s", folder, id), (char *) id, NULL});
}

double bare_run(const char *folder, BareProfile profile, char **ret_id)
{
        g_autofree char *id = g_strdup_printf("bench%u", counter++);
        g_auto(GStrv) argv = command(folder, profile, id);
        double ms = bare_spawn((const char *const *) argv);

        *ret_id = g_steal_pointer(&id);
        return ms;
}

double bare_exec(const char *folder, const char *id)
{
        g_autofree char *root = g_strdup_printf("--root=%s/state", folder);
        g_autofree char *process = g_strdup_printf("--process=%s/oci/process.json", folder);

        return bare_spawn((const char *const[]){CRUN, root, "--cgroup-manager=disabled", "exec", process, id, NULL});
}

int bare_pid(const char *folder, const char *id)
{
        g_autofree char *path = g_strdup_printf("%s/pid-%s", folder, id), *text = NULL;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        return (int) g_ascii_strtoll(text, NULL, 10);
}

void bare_delete(const char *folder, const char *id)
{
        g_autofree char *root = g_strdup_printf("--root=%s/state", folder);

        (void) bare_spawn(
                (const char *const[]){CRUN, root, "--cgroup-manager=disabled", "delete", "--force", id, NULL});
}

double bare_burst(const char *folder, BareProfile profile, unsigned n, unsigned parallel)
{
        g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
        unsigned begun = 0, running = 0;
        double start = now_ms(), ms;

        while (begun < n || running > 0) {
                if (begun < n && running < parallel) {
                        char *id = g_strdup_printf("bench%u", counter++);
                        g_auto(GStrv) argv = command(folder, profile, id);

                        g_ptr_array_add(ids, id);
                        (void) begin((const char *const *) argv);
                        begun++;
                        running++;
                } else {
                        int status;

                        if (wait(&status) < 0 || status != 0)
                                g_error("crun failed: %d", status);
                        running--;
                }
        }
        ms = now_ms() - start;
        for (guint i = 0; i < ids->len; i++)
                bare_delete(folder, ids->pdata[i]);
        return ms;
}
