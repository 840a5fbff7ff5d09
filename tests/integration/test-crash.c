/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon, or one of its helpers, is killed at a random moment while images are imported, replaced, committed and
 * removed and containers are released, many times. What counts is what is there afterwards: each image that was
 * reported complete, byte for byte; of the one that was under way the old or the new state; and nothing else.
 */
#include "common.h"

#include <signal.h>

#define STORE     "/var/lib/gangway"
#define ROUNDS    200
#define ARCHIVES  4
#define NAMES     3
#define WINDOW_US 150000
#define DROP_IN   "/run/systemd/system/gangwayd.service.d"
#define OPERATION "org.gangway1.Operation"
/* Not /etc, where a container has files of its own. */
#define CONTENT    "find bin data -type f | sort | xargs sha256sum | sha256sum | cut -d' ' -f1"
#define IMAGE_ROOT "[{'type': <'bind'>, 'destination': <'/'>, 'image': <'%s'>%s}]"

typedef struct Archive {
        char *path;
        char *content;
} Archive;

static Archive archives[ARCHIVES];
static char *contents[NAMES]; /* of the image crash/I, NULL where it is not to be there */

static char *image_name(guint i)
{
        return g_strdup_printf("crash/%u", i);
}

static void make_archive(Archive *archive, guint i)
{
        g_autofree char *root = root_copy(NULL);

        archive->path = g_strdup_printf("%s/crash-%u.tar", g_getenv("GANGWAY_TEST_DIR"), i);
        archive->content = shell("cd '%s' && mkdir data && head -c %u /dev/urandom > data/large && "
                                 "for i in $(seq 300); do echo $i-$(cat /proc/sys/kernel/random/uuid) > data/$i; done; "
                                 "tar -cf '%s' . && " CONTENT,
                                 root, 3000000 + i, archive->path);
}

static guint32 send_import(const char *name, const char *path)
{
        g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
        int fd = client_open(client, path, O_RDONLY);
        guint32 serial;

        g_assert_cmpint(g_unix_fd_list_append(fds, fd, NULL), ==, 0);
        serial = client_send_to(client, GANGWAY_NAME, GANGWAY_PATH, "org.gangway1.Manager", "ImportImage",
                                g_variant_new("(sha{sv})", name, 0, NULL), fds, G_DBUS_MESSAGE_FLAGS_NONE);
        close(fd);
        return serial;
}

static guint32 send_wait(const char *operation)
{
        return client_send_to(client, GANGWAY_NAME, operation, OPERATION, "Wait", NULL, NULL,
                              G_DBUS_MESSAGE_FLAGS_NONE);
}

/* Whether the operation that a call begins was reported complete. */
static gboolean is_complete(guint32 serial)
{
        g_autoptr(Reply) begun = client_receive(client, serial);
        const char *operation;

        if (begun->error)
                return FALSE;
        g_variant_get(begun->body, "(&o)", &operation);
        g_autoptr(Reply) ended = client_receive(client, send_wait(operation));
        return !ended->error;
}

/* What the image holds, as a container sees it. */
static char *read_image(const char *name)
{
        g_autofree char *mounts = g_strdup_printf(IMAGE_ROOT, name, ", 'read-only': <true>");
        g_autoptr(Container) container = container_new(client, .mounts = mounts);
        g_autofree char *output = NULL;

        g_assert_cmpuint(process_run(container, &output, .method = "Start", .script = "cd / && " CONTENT), ==, 0);
        return g_strdup(g_strstrip(output));
}

static GHashTable *list_images(void)
{
        g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GVariant) body = client_call(client, GANGWAY_PATH, "ListImages", NULL);
        g_autoptr(GVariant) list = g_variant_get_child_value(body, 0);

        for (gsize i = 0; i < g_variant_n_children(list); i++) {
                g_autoptr(GVariant) image = g_variant_get_child_value(list, i);
                char *name;

                g_variant_get_child(image, 0, "s", &name);
                g_hash_table_add(names, name);
        }
        return g_steal_pointer(&names);
}

static gboolean is_swept(gpointer data)
{
        return shell_status("python3 -c \"\n"
                            "import glob, os, sqlite3, sys\n"
                            "store = sqlite3.connect('file:" STORE "/gangway.db?mode=ro', uri=True)\n"
                            "rows = {row[0] for row in store.execute('select folder from layers')}\n"
                            "sys.exit(rows != set(os.listdir('" STORE "/layers')) or "
                            "glob.glob('" STORE "/incoming/*') != [] or glob.glob('" STORE
                            "/scratch/*') != [])\"") == 0;
}

/* Checks all images; of the one that was under way `other` is right, too. */
static void check_images(guint under_way, const char *other)
{
        g_autoptr(GHashTable) names = list_images();
        guint count = 0;

        for (guint i = 0; i < NAMES; i++) {
                g_autofree char *name = image_name(i);
                g_autofree char *content = NULL;

                if (g_hash_table_contains(names, name)) {
                        count++;
                        content = read_image(name);
                }
                if (i == under_way && g_strcmp0(content, other) == 0) {
                        g_free(contents[i]);
                        contents[i] = g_strdup(other);
                }
                g_assert_cmpstr(content, ==, contents[i]);
        }
        g_assert_cmpuint(g_hash_table_size(names), ==, count);
}

