/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack-driver.h"

#include <archive.h>
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "util/confined-path.h"
#include "util/spawn.h"
#include "util/string-message.h"

#define DEADLINE_MSEC 60000
#define SENTINEL      "untouched"

static char *write_sentinel(const char *tree)
{
        g_autofree char *path = g_build_filename(tree, "sentinel", NULL);
        g_autoptr(GError) error = NULL;

        g_file_set_contents(path, SENTINEL, -1, &error);
        g_assert_no_error(error);
        g_assert_cmpint(chmod(path, 0600), ==, 0);
        return g_steal_pointer(&path);
}

Unpack *unpack_new(void)
{
        Unpack *unpack = g_new0(Unpack, 1);

        unpack->tree = make_tree();
        unpack->target = g_build_filename(unpack->tree, "target", NULL);
        g_free(write_sentinel(unpack->tree));
        g_assert_cmpint(mkdir(unpack->target, 0700), ==, 0);
        g_assert_cmpint(chown(unpack->target, ID_BASE, ID_BASE), ==, 0);
        unpack->platform = "linux/amd64";
        unpack->bytes_max = 1 << 30;
        unpack->entries_max = 10000;
        unpack->depth_max = 100;
        unpack->ratio_max = 100;
        unpack->messages = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
        return unpack;
}

static void assert_untouched(const Unpack *unpack)
{
        g_autofree char *path = g_build_filename(unpack->tree, "sentinel", NULL), *contents = NULL;
        g_autoptr(GDir) folder = g_dir_open(unpack->tree, 0, NULL);
        struct stat st;
        guint n = 0;

        g_assert_true(g_file_get_contents(path, &contents, NULL, NULL));
        g_assert_cmpstr(contents, ==, SENTINEL);
        g_assert_cmpint(lstat(path, &st), ==, 0);
        g_assert_cmpuint(st.st_mode, ==, S_IFREG | 0600);
        g_assert_cmpuint(st.st_uid, ==, 0);
        g_assert_cmpuint(st.st_nlink, ==, 1);
        while (g_dir_read_name(folder))
                n++;
        g_assert_cmpuint(n, ==, 2);
        /* What the tests' absolute paths would have made. */
        g_assert_cmpint(access("/gangway-escaped", F_OK), ==, -1);
}

static void forget(Unpack *unpack)
{
        g_ptr_array_set_size(unpack->messages, 0);
        g_clear_pointer(&unpack->error_name, g_free);
        g_clear_pointer(&unpack->error_message, g_free);
        unpack->n_progress = 0;
}

/* Also paths that are longer than any that a system call takes. */
static void remove_anything(const char *tree)
{
        const char *const argv[] = {"rm", "-rf", "--", tree, NULL};
        int status;

        g_assert_true(
                g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
        g_assert_cmpint(status, ==, 0);
}

void unpack_free(Unpack *unpack)
{
        if (!unpack)
                return;
        assert_untouched(unpack);
        forget(unpack);
        g_ptr_array_unref(unpack->messages);
        g_free(unpack->target);
        remove_anything(unpack->tree);
        g_free(unpack->tree);
        g_free(unpack);
}

static void write_map(pid_t pid, const char *name)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int) pid, name);
        g_autofree char *map = g_strdup_printf("0 %u 65536", ID_BASE);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, map, strlen(map)), ==, strlen(map));
}

static void answer(int socket, const char *word)
{
        /* It may have ended meanwhile. */
        (void) string_message_send(socket, (const char *const[]){word, NULL}, NULL, 0);
}

