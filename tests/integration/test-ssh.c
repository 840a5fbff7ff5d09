/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ssh mounts, with OpenSSH's own agent of the user alice and ssh-add inside of containers: whose agent it is, who may
 * use the socket, and that what stands between ends with the container.
 */
#include "common.h"

#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define LIST_KEYS "ssh-add -l"
/* What the kernel shows of the name gangway-ssh-proxy. */
#define PROXIES "pgrep -x gangway-ssh-pro"

/* An agent with one key. */
typedef struct Agent {
        char *folder;
        char *path;
        char *fingerprint;
        char *pid;
} Agent;

static void agent_free(Agent *agent)
{
        g_free(shell("kill -CONT %s; kill %s; rm -rf '%s'", agent->pid, agent->pid, agent->folder));
        g_free(agent->folder);
        g_free(agent->path);
        g_free(agent->fingerprint);
        g_free(agent->pid);
        g_free(agent);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Agent, agent_free)

static Agent *agent_new(Client *owner, const char *mode)
{
        Agent *agent = g_new0(Agent, 1);
        g_autofree char *as =
                g_strdup_printf("setpriv --reuid=%u --regid=%u --clear-groups", client_uid(owner), client_gid(owner));

        agent->folder = shell("mktemp -d /var/tmp/gangway-agent-XXXXXX");
        agent->path = g_build_filename(agent->folder, "agent", NULL);
        g_free(shell("chown %u:%u '%s' && chmod %s '%s'", client_uid(owner), client_gid(owner), agent->folder, mode,
                     agent->folder));
        agent->pid =
                shell("%s ssh-agent -s -a '%s' | sed -n 's/^SSH_AGENT_PID=\\([0-9]*\\);.*/\\1/p'", as, agent->path);
        g_free(shell("cd '%s' && %s ssh-keygen -q -t ed25519 -N '' -C test -f key && "
                     "SSH_AUTH_SOCK='%s' %s ssh-add -q key",
                     agent->folder, as, agent->path, as));
        agent->fingerprint = shell("ssh-keygen -lf '%s/key.pub' | cut -d' ' -f2", agent->folder);
        return agent;
}

/* A root folder with ssh-add and what it is linked with. */
static const char *root_with_ssh(Client *owner)
{
        static GHashTable *roots = NULL;

        if (!roots)
                roots = g_hash_table_new(NULL, NULL);
        char *root = g_hash_table_lookup(roots, owner);
        if (!root) {
                root = root_copy(owner);
                g_hash_table_insert(roots, owner, root);
                g_free(shell("program=$(command -v ssh-add); cp -L $program '%s/bin/'; "
                             "for file in $(ldd $program | grep -o '/[^ ]*'); do cp -L --parents $file '%s'; done; "
                             "chown -R %u:%u '%s'",
                             root, root, client_uid(owner), client_gid(owner), root));
        }
        return root;
}

#define ROOT_MOUNT "{'type': <'bind'>, 'destination': <'/'>, 'source': <handle 0>}"

/* Options of a container with the agent, whose mount has these keys besides its type. */
static char *mounts_text(const char *keys)
{
        return g_strdup_printf("[" ROOT_MOUNT ", {'type': <'ssh'>, %s}]", keys);
}

static Container *container_with(Client *owner, int agent, const char *keys)
{
        g_autofree char *mounts = mounts_text(keys);

        return container_new(owner, .root = root_with_ssh(owner), .mounts = mounts, .handles = HANDLES(agent),
                             .options = "{'ssh-agents': <{'default': handle 1}>}");
}

static Process *start_init(Container *container)
{
        return process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"), .options = "{'id': <'init'>}");
}

static void assert_lists(Container *container, const Agent *agent, const char *env, const char *options)
{
        g_autofree char *output = NULL;
        guint code = process_run(container, &output, .script = LIST_KEYS, .env = env, .options = options);

        g_assert_cmpstr(output, !=, NULL);
        assert_contains(output, agent->fingerprint);
        g_assert_cmpuint(code, ==, 0);
}

