/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Seccomp profiles on the running kernel, above all the shipped one: each system call is made twice, in a child of its
 * own, once with the compiled filter and once without. The arguments are chosen so that the kernel itself answers
 * something else than the filter does, mostly because they are invalid, so that nothing happens either way.
 */

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/seccomp-profile.h"
#include "seccomp-child.h"
#include "seccomp-text.h"

#define NOWHERE ((long) "/nonexistent/gangway")

/* Calls that the build machine's headers may not know; numbers from 424 on are the same on all architectures. */
#define NUMBER_PIDFD_OPEN              434
#define NUMBER_CLONE3                  435
#define NUMBER_OPENAT2                 437
#define NUMBER_MOUNT_SETATTR           442
#define NUMBER_LANDLOCK_CREATE_RULESET 444
#define NUMBER_MEMFD_SECRET            447
#define NUMBER_FUTEX_WAITV             449
#define NUMBER_NONE                    4000

typedef enum Expectation {
        PASSES,  /* the kernel's own answer, whatever it is */
        REFUSED, /* EPERM; without the filter it is something else */
        DENIED,  /* EPERM; the kernel may say so by itself, depending on privilege */
        UNKNOWN, /* ENOSYS; without the filter it is something else */
} Expectation;

typedef struct Case {
        const char *name;
        Expectation expectation;
        Call call;
} Case;

