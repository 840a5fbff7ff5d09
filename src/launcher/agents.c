/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "launcher/agents.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "config.h"
#include "launcher/id-map.h"
#include "launcher/tree.h"
#include "util/cleanup.h"

#define SOCKET_NAME "socket"
#define BACKLOG     128
/* The proxy's fds, see src/ssh-proxy/main.c. */
#define LISTENER_FD 3
#define AGENT_FD    4

static struct {
        int listener;
        int agent;
        uid_t uid;
        gid_t gid;
        pid_t proxy; /* 0: it does not run */
} agents[AGENTS_MAX];
static size_t n_agents;

/* Memory for one file, and nothing else. */
static int open_file_system(void)
{
        _cleanup_close_ int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
        int fd;

        if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "source", "gangway", 0) < 0 ||
            fsconfig(context, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
            fsconfig(context, FSCONFIG_SET_STRING, "nr_inodes", "2", 0) < 0 ||
            fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        fd = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        return fd < 0 ? -errno : fd;
}

/* Makes the socket's file below folder, and listens. */
static int listen_in(int folder, const AgentSocket *request)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SOCKET_NAME, folder);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0 ||
            fchownat(folder, SOCKET_NAME, request->uid, request->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
            fchmodat(folder, SOCKET_NAME, request->mode, 0) < 0)
                return -errno;
        return steal_fd(&fd);
}

/* A mount of a single file comes of copying one that is attached somewhere: that of a detached one can't be copied
 * before Linux 6.15. */
static int open_socket_mount(int folder, const char *staging)
{
        _cleanup_close_ int tree = -1;
        int r = 0;

        if (move_mount(folder, "", AT_FDCWD, staging, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return -errno;
        tree = open_tree(folder, SOCKET_NAME, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        r = tree < 0 ? -errno : tree_set_flags(tree, MOUNT_ATTR_RDONLY);
        if (umount2(staging, MNT_DETACH) < 0 && r >= 0)
                r = -errno;
        return r < 0 ? r : steal_fd(&tree);
}

int agents_add(const AgentSocket *request)
{
        _cleanup_close_ int folder = -1, listener = -1, tree = -1, agent = -1;
        gid_t gid;
        int r;

        if (n_agents >= AGENTS_MAX)
                return -ENOSPC;
        r = id_map_find_group(request->caller, &gid);
        if (r < 0)
                return r;
        folder = open_file_system();
        if (folder < 0)
                return folder;
        listener = listen_in(folder, request);
        if (listener < 0)
                return listener;
        tree = open_socket_mount(folder, request->staging);
        if (tree < 0)
                return tree;
        agent = fcntl(request->agent, F_DUPFD_CLOEXEC, AGENT_FD + 1);
        if (agent < 0)
                return -errno;

        agents[n_agents].listener = steal_fd(&listener);
        agents[n_agents].agent = steal_fd(&agent);
        agents[n_agents].uid = request->caller;
        agents[n_agents].gid = gid;
        n_agents++;
        return steal_fd(&tree);
}

static int start(size_t i)
{
        static char *const no_environment[] = {NULL};
        _cleanup_close_ int listener = fcntl(agents[i].listener, F_DUPFD_CLOEXEC, AGENT_FD + 1);
        posix_spawn_file_actions_t actions;
        char uid[12], gid[12];
        int r;

        if (listener < 0)
                return -errno;
        (void) snprintf(uid, sizeof(uid), "%u", agents[i].uid);
        (void) snprintf(gid, sizeof(gid), "%u", agents[i].gid);
        r = posix_spawn_file_actions_init(&actions);
        if (r != 0)
                return -r;
        r = posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, listener, LISTENER_FD);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, agents[i].agent, AGENT_FD);
        if (r == 0)
                r = posix_spawn_file_actions_addclosefrom_np(&actions, AGENT_FD + 1);
        if (r == 0)
                r = posix_spawn(&agents[i].proxy, GANGWAY_SSH_PROXY, &actions, NULL,
                                (char *const[]){(char *) GANGWAY_SSH_PROXY, uid, gid, NULL}, no_environment);
        (void) posix_spawn_file_actions_destroy(&actions);
        return -r;
}

int agents_start(void)
{
        for (size_t i = 0; i < n_agents; i++) {
                int r = start(i);

                if (r < 0) {
                        agents[i].proxy = 0;
                        agents_stop();
                        return r;
                }
        }
        return 0;
}

void agents_stop(void)
{
        for (size_t i = 0; i < n_agents; i++) {
                /* One that was reaped already has no pid any more. */
                if (agents[i].proxy > 0 && waitpid(agents[i].proxy, NULL, WNOHANG) == 0) {
                        (void) kill(agents[i].proxy, SIGKILL);
                        (void) waitpid(agents[i].proxy, NULL, 0);
                }
                agents[i].proxy = 0;
        }
}
