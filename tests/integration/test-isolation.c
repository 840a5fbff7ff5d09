/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process can do and see, read from the kernel's own account of it in /proc, once in the sandbox and once in
 * insecure mode, each for the first process and for one that joins it.
 */
#include "common.h"

#define INSECURE "{'security-mode': <'insecure'>}"

static char *status_field(guint pid, const char *name)
{
        return shell("sed -n 's/^%s:[ \t]*//p' /proc/%u/status", name, pid);
}

static void assert_status(guint pid, const char *name, const char *expected)
{
        g_autofree char *value = status_field(pid, name);
        g_test_message("%s of %u", name, pid);
        g_assert_cmpstr(value, ==, expected);
}

static gboolean same_namespace(guint pid, const char *name)
{
        g_autofree char *own = link_text("/proc/self/ns/%s", name), *its = link_text("/proc/%u/ns/%s", pid, name);
        return g_str_equal(own, its);
}

/* The options of what is mounted there last, "" where nothing is. */
static char *mount_options(guint pid, const char *path)
{
        return shell("awk '$5 == \"%s\" { options = $6 } END { print options }' /proc/%u/mountinfo", path, pid);
}

static gboolean is_sleep(gpointer pid)
{
        g_autofree char *name = file_text("/proc/%u/comm", GPOINTER_TO_UINT(pid));
        return g_str_equal(name, "sleep");
}

/* What the kernel takes away when the program is executed, it has not yet taken away from the runtime, which may answer
 * a moment before. */
static Process *join(Container *container, const char *options)
{
        Process *process = process_new(container, .argv = ARGV("sleep", "1000"), .options = options);
        wait_until(is_sleep, GUINT_TO_POINTER(process->pid), "the program is executed");
        return process;
}

static void test_sandbox(void)
{
        static const char *const spaces[] = {"pid", "ipc", "uts", "net", "cgroup", "mnt", "user"};
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) exec = join(container, NULL);
        guint pids[] = {container_leader(container), exec->pid};

        for (size_t i = 0; i < G_N_ELEMENTS(pids); i++) {
                assert_status(pids[i], "CapEff", "00000000a80425fb");
                assert_status(pids[i], "CapPrm", "00000000a80425fb");
                assert_status(pids[i], "CapBnd", "00000000a80425fb");
                assert_status(pids[i], "CapAmb", "0000000000000000");
                assert_status(pids[i], "Seccomp", "2");
                assert_status(pids[i], "NoNewPrivs", "0");
                for (size_t k = 0; k < G_N_ELEMENTS(spaces); k++) {
                        g_test_message("namespace %s", spaces[k]);
                        g_assert_false(same_namespace(pids[i], spaces[k]));
                }
        }
        for (size_t k = 0; k < G_N_ELEMENTS(spaces); k++) {
                g_autofree char *first = link_text("/proc/%u/ns/%s", pids[0], spaces[k]);
                g_autofree char *second = link_text("/proc/%u/ns/%s", pids[1], spaces[k]);
                g_assert_cmpstr(first, ==, second);
        }
}

static void test_other_user_inside(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(Process) exec = join(container, "{'user': <'1000:1000'>}");

        assert_status(exec->pid, "CapEff", "0000000000000000");
        assert_status(exec->pid, "CapPrm", "0000000000000000");
        assert_status(exec->pid, "Seccomp", "2");
}

/* 65,536 ids that no other container has. */
static void test_ids(void)
{
        g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
        g_autoptr(Container) one = container_new_started(client), two = container_new_started(client);
        g_autoptr(Container) three = container_new_started(alice);
        Container *containers[] = {one, two, three};

        for (size_t i = 0; i < G_N_ELEMENTS(containers); i++) {
                for (int k = 0; k < 2; k++) {
                        guint leader = container_leader(containers[i]);
                        g_autofree char *map = shell("awk '{ print $1, $3 }' /proc/%u/%cid_map", leader, "ug"[k]);
                        g_autofree char *base = shell("awk '{ print $2 }' /proc/%u/%cid_map", leader, "ug"[k]);
                        guint outside = (guint) g_ascii_strtoull(base, NULL, 10);
                        g_assert_cmpstr(map, ==, "0 65536");
                        g_assert_cmpuint(outside, >=, 65536);
                        g_assert_cmpuint(outside % 65536, ==, 0);
                        if (k == 0)
                                g_assert_true(g_hash_table_add(seen, GUINT_TO_POINTER(outside)));
                }
        }
}