static const Case calls[] = {
        {"getppid", PASSES, {SYS_getppid, {0}}},
        {"openat", PASSES, {SYS_openat, {AT_FDCWD, NOWHERE, O_RDONLY}}},
        {"openat2", PASSES, {NUMBER_OPENAT2, {AT_FDCWD, NOWHERE, 0, 0}}},
        {"chroot", PASSES, {SYS_chroot, {NOWHERE}}},
        {"mknodat", PASSES, {SYS_mknodat, {-1, (long) "x", 0600, 0}}},
        {"ptrace", PASSES, {SYS_ptrace, {0xffff, -1, 0, 0}}},
        {"process_vm_readv", PASSES, {SYS_process_vm_readv, {0, 0, 0, 0, 0}}},
        {"name_to_handle_at", PASSES, {SYS_name_to_handle_at, {-1, (long) "x", 0, 0, -1}}},
        {"landlock_create_ruleset", PASSES, {NUMBER_LANDLOCK_CREATE_RULESET, {0, 0, 1}}},
        {"memfd_secret", PASSES, {NUMBER_MEMFD_SECRET, {-1}}},
        {"futex_waitv", PASSES, {NUMBER_FUTEX_WAITV, {0, 0, -1, 0, 0}}},
        {"pidfd_open", PASSES, {NUMBER_PIDFD_OPEN, {-1, 0}}},
        {"seccomp", PASSES, {SYS_seccomp, {-1, 0, 0}}},
        {"execve", PASSES, {SYS_execve, {NOWHERE, 0, 0}}},

        {"clone with no namespace", PASSES, {SYS_clone, {CLONE_SIGHAND}}},
        {"clone CLONE_NEWNS", REFUSED, {SYS_clone, {CLONE_SIGHAND | CLONE_NEWNS}}},
        {"clone CLONE_NEWCGROUP", REFUSED, {SYS_clone, {CLONE_SIGHAND | CLONE_NEWCGROUP}}},
        {"clone CLONE_NEWUTS", REFUSED, {SYS_clone, {CLONE_SIGHAND | CLONE_NEWUTS}}},
        {"clone CLONE_NEWIPC", REFUSED, {SYS_clone, {CLONE_SIGHAND | CLONE_NEWIPC}}},
        {"clone CLONE_NEWUSER", REFUSED, {SYS_clone, {CLONE_SIGHAND | CLONE_NEWUSER}}},
        {"clone CLONE_NEWPID", REFUSED, {SYS_clone, {CLONE_SIGHAND | CLONE_NEWPID}}},
        {"clone CLONE_NEWNET", REFUSED, {SYS_clone, {CLONE_SIGHAND | CLONE_NEWNET}}},
        {"clone3", UNKNOWN, {NUMBER_CLONE3, {0, 0}}},
        {"unshare", REFUSED, {SYS_unshare, {0}}},
        {"setns", REFUSED, {SYS_setns, {-1, 0}}},

        {"personality query", PASSES, {SYS_personality, {0xffffffff}}},
        {"personality PER_LINUX", PASSES, {SYS_personality, {0}}},
        {"personality PER_LINUX32", PASSES, {SYS_personality, {0x8}}},
        {"personality UNAME26", PASSES, {SYS_personality, {0x20000}}},
        {"personality PER_LINUX32 UNAME26", PASSES, {SYS_personality, {0x20008}}},
        {"personality ADDR_NO_RANDOMIZE", REFUSED, {SYS_personality, {0x40000}}},
        {"personality READ_IMPLIES_EXEC", REFUSED, {SYS_personality, {0x400000}}},

        {"socket AF_UNIX", PASSES, {SYS_socket, {AF_UNIX, -1, 0}}},
        {"socket AF_INET", PASSES, {SYS_socket, {AF_INET, -1, 0}}},
        {"socket AF_NETLINK", PASSES, {SYS_socket, {AF_NETLINK, -1, 0}}},
        {"socket AF_INET6", PASSES, {SYS_socket, {AF_INET6, -1, 0}}},
        {"socket 32", PASSES, {SYS_socket, {32, -1, 0}}},
        {"socket 35", PASSES, {SYS_socket, {35, -1, 0}}},
        {"socket 37", PASSES, {SYS_socket, {37, -1, 0}}},
        {"socket AF_ALG", REFUSED, {SYS_socket, {38, -1, 0}}},
        {"socket 39", PASSES, {SYS_socket, {39, -1, 0}}},
        {"socket AF_VSOCK", REFUSED, {SYS_socket, {40, -1, 0}}},
        {"socket 41", PASSES, {SYS_socket, {41, -1, 0}}},
        {"socket 43", PASSES, {SYS_socket, {43, -1, 0}}},
        {"socket AF_XDP", PASSES, {SYS_socket, {44, -1, 0}}},
        {"socket 63", PASSES, {SYS_socket, {63, -1, 0}}},
        {"socket 64", REFUSED, {SYS_socket, {64, -1, 0}}},
#if __SIZEOF_LONG__ > 4
        {"socket AF_ALG and a high bit", REFUSED, {SYS_socket, {0x100000026, -1, 0}}},
        {"socket AF_VSOCK and a high bit", REFUSED, {SYS_socket, {0x100000028, -1, 0}}},
        {"socket AF_UNIX and a high bit", PASSES, {SYS_socket, {0x100000001, -1, 0}}},
#endif

        {"mount", REFUSED, {SYS_mount, {0, 0, 0, 0, 0}}},
        {"umount2", REFUSED, {SYS_umount2, {NOWHERE, 0}}},
        {"mount_setattr", DENIED, {NUMBER_MOUNT_SETATTR, {-1, (long) "", 0, 0, 0}}},
        {"pivot_root", DENIED, {SYS_pivot_root, {NOWHERE, NOWHERE}}},
        {"bpf", DENIED, {SYS_bpf, {-1, 0, 0}}},
        {"keyctl", REFUSED, {SYS_keyctl, {0x7fffffff, 0, 0}}},
        {"add_key", REFUSED, {SYS_add_key, {0, 0, 0, 0, 0}}},
        {"request_key", REFUSED, {SYS_request_key, {0, 0, 0, 0}}},
        {"userfaultfd", DENIED, {SYS_userfaultfd, {-1}}},
        {"perf_event_open", DENIED, {SYS_perf_event_open, {0, 0, 0, -1, -1}}},
        {"io_uring_setup", DENIED, {425, {0, 0}}},
        {"open_by_handle_at", DENIED, {SYS_open_by_handle_at, {-1, 0, 0}}},
        {"fanotify_init", DENIED, {SYS_fanotify_init, {-1, -1}}},
        {"kcmp", REFUSED, {SYS_kcmp, {-1, -1, 0, 0, 0}}},
        {"clock_settime", REFUSED, {SYS_clock_settime, {-1, 0}}},
        {"settimeofday", DENIED, {SYS_settimeofday, {1, 0}}},
        {"swapon", DENIED, {SYS_swapon, {NOWHERE, 0}}},
        {"acct", DENIED, {SYS_acct, {NOWHERE}}},
        {"reboot", DENIED, {SYS_reboot, {0, 0, 0, 0}}},
        {"kexec_load", DENIED, {SYS_kexec_load, {0, 0, 0, -1}}},
        {"init_module", DENIED, {SYS_init_module, {0, 0, 0}}},
        {"delete_module", DENIED, {SYS_delete_module, {0, 0}}},
        {"finit_module", DENIED, {SYS_finit_module, {-1, 0, 0}}},
        {"quotactl", DENIED, {SYS_quotactl, {-1, 0, 0, 0}}},
        {"set_mempolicy", REFUSED, {SYS_set_mempolicy, {-1, 0, 0}}},
        {"syslog", DENIED, {SYS_syslog, {-1, 0, 0}}},
        {"a number that no kernel has", REFUSED, {NUMBER_NONE, {0}}},
};