/* The agent is in a folder that its owner alone may enter. */
static void test_keys(void)
{
        g_autoptr(Agent) agent = agent_new(alice, "0700");
        int fd = client_open(alice, agent->path, O_PATH);
        g_autoptr(Container) container = container_with(alice, fd, "'destination': <'/tmp/agent.sock'>");
        close_fd(&fd);
        g_autoptr(Process) init = start_init(container);
        const char *env = "{'SSH_AUTH_SOCK': '/tmp/agent.sock', 'PATH': '/bin:/usr/bin'}";
        g_autofree char *owner = NULL;

        assert_lists(container, agent, env, NULL);
        process_run(container, &owner, .script = "stat -c '%F %a %u:%g' /tmp/agent.sock; echo $SSH_AUTH_SOCK");
        g_assert_cmpstr(owner, ==, "socket 600 0:0");
}

/* Without a destination it has a place of its own, which the environment names. */
static void test_default_destination(void)
{
        g_autoptr(Agent) agent = agent_new(alice, "0700");
        int fd = client_open(alice, agent->path, O_PATH);
        g_autoptr(Container) container = container_with(alice, fd, "'mode': <uint32 0600>");
        close_fd(&fd);
        g_autofree char *first = NULL, *own = NULL;
        g_autoptr(Process) init = start_init(container);

        assert_lists(container, agent, NULL, NULL);
        process_run(container, &first, .script = "echo $SSH_AUTH_SOCK; stat -c %F $SSH_AUTH_SOCK");
        g_assert_cmpstr(first, ==, "/run/gangway/ssh/default.sock\nsocket");
        process_run(container, &own, .script = "echo $SSH_AUTH_SOCK", .env = "{'SSH_AUTH_SOCK': '/mine'}");
        g_assert_cmpstr(own, ==, "/mine");
}

static void test_owner_and_mode(void)
{
        g_autoptr(Agent) agent = agent_new(alice, "0700");
        int fd = client_open(alice, agent->path, O_PATH);
        g_autoptr(Container) container =
                container_with(alice, fd, "'uid': <uint32 1000>, 'gid': <uint32 2000>, 'mode': <uint32 0620>");
        close_fd(&fd);
        g_autoptr(Process) init = start_init(container);
        g_autofree char *owner = NULL;

        process_run(container, &owner, .script = "stat -c '%a %u:%g' $SSH_AUTH_SOCK");
        g_assert_cmpstr(owner, ==, "620 1000:2000");
        assert_lists(container, agent, NULL, "{'user': <'1000:1000'>}");
        assert_lists(container, agent, NULL, "{'user': <'1001:2000'>}");
        g_assert_cmpuint(process_run(container, NULL, .script = LIST_KEYS, .options = "{'user': <'1001:1001'>}"), !=,
                         0);
        /* What is there can't be changed from inside. */
        g_assert_cmpuint(process_run(container, NULL, .script = "chmod 666 $SSH_AUTH_SOCK || rm $SSH_AUTH_SOCK"), !=,
                         0);
}

static void test_insecure(void)
{
        g_autoptr(Agent) agent = agent_new(client, "0700");
        int fd = client_open(client, agent->path, O_PATH);
        g_autofree char *mounts = mounts_text("'id': <'default'>");
        g_autoptr(Container) container =
                container_new(client, .root = root_with_ssh(client), .mounts = mounts, .handles = HANDLES(fd),
                              .options = "{'ssh-agents': <{'default': handle 1}>, 'security-mode': <'insecure'>}");
        close_fd(&fd);
        g_autoptr(Process) init = start_init(container);

        assert_lists(container, agent, NULL, NULL);
}

/* The program between is the caller, and no more than the caller. */
static void test_rights_of_the_proxy(void)
{
        g_autoptr(Agent) agent = agent_new(alice, "0700");
        int fd = client_open(alice, agent->path, O_PATH);
        g_autoptr(Container) container = container_with(alice, fd, "'id': <'default'>");
        close_fd(&fd);
        g_autofree char *none = shell(PROXIES " || true");
        g_assert_cmpstr(none, ==, "");
        g_autoptr(Process) init = start_init(container);
        g_autofree char *pid = shell(PROXIES);
        g_autofree char *status = file_text("/proc/%s/status", pid);
        g_autofree char *ids = g_strdup_printf("Uid:\t%u\t%u\t%u\t%u\n", client_uid(alice), client_uid(alice),
                                               client_uid(alice), client_uid(alice));
        g_autofree char *groups = g_strdup_printf("Gid:\t%u\t%u\t%u\t%u\n", client_gid(alice), client_gid(alice),
                                                  client_gid(alice), client_gid(alice));
        g_autofree char *owner = shell("stat -c %%u /proc/%s/fd", pid);
        g_autofree char *cgroup = container_cgroup(container), *members = file_text("%s/cgroup.procs", cgroup);

        assert_contains(status, ids);
        assert_contains(status, groups);
        assert_contains(status, "Groups:\t \n");
        assert_contains(status, "CapPrm:\t0000000000000000\n");
        assert_contains(status, "CapEff:\t0000000000000000\n");
        assert_contains(status, "NoNewPrivs:\t1\n");
        /* Not to be looked into by those with the same uid. */
        g_assert_cmpstr(owner, ==, "0");
        assert_contains(members, pid);
}