gboolean unpack_take(Unpack *unpack, int socket, pid_t pid)
{
        _cleanup_(string_message_done) StringMessage message = {};
        int r = string_message_receive(socket, 0, &message);
        const char *word;

        g_assert_cmpint(r, >=, 0);
        if (r == 0)
                return FALSE;
        /* Nothing comes after an error, or after the end. */
        g_assert_null(unpack->error_name);
        g_assert_cmpuint(unpack_count(unpack, "done"), ==, 0);
        word = message.strings[0];

        if (strcmp(word, "progress") == 0) {
                unpack->n_progress++;
                return TRUE;
        }
        if (strcmp(word, "ready") == 0) {
                write_map(pid, "uid_map");
                write_map(pid, "gid_map");
                answer(socket, "go");
                return TRUE;
        }
        if (strcmp(word, "layer") == 0)
                answer(socket, g_strcmp0(unpack->skip, message.strings[2]) == 0 ? "skip" : "unpack");
        if (strcmp(word, "error") == 0) {
                g_assert_cmpuint(message.n_strings, ==, 3);
                unpack->error_name = g_strdup(message.strings[1]);
                unpack->error_message = g_strdup(message.strings[2]);
                g_assert_true(g_utf8_validate(unpack->error_message, -1, NULL));
                g_test_message("%s: %s", unpack->error_name, unpack->error_message);
                return TRUE;
        }
        g_ptr_array_add(unpack->messages, g_strdupv((char **) message.strings));
        return TRUE;
}

static void serve_opener(int socket, int folder)
{
        _cleanup_(string_message_done) StringMessage message = {};
        _cleanup_close_ int fd = -1;
        int r = string_message_receive(socket, 0, &message);

        g_assert_cmpint(r, ==, 1);
        g_assert_cmpstr(message.strings[0], ==, "open");
        fd = confined_open(folder, message.strings[1], O_RDONLY);
        if (fd >= 0)
                g_assert_cmpint(string_message_send(socket, (const char *const[]){"ok", NULL}, &fd, 1), ==, 0);
        else {
                g_autofree char *number = g_strdup_printf("%d", -fd);

                g_assert_cmpint(string_message_send(socket, (const char *const[]){"error", number, NULL}, NULL, 0), ==,
                                0);
        }
}

static void send_request(const Unpack *unpack, int socket, int input)
{
        _cleanup_close_ int target = open(unpack->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, unpack->bytes_max);
        g_autofree char *entries = g_strdup_printf("%" G_GUINT64_FORMAT, unpack->entries_max);
        g_autofree char *depth = g_strdup_printf("%" G_GUINT64_FORMAT, unpack->depth_max);
        g_autofree char *ratio = g_strdup_printf("%" G_GUINT64_FORMAT, unpack->ratio_max);

        g_assert_cmpint(string_message_send(
                                socket,
                                (const char *const[]){"unpack", unpack->platform, bytes, entries, depth, ratio, NULL},
                                (const int[]){target, input}, 2),
                        ==, 0);
}

int unpack_start(Unpack *unpack, int input, pid_t *ret_pid)
{
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC), pidfd = -1, here = -1;
        int pair[2];

        forget(unpack);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
        here = pair[0];
        g_assert_cmpint(spawn(&(const SpawnRequest){.path = UNPACK_PROGRAM,
                                                    .argv = (const char *const[]){UNPACK_PROGRAM, NULL},
                                                    .control = pair[1],
                                                    .null = null},
                              ret_pid, &pidfd),
                        ==, 0);
        safe_close(pair[1]);
        send_request(unpack, here, input);
        return steal_fd(&here);
}

/* opener: the end of its socket that is ours, or -1; folder: what it reads. */
static void run(Unpack *unpack, int input, int opener, int folder)
{
        gboolean going = TRUE;
        pid_t pid;
        _cleanup_close_ int here = unpack_start(unpack, input, &pid);

        while (going) {
                struct pollfd events[] = {{.fd = here, .events = POLLIN}, {.fd = opener, .events = POLLIN}};

                g_assert_cmpint(poll(events, 2, DEADLINE_MSEC), >, 0);
                if (events[1].revents & POLLIN)
                        serve_opener(opener, folder);
                if (events[0].revents)
                        going = unpack_take(unpack, here, pid);
        }
        g_assert_cmpint(waitpid(pid, &unpack->status, 0), ==, pid);
}

void unpack_run(Unpack *unpack, int input)
{
        run(unpack, input, -1, -1);
}