#if defined(__x86_64__)
#define X32_BIT 0x40000000L

static const Case x32_calls[] = {
        {"getppid", PASSES, {X32_BIT | SYS_getppid, {0}}},
        {"unshare", DENIED, {X32_BIT | SYS_unshare, {0}}},
};

/* Numbers of i386, called with int 0x80. */
static const Case x86_calls[] = {
        {"getppid", PASSES, {64, {0}}},
        {"chown32", PASSES, {212, {0, 0, 0}}},
        {"clone with no namespace", PASSES, {120, {CLONE_SIGHAND}}},
        {"clone CLONE_NEWUSER", REFUSED, {120, {CLONE_SIGHAND | CLONE_NEWUSER}}},
        {"clone3", UNKNOWN, {NUMBER_CLONE3, {0, 0}}},
        {"mount", REFUSED, {21, {0, 0, 0, 0, 0}}},
        {"umount", REFUSED, {22, {0}}},
        {"unshare", REFUSED, {310, {0}}},
        {"clock_settime64", REFUSED, {404, {-1, 0}}},
};

static long call_x86(const Call *call)
{
        long result;

        __asm__ volatile("int $0x80"
                         : "=a"(result)
                         : "a"(call->number), "b"(call->arguments[0]), "c"(call->arguments[1]), "d"(call->arguments[2]),
                           "S"(call->arguments[3]), "D"(call->arguments[4])
                         : "memory", "r8", "r9", "r10", "r11");
        return (int) result;
}
#endif

/* fork and pthread_create are what the rules on clone are for. */
static void *thread(void *data)
{
        *(int *) data = 1;
        return NULL;
}

static long start_thread_and_child(const Call *unused)
{
        pthread_t id;
        int ran = 0, status;
        pid_t pid;
        int r;

        r = pthread_create(&id, NULL, thread, &ran);
        if (r != 0)
                return -r;
        (void) pthread_join(id, NULL);

        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(7);
        if (waitpid(pid, &status, 0) != pid)
                return -errno;
        return ran * 1000 + WEXITSTATUS(status);
}

static void check(GBytes *bpf, long (*make)(const Call *), const Case *item)
{
        Outcome with = seccomp_child_run(bpf, make, &item->call), without = seccomp_child_run(NULL, make, &item->call);
        /* Where the test itself runs in a container, its filter may be the one that refuses. */
        gboolean unfiltered = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0;

        g_test_message("%s: %ld, without the filter %ld", item->name, with.result, without.result);
        g_assert_cmpint(with.status, ==, 0);
        g_assert_cmpint(without.status, ==, 0);

        switch (item->expectation) {
        case PASSES:
                g_assert_cmpint(with.result, ==, without.result);
                break;
        case REFUSED:
                g_assert_false(unfiltered && without.result == -EPERM);
                G_GNUC_FALLTHROUGH;
        case DENIED:
                g_assert_cmpint(with.result, ==, -EPERM);
                break;
        case UNKNOWN:
                g_assert_false(unfiltered && without.result == -ENOSYS);
                g_assert_cmpint(with.result, ==, -ENOSYS);
                break;
        }
}