static void test_hidden_paths(void)
{
        static const char *const masked[] = {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"};
        static const char *const read_only[] = {"/proc/bus",           "/proc/fs", "/proc/irq",     "/proc/sys",
                                                "/proc/sysrq-trigger", "/sys",     "/sys/fs/cgroup"};
        g_autoptr(Container) container = container_new_started(client);
        guint leader = container_leader(container);

        for (size_t i = 0; i < G_N_ELEMENTS(masked); i++) {
                g_autofree char *output = NULL;
                g_autofree char *script = g_strdup_printf("test ! -e %s || { test -d %s && ls -A %s || cat %s; }",
                                                          masked[i], masked[i], masked[i], masked[i]);
                process_run(container, &output, .script = script);
                g_test_message("%s", masked[i]);
                g_assert_cmpstr(output, ==, "");
        }
        for (size_t i = 0; i < G_N_ELEMENTS(read_only); i++) {
                g_autofree char *there = g_strdup_printf("/proc/%u/root%s", leader, read_only[i]);
                g_autofree char *options = mount_options(leader, read_only[i]);
                g_test_message("%s", read_only[i]);
                g_assert_true(!g_file_test(there, G_FILE_TEST_EXISTS) || g_str_has_prefix(options, "ro"));
        }
}

static void test_seccomp_refuses(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *output = NULL;

        g_assert_cmpuint(process_run(container, &output, .script = "unshare -U true"), !=, 0);
        assert_contains(output, "not permitted");
        g_assert_cmpuint(process_run(container, NULL, .script = "mount -t tmpfs tmpfs /mnt"), !=, 0);
        g_assert_cmpuint(process_run(container, NULL, .script = "mknod /tmp/device b 7 0"), !=, 0);
        g_assert_cmpuint(process_run(container, NULL, .script = "hostname other"), !=, 0);
}

static void test_devices(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *output = NULL;
        guint code =
                process_run(container, &output,
                            .script = "set -e; for d in null zero full random urandom tty; do test -c /dev/$d; done;"
                                      "echo x > /dev/null; test $(head -c 5 /dev/zero | wc -c) = 5;"
                                      "test -d /dev/pts; test -d /dev/shm; echo x > /dev/shm/file; test ! -e /dev/kmsg;"
                                      "test -L /dev/fd; test -L /dev/stdin; ls /proc/1/root/etc > /dev/null");
        g_test_message("%s", output);
        g_assert_cmpuint(code, ==, 0);
}

/* Only itself is in its /proc; of the host's processes nothing is seen. */
static void test_processes(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *output = NULL;

        g_assert_cmpuint(process_run(container, &output, .script = "echo /proc/[0-9]*"), ==, 0);
        assert_contains(output, "/proc/1 ");
        g_auto(GStrv) words = g_strsplit(output, " ", -1);
        g_assert_cmpuint(g_strv_length(words), ==, 2);
}

static void test_network(void)
{
        static const struct {
                const char *options;
                guint n_interfaces;
        } rows[] = {{"{'net-mode': <'none'>}", 1}, {"{'net-mode': <'sandbox'>}", 2}};

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autoptr(Container) container = container_new_started(client, .options = rows[i].options);
                g_autofree char *output = NULL;
                guint code =
                        process_run(container, &output, .script = "ip -o link; ping -c 1 -W 5 127.0.0.1 > /dev/null");
                g_assert_cmpuint(code, ==, 0);
                g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
                g_assert_cmpuint(g_strv_length(lines), ==, rows[i].n_interfaces);
                g_assert_false(same_namespace(container_leader(container), "net"));
                assert_contains(lines[0], "lo: <LOOPBACK,UP");
        }
        g_autoptr(Container) host = container_new_started(client, .options = "{'net-mode': <'host'>}");
        g_autofree char *mode = client_property_string(client, host->path, "NetMode");
        g_assert_cmpstr(mode, ==, "host");
        g_assert_true(same_namespace(container_leader(host), "net"));
        g_assert_false(same_namespace(container_leader(host), "user"));
}

static void test_insecure(void)
{
        static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
        g_autoptr(Container) container = container_new_started(client, .options = INSECURE);
        g_autoptr(Process) exec = join(container, NULL);
        g_autofree char *full = status_field(1, "CapBnd");
        g_autofree char *mode = client_property_string(client, container->path, "SecurityMode");
        guint pids[] = {container_leader(container), exec->pid};

        g_assert_cmpstr(mode, ==, "insecure");
        for (size_t i = 0; i < G_N_ELEMENTS(pids); i++) {
                for (size_t k = 0; k < G_N_ELEMENTS(sets); k++)
                        assert_status(pids[i], sets[k], full);
                assert_status(pids[i], "Seccomp", "0");
                assert_status(pids[i], "NoNewPrivs", "0");
                g_assert_true(same_namespace(pids[i], "user"));
                g_assert_false(same_namespace(pids[i], "pid"));
                g_assert_false(same_namespace(pids[i], "mnt"));
                g_assert_false(same_namespace(pids[i], "net"));
        }
        g_autofree char *below = shell("awk '$5 ~ \"^/proc/\" { print $5 }' /proc/%u/mountinfo", pids[0]);
        g_autofree char *sys = mount_options(pids[0], "/sys"), *cgroup = mount_options(pids[0], "/sys/fs/cgroup");
        g_assert_cmpstr(below, ==, "");
        g_assert_true(g_str_has_prefix(sys, "rw"));
        g_assert_true(g_str_has_prefix(cgroup, "rw"));
}

