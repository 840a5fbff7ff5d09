/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "launcher/users.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/confined-path.h"

static bool parse_id(const char *text, uint32_t *ret)
{
        unsigned long value;
        char *end;

        if (*text < '0' || *text > '9')
                return false;
        errno = 0;
        value = strtoul(text, &end, 10);
        /* (uid_t) -1 means "no change" to the system calls. */
        if (errno != 0 || *end || value >= UINT32_MAX)
                return false;
        *ret = (uint32_t) value;
        return true;
}

static void close_file(FILE **file)
{
        if (*file)
                (void) fclose(*file);
}

/* Opens a file of users; *ret stays NULL where there is none. */
static int open_users(int root, const char *path, FILE **ret, char *message, size_t size)
{
        _cleanup_close_ int fd = confined_open(root, path, O_RDONLY);
        struct stat st;

        if (fd == -ENOENT || fd == -ENOTDIR)
                return 0;
        if (fd < 0 || fstat(fd, &st) < 0) {
                (void) snprintf(message, size, "The container's %s can't be read: %s", path,
                                strerror(fd < 0 ? -fd : errno));
                return -EINVAL;
        }
        if (!S_ISREG(st.st_mode) || st.st_size > USER_FILE_SIZE_MAX) {
                (void) snprintf(message, size, "The container's %s must be a regular file of at most 10 MiB", path);
                return -EINVAL;
        }
        *ret = fdopen(fd, "re");
        if (!*ret)
                return -errno;
        (void) steal_fd(&fd);
        return 0;
}

static const struct passwd *find_passwd(FILE *file, const char *name, bool by_id, uint32_t uid)
{
        const struct passwd *entry;

        while (file && (entry = fgetpwent(file)))
                if ((name && strcmp(entry->pw_name, name) == 0) || (by_id && entry->pw_uid == uid))
                        return entry;
        return NULL;
}

static int find_group(FILE *file, const char *name, uint32_t *ret_gid)
{
        const struct group *entry;

        while (file && (entry = fgetgrent(file)))
                if (strcmp(entry->gr_name, name) == 0) {
                        *ret_gid = entry->gr_gid;
                        return 0;
                }
        return parse_id(name, ret_gid) ? 0 : -EINVAL;
}

static void find_supplementary(FILE *file, const char *name, User *user)
{
        const struct group *entry;

        while (file && user->n_groups < USER_GROUPS_MAX && (entry = fgetgrent(file)))
                for (char **member = entry->gr_mem; *member; member++)
                        if (strcmp(*member, name) == 0 && entry->gr_gid != user->gid) {
                                user->groups[user->n_groups++] = entry->gr_gid;
                                break;
                        }
}

static void set_home(User *user, const struct passwd *entry)
{
        const char *home = entry && entry->pw_dir && entry->pw_dir[0] == '/' ? entry->pw_dir : "/";

        (void) snprintf(user->home, sizeof(user->home), "%s", strlen(home) < sizeof(user->home) ? home : "/");
}

/* Whether spec names nobody. */
static bool parse_literal(const char *name, const char *group, User *user)
{
        if (!*name && !group)
                return true;
        return group && parse_id(name, &user->uid) && parse_id(group, &user->gid);
}

int user_lookup(int root, const char *spec, User *ret, char *message, size_t size)
{
        _cleanup_(close_file) FILE *passwd = NULL, *groups = NULL;
        _cleanup_free_ char *name = strdup(spec), *found = NULL;
        const struct passwd *entry;
        User user = {};
        char *group;
        bool by_id;
        int r;

        if (!name)
                return -ENOMEM;
        group = strchr(name, ':');
        if (group)
                *group++ = '\0';

        r = open_users(root, "/etc/passwd", &passwd, message, size);
        if (r < 0)
                return r;
        r = open_users(root, "/etc/group", &groups, message, size);
        if (r < 0)
                return r;

        if (parse_literal(name, group, &user)) {
                set_home(&user, find_passwd(passwd, NULL, true, user.uid));
                *ret = user;
                return 0;
        }
        by_id = parse_id(name, &user.uid);
        entry = find_passwd(passwd, name, by_id, user.uid);
        set_home(&user, entry);
        if (entry) {
                user.uid = entry->pw_uid;
                user.gid = entry->pw_gid;
                found = strdup(entry->pw_name);
        } else if (!by_id) {
                (void) snprintf(message, size, "There is no user '%s' in the container's /etc/passwd", name);
                return -EINVAL;
        }

        if (group) {
                if (find_group(groups, group, &user.gid) < 0) {
                        (void) snprintf(message, size, "There is no group '%s' in the container's /etc/group", group);
                        return -EINVAL;
                }
        } else if (found) {
                find_supplementary(groups, found, &user);
        }

        *ret = user;
        return 0;
}