static void test_many_at_once(void)
{
        g_autoptr(Agent) agent = agent_new(alice, "0700");
        int fd = client_open(alice, agent->path, O_PATH);
        g_autoptr(Container) container = container_with(alice, fd, "'id': <'default'>");
        close_fd(&fd);
        g_autoptr(Process) init = start_init(container);
        g_autofree char *output = NULL;

        /* All have connected before any of them goes on: the agent stands still. */
        g_free(shell("kill -STOP %s", agent->pid));
        int ends[2];
        make_pipe(ends);
        g_autoptr(Process) all = process_new(container, .fds = FDS({1, ends[1]}),
                                             .script = "for i in $(seq 50); do " LIST_KEYS " & done; wait; echo done");
        close_fd(&ends[1]);
        g_free(shell("for i in $(seq 200); do [ $(ls /proc/$(" PROXIES ")/fd | wc -l) -ge 50 ] && exit 0; "
                     "sleep 0.05; done; exit 1"));
        g_free(shell("kill -CONT %s", agent->pid));
        output = read_text(ends[0], "done");
        close_fd(&ends[0]);
        g_auto(GStrv) parts = g_strsplit(output, agent->fingerprint, -1);
        g_assert_cmpuint(g_strv_length(parts), ==, 51);
}

/* To name a socket is not to be allowed to use it. */
static void test_agent_of_another(void)
{
        g_autoptr(Agent) agent = agent_new(alice, "0755");
        int fd = client_open(bob, agent->path, O_PATH);
        g_autoptr(Container) container = container_with(bob, fd, "'id': <'default'>");
        close_fd(&fd);
        g_autoptr(Process) init = start_init(container);
        g_autofree char *output = NULL;

        g_assert_cmpuint(process_run(container, &output, .script = LIST_KEYS), !=, 0);
        g_assert_null(strstr(output, agent->fingerprint));
}

static void assert_no_proxies(void)
{
        g_autofree char *proxies = shell(PROXIES " || true");
        g_assert_cmpstr(proxies, ==, "");
}

static gboolean scope_is_gone(gpointer unit)
{
        return shell_status("systemctl --quiet is-active '%s'", (const char *) unit) != 0;
}

/* It does not keep the scope after PID 1, whose end it is told by. */
static void test_end_of_pid_1(void)
{
        g_autoptr(Agent) agent = agent_new(alice, "0700");
        g_autofree char *before = world_snapshot();
        int fd = client_open(alice, agent->path, O_PATH);
        g_autoptr(Container) container = container_with(alice, fd, "'id': <'default'>");
        close_fd(&fd);
        g_autofree char *unit = container_unit(container);
        g_autoptr(Process) init = process_new(container, .method = "Start", .script = "exit 3");

        g_assert_cmpuint(process_wait(container, init->id, NULL), ==, 3);
        wait_until(scope_is_gone, unit, "the scope goes with PID 1");
        assert_no_proxies();
        container_release(container);
        world_assert_same(before);
}

static void test_release(void)
{
        g_autoptr(Agent) agent = agent_new(alice, "0700");
        g_autofree char *before = world_snapshot();
        int fd = client_open(alice, agent->path, O_PATH);
        g_autoptr(Container) container = container_with(alice, fd, "'id': <'default'>");
        g_autoptr(Container) unused = container_with(alice, fd, "'id': <'default'>");
        close_fd(&fd);
        g_autoptr(Process) init = start_init(container);

        /* In the middle of a talk that goes nowhere. */
        g_free(shell("kill -STOP %s", agent->pid));
        g_autoptr(Process) waits = process_new(container, .script = LIST_KEYS);
        container_release(container);
        container_release(unused);
        assert_no_proxies();
        world_assert_same(before);
}

