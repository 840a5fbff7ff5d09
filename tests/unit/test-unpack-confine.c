/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What every process of the parser is left with while it reads, as the kernel tells it. */

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "unpack-driver.h"

/* chown, dac_override, fowner, fsetid, sys_chroot, setfcap */
#define CAPABILITIES (1U << 0 | 1U << 1 | 1U << 3 | 1U << 4 | 1U << 18 | 1U << 31)
#define SYS_CHROOT   (1U << 18)

static char *read_proc(int pid, const char *name)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, name);
        char *text = NULL;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        return text;
}

/* A field of /proc/PID/status. */
static char *read_field(int pid, const char *name)
{
        g_autofree char *status = read_proc(pid, "status"), *start = g_strdup_printf("\n%s:\t", name);
        const char *found = strstr(status, start);

        g_assert_nonnull(found);
        found += strlen(start);
        return g_strndup(found, strcspn(found, "\n"));
}

/* A process and its descendants. */
static void add_processes(int pid, GArray *list)
{
        g_autofree char *name = g_strdup_printf("task/%d/children", pid), *text = read_proc(pid, name);
        g_auto(GStrv) children = g_strsplit(text, " ", -1);

        g_array_append_val(list, pid);
        for (char **child = children; *child; child++)
                if (**child)
                        add_processes(atoi(*child), list);
}

static void assert_namespaces(int pid, gboolean first)
{
        static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};

        for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = g_strdup_printf("/proc/%d/ns/%s", pid, names[i]), *theirs = NULL, *ours = NULL;
                g_autofree char *own = g_strdup_printf("/proc/self/ns/%s", names[i]);

                /* The one that waits is in the pid namespace of its parent. */
                if (first && strcmp(names[i], "pid") == 0)
                        continue;
                theirs = g_file_read_link(path, NULL);
                ours = g_file_read_link(own, NULL);
                g_assert_nonnull(theirs);
                g_assert_cmpstr(theirs, !=, ours);
        }
}

static void assert_root(int pid, const Unpack *u, gboolean writer)
{
        g_autofree char *root = g_strdup_printf("/proc/%d/root/", pid), *mounts = read_proc(pid, "mountinfo");
        g_autofree char *folder = g_build_filename(u->target, writer ? "outer" : "", NULL);
        struct stat theirs, expected;

        g_assert_cmpint(stat(root, &theirs), ==, 0);
        g_assert_cmpint(stat(folder, &expected), ==, 0);
        g_assert_cmpuint(theirs.st_ino, ==, expected.st_ino);
        /* No mount but this one, where its root can show any. */
        if (!writer) {
                g_assert_nonnull(strchr(mounts, '\n'));
                g_assert_cmpstr(strchr(mounts, '\n'), ==, "\n");
                g_assert_nonnull(strstr(mounts, "nosuid,nodev,noexec"));
        }
}

static void assert_confined(int pid, const Unpack *u, gboolean first)
{
        static const char *const sets[] = {"CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb"};
        g_autofree char *uid = read_field(pid, "Uid"), *gid = read_field(pid, "Gid"),
                        *groups = read_field(pid, "Groups");
        g_autofree char *privileges = read_field(pid, "NoNewPrivs"), *effective = read_field(pid, "CapEff");
        g_autofree char *ids = g_strdup_printf("%u\t%u\t%u\t%u", ID_BASE, ID_BASE, ID_BASE, ID_BASE);
        gboolean writer = !(g_ascii_strtoull(effective, NULL, 16) & SYS_CHROOT);

        g_assert_cmpstr(uid, ==, ids);
        g_assert_cmpstr(gid, ==, ids);
        g_assert_cmpstr(g_strstrip(groups), ==, "");
        g_assert_cmpstr(privileges, ==, "1");
        for (guint i = 0; i < G_N_ELEMENTS(sets); i++) {
                g_autofree char *text = read_field(pid, sets[i]);
                guint64 expected = i < 2    ? (writer ? CAPABILITIES & ~SYS_CHROOT : CAPABILITIES)
                                   : i == 2 ? CAPABILITIES
                                            : 0;

                g_assert_cmphex(g_ascii_strtoull(text, NULL, 16), ==, expected);
        }
#ifndef __SANITIZE_ADDRESS__
        g_autofree char *filter = read_field(pid, "Seccomp"), *limits = read_proc(pid, "limits");

        g_assert_cmpstr(filter, ==, "2");
        g_assert_nonnull(strstr(limits, "Max address space         1073741824"));
#endif
        assert_namespaces(pid, first);
        assert_root(pid, u, writer);
}

/* All of them: the one that waits, the one that speaks, one that uncompresses, and one that writes and has changed its
 * root. */
static gboolean are_there(const GArray *processes)
{
        guint n_writers = 0;

        for (guint i = 0; i < processes->len; i++) {
                g_autofree char *effective = read_field(g_array_index(processes, int, i), "CapEff");

                n_writers += !(g_ascii_strtoull(effective, NULL, 16) & SYS_CHROOT);
        }
        return processes->len == 4 && n_writers == 1;
}

static void test_confinement(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(GArray) processes = g_array_new(FALSE, FALSE, sizeof(int));
        int ends[2], status;
        _cleanup_close_ int socket = -1;
        pid_t pid;

        /* There is always more to read. */
        g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
        g_assert_cmpint(write(ends[1], "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10), ==, 10);
        socket = unpack_start(u, ends[0], &pid);
        safe_close(ends[0]);
        /* It tells of its progress five times a second. */
        while (!are_there(processes) && u->n_progress < 100) {
                g_assert_true(unpack_take(u, socket, pid));
                g_array_set_size(processes, 0);
                if (u->n_progress > 0)
                        add_processes(pid, processes);
        }
        g_assert_true(are_there(processes));
        for (guint i = 0; i < processes->len; i++)
                assert_confined(g_array_index(processes, int, i), u, i == 0);

        safe_close(ends[1]);
        while (unpack_take(u, socket, pid))
                ;
        unpack_assert_error(u, "org.gangway1.Error.InvalidImage", "ends early");
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        unpack_add_test("/unpack-confine/confinement", test_confinement);
        return g_test_run();
}