static gboolean answers(gpointer data)
{
        g_autoptr(Reply) reply = client_try(client, GANGWAY_PATH, "ListContainers", NULL);

        return !reply->error;
}

static void kill_later(const char *victim)
{
        g_usleep((gulong) g_test_rand_int_range(0, WINDOW_US)); /* a random moment is what this is about */
        if (g_str_equal(victim, "gangwayd"))
                (void) kill(daemon_pid(), SIGKILL);
        else
                (void) shell_status("pkill -KILL -x '%s'", victim);
}

static const char *random_victim(void)
{
        static const char *const victims[] = {"gangwayd", "gangwayd", "gangway-store", "gangway-unpack"};

        return victims[g_test_rand_int_range(0, G_N_ELEMENTS(victims))];
}

static void import_and_kill(guint i)
{
        const Archive *archive = &archives[g_test_rand_int_range(0, ARCHIVES)];
        g_autofree char *name = image_name(i);
        guint32 serial = send_import(name, archive->path);

        kill_later(random_victim());
        if (is_complete(serial)) {
                g_free(contents[i]);
                contents[i] = g_strdup(archive->content);
        }
        wait_until(answers, NULL, "the daemon is back");
        check_images(i, archive->content);
}

static void remove_and_kill(guint i)
{
        g_autofree char *name = image_name(i);
        guint32 serial = client_send(client, GANGWAY_PATH, "RemoveImage", g_variant_new("(sa{sv})", name, NULL));

        kill_later(random_victim());
        g_autoptr(Reply) reply = client_receive(client, serial);
        if (!reply->error)
                g_clear_pointer(&contents[i], g_free);
        wait_until(answers, NULL, "the daemon is back");
        check_images(i, NULL);
}

/* A container of one image becomes another image; in the end it is released, or that is what is cut short. */
static void commit_and_kill(guint from, guint to)
{
        g_autofree char *base = image_name(from), *name = image_name(to), *output = NULL;
        g_autofree char *mounts = g_strdup_printf(IMAGE_ROOT, base, ", 'output': <true>");
        g_autoptr(Container) container = container_new(client, .mounts = mounts);
        gboolean release = g_test_rand_bit();
        guint32 serial;

        g_assert_cmpuint(process_run(container, &output, .method = "Start",
                                     .script = "cd / && rm -f data/1 && head -c 2000000 /dev/urandom > data/new && "
                                               "mv data/new data/newer && " CONTENT),
                         ==, 0);
        g_strstrip(output);
        serial = client_send(client, container->path, "Commit", g_variant_new("(usa{sv})", 0, name, NULL));
        if (release)
                (void) client_send(client, container->path, "Release", NULL);
        kill_later(random_victim());
        if (is_complete(serial)) {
                g_free(contents[to]);
                contents[to] = g_strdup(output);
        }
        /* Where the daemon went, the container is gone, too. */
        wait_until(answers, NULL, "the daemon is back");
        container->released = TRUE;
        g_autoptr(Reply) gone = client_try(client, container->path, "Release", NULL);
        check_images(to, output);
}

static void test_killed_at_any_moment(void)
{
        /* Two hundred restarts are more than systemd lets a service have. */
        g_free(shell("mkdir -p " DROP_IN
                     " && printf '[Unit]\\nStartLimitIntervalSec=0\\n[Service]\\nRestartSec=10ms\\n' "
                     "> " DROP_IN "/crash.conf && systemctl daemon-reload"));
        for (guint i = 0; i < ARCHIVES; i++)
                make_archive(&archives[i], i);
        for (guint round = 0; round < ROUNDS; round++) {
                guint i = (guint) g_test_rand_int_range(0, NAMES), from = (guint) g_test_rand_int_range(0, NAMES);

                switch (g_test_rand_int_range(0, 5)) {
                case 0:
                        if (contents[i])
                                remove_and_kill(i);
                        break;
                case 1:
                case 2:
                        if (contents[from]) {
                                commit_and_kill(from, i);
                                break;
                        }
                        /* fall through */
                default:
                        import_and_kill(i);
                }
                wait_until(is_swept, NULL, "what was left over is swept");
        }
        for (guint i = 0; i < NAMES; i++) {
                g_autofree char *name = image_name(i);

                if (contents[i])
                        (void) client_call(client, GANGWAY_PATH, "RemoveImage", g_variant_new("(sa{sv})", name, NULL));
        }
        wait_until(is_swept, NULL, "the removed images are gone");
        g_autofree char *left = shell("ls " STORE "/layers");
        g_assert_cmpstr(left, ==, "");
        g_free(shell("rm -r " DROP_IN " && systemctl daemon-reload"));
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/crash/killed-at-any-moment", test_killed_at_any_moment},
        };

        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