static SeccompProfile *load_shipped(void)
{
        g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "..", "data", "seccomp.json", NULL);
        g_autoptr(SeccompProfile) profile = NULL;
        g_autofree char *message = NULL;
        int r;

        r = seccomp_profile_load(path, &profile, &message);
        g_assert_cmpstr(message, ==, NULL);
        g_assert_cmpint(r, ==, 0);
        return g_steal_pointer(&profile);
}

static void test_calls(void)
{
        g_autoptr(SeccompProfile) profile = load_shipped();

        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
                check(seccomp_profile_get_bpf(profile), seccomp_child_call, &calls[i]);
}

static void test_thread_and_child(void)
{
        g_autoptr(SeccompProfile) profile = load_shipped();
        Outcome outcome = seccomp_child_run(seccomp_profile_get_bpf(profile), start_thread_and_child, NULL);

        g_assert_cmpint(outcome.status, ==, 0);
        g_assert_cmpint(outcome.result, ==, 1007);
}

static void test_compat_calls(void)
{
#if defined(__x86_64__)
        g_autoptr(SeccompProfile) profile = load_shipped();
        Outcome probe;

        /* Where a kernel has no x32, it says ENOSYS; a filter that does not know x32 would kill. */
        for (size_t i = 0; i < G_N_ELEMENTS(x32_calls); i++)
                check(seccomp_profile_get_bpf(profile), seccomp_child_call, &x32_calls[i]);

        probe = seccomp_child_run(NULL, call_x86, &x86_calls[0].call);
        if (WIFSIGNALED(probe.status) && WTERMSIG(probe.status) == SIGSEGV) {
                g_assert_null(g_getenv("GANGWAY_MUST_RUN"));
                g_test_skip("this kernel runs no 32-bit calls");
                return;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(x86_calls); i++)
                check(seccomp_profile_get_bpf(profile), call_x86, &x86_calls[i]);
#endif
}

static void test_forms(void)
{
        g_autoptr(SeccompProfile) profile = load_shipped();
        JsonObject *json = json_node_get_object(seccomp_profile_get_json(profile));
        const char *base64 = seccomp_profile_get_bpf_base64(profile);
        g_autofree guchar *decoded = NULL;
        gsize size, bpf_size;
        gconstpointer bpf = g_bytes_get_data(seccomp_profile_get_bpf(profile), &bpf_size);

        decoded = g_base64_decode(base64, &size);
        g_assert_cmpmem(decoded, size, bpf, bpf_size);
        g_assert_cmpuint(size % sizeof(struct sock_filter), ==, 0);
        g_assert_cmpuint(size / sizeof(struct sock_filter), <=, BPF_MAXINSNS);
        g_assert_null(strpbrk(base64, " \r\n"));

        g_assert_true(json_node_is_immutable(seccomp_profile_get_json(profile)));
        g_assert_cmpstr(json_object_get_string_member(json, "defaultAction"), ==, "SCMP_ACT_ERRNO");
        g_assert_cmpint(json_object_get_int_member(json, "defaultErrnoRet"), ==, EPERM);
#if defined(__x86_64__)
        g_assert_cmpuint(json_array_get_length(json_object_get_array_member(json, "architectures")), ==, 3);
#elif defined(__aarch64__)
        g_assert_cmpuint(json_array_get_length(json_object_get_array_member(json, "architectures")), ==, 2);
#endif
        g_assert_null(seccomp_profile_free(NULL));
}