void unpack_bytes(Unpack *unpack, GByteArray *bytes)
{
        _cleanup_close_ int fd = memfd_create("archive", MFD_CLOEXEC);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, bytes->data, bytes->len), ==, bytes->len);
        unpack_run(unpack, fd);
}

void unpack_folder(Unpack *unpack, const char *folder)
{
        _cleanup_close_ int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), here = -1, there = -1;
        int pair[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
        here = pair[0];
        there = pair[1];
        run(unpack, there, here, fd);
}

void unpack_file(Unpack *unpack, const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

        g_assert_cmpint(fd, >=, 0);
        unpack_run(unpack, fd);
}

guint unpack_count_messages(const Unpack *unpack, const char *const *words)
{
        guint count = 0;

        for (guint i = 0; i < unpack->messages->len; i++) {
                GStrv message = unpack->messages->pdata[i];
                gboolean same = TRUE;

                for (guint n = 0; same && words[n]; n++)
                        same = message[n] && strcmp(message[n], words[n]) == 0;
                count += same;
        }
        return count;
}

GStrv unpack_message(const Unpack *unpack, const char *word)
{
        for (guint i = unpack->messages->len; i-- > 0;)
                if (strcmp(((GStrv) unpack->messages->pdata[i])[0], word) == 0)
                        return unpack->messages->pdata[i];
        g_error("there was no message '%s'; error: %s", word, unpack->error_message ?: "none");
}

void unpack_assert_done(Unpack *unpack, guint n_layers, guint n_skipped)
{
        GStrv done;

        g_assert_cmpstr(unpack->error_message, ==, NULL);
        done = unpack_message(unpack, "done");
        g_assert_cmpuint(g_strv_length(done), ==, 3);
        g_assert_cmpint(atoi(done[1]), ==, n_layers);
        g_assert_cmpint(atoi(done[2]), ==, n_skipped);
        g_assert_cmpint(unpack->status, ==, 0);
}

void unpack_assert_error(Unpack *unpack, const char *name, const char *part)
{
        g_assert_cmpstr(unpack->error_name, ==, name);
        if (!strstr(unpack->error_message, part))
                g_error("'%s' is not in the message: %s", part, unpack->error_message);
        g_assert_cmpuint(unpack_count(unpack, "done"), ==, 0);
}

static char *target_path(const Unpack *unpack, const char *path)
{
        return g_build_filename(unpack->target, path, NULL);
}

struct stat unpack_stat(const Unpack *unpack, const char *path)
{
        g_autofree char *full = target_path(unpack, path);
        struct stat st;

        if (lstat(full, &st) < 0)
                g_error("%s: %m", path);
        return st;
}

char *unpack_show(const Unpack *unpack, const char *path)
{
        g_autofree char *full = target_path(unpack, path), *start = NULL, *contents = NULL;
        struct stat st;

        if (lstat(full, &st) < 0)
                return g_strdup("none");
        start = g_strdup_printf("%06o %d %d", st.st_mode, (int) (st.st_uid - ID_BASE), (int) (st.st_gid - ID_BASE));
        if (S_ISREG(st.st_mode)) {
                g_assert_true(g_file_get_contents(full, &contents, NULL, NULL));
                return g_strdup_printf("%s %s", start, contents);
        }
        if (S_ISLNK(st.st_mode)) {
                contents = g_file_read_link(full, NULL);
                return g_strdup_printf("%s -> %s", start, contents);
        }
        if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
                return g_strdup_printf("%s %u:%u", start, major(st.st_rdev), minor(st.st_rdev));
        return g_steal_pointer(&start);
}

void unpack_assert_shows(const Unpack *unpack, const char *path, const char *expected)
{
        g_autofree char *shown = unpack_show(unpack, path);

        if (strcmp(shown, expected) != 0)
                g_error("%s is '%s', and should be '%s'", path, shown, expected);
}

static void run_test(gconstpointer data)
{
        void (*function)(void) = (void (*)(void)) data;

        if (geteuid() != 0) {
                g_test_skip("needs root");
                return;
        }
        function();
}

void unpack_add_test(const char *path, void (*function)(void))
{
        g_test_add_data_func(path, (gconstpointer) function, run_test);
}