static void test_insecure_can(void)
{
        g_autoptr(Container) container = container_new_started(client, .options = INSECURE);
        g_autofree char *output = NULL;
        guint code = process_run(container, &output,
                                 .script = "set -e; mount -t tmpfs tmpfs /mnt; umount /mnt; unshare -m true;"
                                           "mknod /dev/device c 1 5; test $(head -c 5 /dev/device | wc -c) = 5;"
                                           "mkdir /sys/fs/cgroup/below; rmdir /sys/fs/cgroup/below");
        g_test_message("%s", output);
        g_assert_cmpuint(code, ==, 0);
}

/* In insecure mode too, the folder is only written with `output`. */
static void test_insecure_root_folder(void)
{
        g_autofree char *root = root_copy(NULL), *new = g_build_filename(root, "new", NULL);
        {
                g_autoptr(Container) container = container_new_started(client, .root = root, .options = INSECURE);
                g_assert_cmpuint(process_run(container, NULL, .script = "echo x > /new"), ==, 0);
        }
        g_assert_false(g_file_test(new, G_FILE_TEST_EXISTS));
        {
                g_autoptr(Container) container =
                        container_new_started(client, .root = root, .mount = "{'output': <true>}", .options = INSECURE);
                g_assert_cmpuint(process_run(container, NULL, .script = "echo x > /new"), ==, 0);
        }
        g_assert_true(g_file_test(new, G_FILE_TEST_EXISTS));
}

static void test_hostname(void)
{
        g_autoptr(Container) plain = container_new(client, .name = "by-name");
        g_autoptr(Container) named = container_new(client, .options = "{'hostname': <'other.example'>}");
        g_autofree char *first = NULL, *second = NULL;
        g_autofree char *property = client_property_string(client, named->path, "Hostname");

        g_assert_cmpuint(process_run(plain, &first, .method = "Start", .argv = ARGV("hostname")), ==, 0);
        g_assert_cmpuint(process_run(named, &second, .method = "Start", .argv = ARGV("hostname")), ==, 0);
        g_assert_cmpstr(first, ==, "by-name");
        g_assert_cmpstr(second, ==, "other.example");
        g_assert_cmpstr(property, ==, "other.example");
}

/* Not NOFILE: a runtime in Go raises its own soft limit of that at its start, and where it is slow to start it undoes
 * what runc 1.1.5 has set for an exec meanwhile. The shell counts files' sizes by 512 bytes. */
static void test_rlimits(void)
{
        g_autoptr(Container) container = container_new(
                client,
                .options = "{'rlimits': <{'FSIZE': (uint64 51200, uint64 102400), 'CORE': (uint64 0, uint64 0)}>}");
        g_autofree char *first = NULL, *second = NULL;
        int ends[2];

        make_pipe(ends);
        g_autoptr(Process) init = process_new(container, .method = "Start", .fds = FDS({1, ends[1]}),
                                              .script = "ulimit -Sf; ulimit -Hf; ulimit -c; exec sleep 1000 >&-");
        close_fd(&ends[1]);
        first = read_text(ends[0], NULL);
        g_assert_cmpstr(first, ==, "100\n200\n0\n");
        g_assert_cmpuint(process_run(container, &second, .script = "ulimit -Sf; ulimit -Hf; ulimit -c"), ==, 0);
        g_assert_cmpstr(second, ==, "100\n200\n0");
        close_fd(&ends[0]);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/isolation/sandbox", test_sandbox},
                {"/isolation/other-user-inside", test_other_user_inside},
                {"/isolation/ids", test_ids},
                {"/isolation/hidden-paths", test_hidden_paths},
                {"/isolation/seccomp-refuses", test_seccomp_refuses},
                {"/isolation/devices", test_devices},
                {"/isolation/processes", test_processes},
                {"/isolation/network", test_network},
                {"/isolation/insecure", test_insecure},
                {"/isolation/insecure-can", test_insecure_can},
                {"/isolation/insecure-root-folder", test_insecure_root_folder},
                {"/isolation/hostname", test_hostname},
                {"/isolation/rlimits", test_rlimits},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