/* Sorted names make changes of the list readable. */
static void test_sorted(void)
{
        g_autoptr(SeccompProfile) profile = load_shipped();
        JsonObject *json = json_node_get_object(seccomp_profile_get_json(profile));
        JsonArray *rules = json_object_get_array_member(json, "syscalls");
        JsonArray *names = json_object_get_array_member(json_array_get_object_element(rules, 0), "names");

        g_assert_cmpuint(json_array_get_length(names), >, 300);
        for (guint i = 1; i < json_array_get_length(names); i++)
                g_assert_cmpstr(json_array_get_string_element(names, i - 1), <,
                                json_array_get_string_element(names, i));
}

/* Each action and each comparison means what its name says; a name that nobody knows is passed over. */
static void test_meaning(void)
{
        static const struct {
                const char *text;
                long argument;
                long result;
                int signal;
        } table[] = {
                {ERRNO_RULE("\"errnoRet\":99"), 0, -99, 0},
                {ERRNO_RULE("\"args\":[]"), 0, -EPERM, 0},
                {RULE("{\"names\":[\"getppid\",\"no_such_call\"],\"action\":\"SCMP_ACT_ERRNO\"}"), 0, -EPERM, 0},
                {RULE("{\"names\":[\"no_such_call\"],\"action\":\"SCMP_ACT_ERRNO\"}"), 0, 0, 0},
                {RULE("{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_ALLOW\"}"), 0, 0, 0},
                {RULE("{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_LOG\"}"), 0, 0, 0},
                {RULE("{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_KILL\"}"), 0, 0, SIGSYS},
                {RULE("{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}"), 0, 0, SIGSYS},
                {RULE("{\"names\":[\"getppid\"],\"action\":\"SCMP_ACT_TRAP\"}"), 0, 0, SIGSYS},
                {ARGUMENT("\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_EQ\""), 5, -EPERM, 0},
                {ARGUMENT("\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_EQ\""), 6, 0, 0},
                {ARGUMENT("\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_NE\""), 5, 0, 0},
                {ARGUMENT("\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_NE\""), 6, -EPERM, 0},
                {ARGUMENT("\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_LT\""), 4, -EPERM, 0},
                {ARGUMENT("\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_LT\""), 5, 0, 0},
                {ARGUMENT("\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_LE\""), 5, -EPERM, 0},
                {ARGUMENT("\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_LE\""), 6, 0, 0},
                {ARGUMENT("\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_GE\""), 5, -EPERM, 0},
                {ARGUMENT("\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_GE\""), 4, 0, 0},
                {ARGUMENT("\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_GT\""), 6, -EPERM, 0},
                {ARGUMENT("\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_GT\""), 5, 0, 0},
                {ARGUMENT("\"index\":0,\"value\":6,\"valueTwo\":4,\"op\":\"SCMP_CMP_MASKED_EQ\""), 13, -EPERM, 0},
                {ARGUMENT("\"index\":0,\"value\":6,\"valueTwo\":4,\"op\":\"SCMP_CMP_MASKED_EQ\""), 6, 0, 0},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                const Call call = {SYS_getppid, {table[i].argument}};
                g_autoptr(SeccompProfile) profile = NULL;
                g_autofree char *message = NULL;
                Outcome outcome;

                g_test_message("%s", table[i].text);
                g_assert_cmpint(seccomp_text_load(table[i].text, &profile, &message), ==, 0);
                outcome = seccomp_child_run(seccomp_profile_get_bpf(profile), seccomp_child_call, &call);
                g_assert_cmpint(WIFSIGNALED(outcome.status) ? WTERMSIG(outcome.status) : 0, ==, table[i].signal);
                if (table[i].signal == 0)
                        g_assert_cmpint(outcome.result, ==, table[i].result < 0 ? table[i].result : getpid());
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/seccomp/calls", test_calls);
        g_test_add_func("/seccomp/thread-and-child", test_thread_and_child);
        g_test_add_func("/seccomp/compat-calls", test_compat_calls);
        g_test_add_func("/seccomp/forms", test_forms);
        g_test_add_func("/seccomp/sorted", test_sorted);
        g_test_add_func("/seccomp/meaning", test_meaning);
        return g_test_run();
}