static void test_failed_first_start(void)
{
        g_autoptr(Agent) agent = agent_new(alice, "0700");
        int fd = client_open(alice, agent->path, O_PATH);
        g_autoptr(Container) container = container_with(alice, fd, "'id': <'default'>");
        close_fd(&fd);
        g_autoptr(Reply) reply = process_fails(container, .method = "Start", .argv = ARGV("not-there"));
        assert_error(reply, ERROR_GANGWAY("NoSuchProgram"), "not-there");
        assert_no_proxies();
        g_autoptr(Process) init = start_init(container);
        g_autofree char *count = shell(PROXIES " | wc -l");

        g_assert_cmpstr(count, ==, "1");
        assert_lists(container, agent, NULL, NULL);
}

static void test_several_agents(void)
{
        g_autoptr(Agent) one = agent_new(alice, "0700");
        g_autoptr(Agent) other = agent_new(alice, "0700");
        int fds[] = {client_open(alice, one->path, O_PATH), client_open(alice, other->path, O_PATH)};
        g_autoptr(Container) container =
                container_new(alice, .root = root_with_ssh(alice), .handles = HANDLES(fds[0], fds[1]),
                              .mounts = "[" ROOT_MOUNT ", {'type': <'ssh'>, 'id': <'one'>}, "
                                        "{'type': <'ssh'>, 'id': <'other'>, 'destination': <'/other'>}, "
                                        "{'type': <'ssh'>, 'id': <'other'>, 'destination': <'/dev/third'>}]",
                              .options = "{'ssh-agents': <{'one': handle 1, 'other': handle 2}>}");
        close_fd(&fds[0]);
        close_fd(&fds[1]);
        g_autoptr(Process) init = start_init(container);

        assert_lists(container, one, NULL, NULL);
        assert_lists(container, other, "{'SSH_AUTH_SOCK': '/other'}", NULL);
        assert_lists(container, other, "{'SSH_AUTH_SOCK': '/dev/third'}", NULL);
}

static void test_missing(void)
{
        g_autofree char *before = world_snapshot();
        g_autofree char *mounts = mounts_text("'id': <'work'>"), *optional = NULL;
        g_autoptr(Reply) reply = container_new_fails(alice, .mounts = mounts);
        assert_error(reply, ERROR_GANGWAY("NoSuchAgent"), "'work'");
        world_assert_same(before);

        optional = mounts_text("'id': <'work'>, 'optional': <true>");
        g_autoptr(Container) container = container_new(alice, .mounts = optional);
        g_autoptr(Process) init = start_init(container);
        g_autofree char *output = NULL;
        process_run(container, &output, .script = "echo $SSH_AUTH_SOCK; ls -d /run/gangway 2>/dev/null");
        g_assert_cmpstr(output, ==, "");
}

/* What is no socket's file is refused when it comes, and nobody waits for it. */
static void test_not_a_socket_file(void)
{
        g_autofree char *mounts = mounts_text("'id': <'default'>");
        int ends[2], pipe_ends[2];

        g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
        make_pipe(pipe_ends);
        int file = client_open(alice, "/etc/passwd", O_PATH), folder = client_open(alice, "/etc", O_PATH);
        const int wrong[] = {ends[0], pipe_ends[0], file, folder};

        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                g_autoptr(Reply) reply = container_new_fails(alice, .mounts = mounts, .handles = HANDLES(wrong[i]),
                                                             .options = "{'ssh-agents': <{'default': handle 1}>}");
                assert_error(reply, ERROR_INVALID_ARGS, "'default'");
        }
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                g_assert_no_errno(close(wrong[i]));
        close_fd(&ends[1]);
        close_fd(&pipe_ends[1]);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/ssh/keys", test_keys},
                {"/ssh/default-destination", test_default_destination},
                {"/ssh/owner-and-mode", test_owner_and_mode},
                {"/ssh/insecure", test_insecure},
                {"/ssh/rights-of-the-proxy", test_rights_of_the_proxy},
                {"/ssh/many-at-once", test_many_at_once},
                {"/ssh/agent-of-another", test_agent_of_another},
                {"/ssh/end-of-pid-1", test_end_of_pid_1},
                {"/ssh/release", test_release},
                {"/ssh/failed-first-start", test_failed_first_start},
                {"/ssh/several-agents", test_several_agents},
                {"/ssh/missing", test_missing},
                {"/ssh/not-a-socket-file", test_not_a_socket_file},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
