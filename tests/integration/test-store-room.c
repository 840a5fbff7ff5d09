/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A store in another place, on a file system that is full, or that can't be written: what fails says why, nothing is
 * lost, and things go on when there is room again.
 */
#include "images.h"

#define ERROR_STORE_FULL      ERROR_GANGWAY("StoreFull")
#define ERROR_STORE_READ_ONLY ERROR_GANGWAY("StoreReadOnly")
#define STORE_SIZE            "24M"

static char *place;

/* The daemon with its store on a small file system of its own. */
static void set_up_store(const char *options)
{
        g_autofree char *config = g_strdup_printf("[Store]\nPath=%s/store\n", place);

        g_free(shell("mkdir -p '%s' && mount -t tmpfs -o mode=755,%s tmpfs '%s'", place, options, place));
        daemon_configure(config);
        client_barrier(client);
}

/* Not before the daemon has another one. */
static void tear_down_store(void)
{
        daemon_configure(NULL);
        client_barrier(client);
        g_free(shell("umount '%s'", place));
}

static void assert_list(const char *wanted)
{
        g_autofree char *list = image_list(alice);

        g_assert_cmpstr(list, ==, wanted);
}

static void assert_count(const char *folder, const char *wanted)
{
        g_autofree char *count = shell("ls '%s/store/%s' | wc -l", place, folder);

        g_assert_cmpstr(count, ==, wanted);
}

static void assert_fails(Reply *reply, const char *error, const char *part)
{
        assert_error(reply, error, part);
        reply_free(reply);
}

static void assert_ok(Reply *reply)
{
        g_assert_cmpstr(reply->message, ==, NULL);
        reply_free(reply);
}

static void import_fails(const char *archive, const char *error, const char *part)
{
        int fd = client_open(alice, archive, O_RDONLY);
        g_autofree char *path = image_import(alice, "large", fd, NULL);

        reply_free(operation_wait_fails(alice, path, error, part));
        close_fd(&fd);
}

static gboolean is_empty(gpointer folder)
{
        return shell_status("test -z \"$(ls '%s/store/%s')\"", place, (const char *) folder) == 0;
}

static void test_path(void)
{
        set_up_store("size=" STORE_SIZE);
        image_new(alice, "small", NULL);
        assert_count("layers", "1");

        /* What a container writes lies there, too. */
        g_autoptr(Container) c = container_new_started(alice, .name = "here");
        assert_count("scratch", "1");
        container_release(c);
        wait_until(is_empty, "scratch", "the throw-away layer goes");
        g_assert_cmpint(shell_status("test -z \"$(ls /var/lib/gangway/scratch 2>/dev/null)\""), ==, 0);
        tear_down_store();
        assert_list("");
}

/* Leaves so many KiB. */
static void fill(unsigned kibibytes)
{
        g_free(shell("cd '%s' && rm -f filler && head -c $(($(df --output=avail -k . | tail -n 1) * 1024 - %u * 1024)) "
                     "/dev/zero >filler",
                     place, kibibytes));
}

static void test_full(void)
{
        g_autofree char *large = archive_new("head -c 40000000 /dev/urandom >noise && mkdir d && touch d/after");

        set_up_store("size=" STORE_SIZE);
        image_new(alice, "small", NULL);
        import_fails(large, ERROR_STORE_FULL, "make room");
        assert_count("incoming", "0");
        assert_count("layers", "1");

        /* Nothing at all is left: not for a folder, nor for a row. */
        fill(0);
        import_fails(large, ERROR_STORE_FULL, "make room");
        assert_list(" 5001/small");
        assert_ok(image_tag(alice, "small", "other", NULL));
        assert_ok(image_remove(alice, "small", NULL));
        assert_list(" 5001/other");
        assert_ok(image_remove(alice, "other", NULL));
        assert_list("");
        wait_until(is_empty, "layers", "the layer goes");
        assert_count("incoming", "0");

        g_free(shell("rm '%s/filler'", place));
        image_new(alice, "again", NULL);
        assert_list(" 5001/again");
        tear_down_store();
}

/* As many inodes as a few imports take. */
static void test_full_of_files(void)
{
        g_autofree char *many = archive_new("seq 2000 | xargs touch");

        set_up_store("size=" STORE_SIZE ",nr_inodes=500");
        image_new(alice, "small", NULL);
        import_fails(many, ERROR_STORE_FULL, "make room");
        assert_list(" 5001/small");
        assert_count("incoming", "0");
        assert_count("layers", "1");
        tear_down_store();
}

static void test_read_only(void)
{
        int fd = client_open(alice, archive_shared(), O_RDONLY);

        set_up_store("size=" STORE_SIZE);
        image_new(alice, "small", NULL);
        g_free(shell("systemctl stop gangwayd.service && mount -o remount,ro '%s' && systemctl start gangwayd.service",
                     place));
        assert_list(" 5001/small");
        import_fails(archive_shared(), ERROR_STORE_READ_ONLY, "mount it writable");
        assert_fails(image_tag(alice, "small", "other", NULL), ERROR_STORE_READ_ONLY, "mount it writable");
        assert_fails(image_remove(alice, "small", NULL), ERROR_STORE_READ_ONLY, "mount it writable");
        assert_list(" 5001/small");

        /* Without a restart: the daemon's own mount of it, too. */
        g_free(shell("mount -o remount,rw '%s' && nsenter -m -t %d mount -o remount,rw '%s'", place, (int) daemon_pid(),
                     place));
        assert_ok(image_tag(alice, "small", "other", NULL));
        assert_list(" 5001/other 5001/small");
        assert_ok(image_remove(alice, "small", NULL));
        image_new(alice, "more", NULL);
        assert_list(" 5001/more 5001/other");
        close_fd(&fd);
        tear_down_store();
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/store-room/path", test_path},
                {"/store-room/full", test_full},
                {"/store-room/full-of-files", test_full_of_files},
                {"/store-room/read-only", test_read_only},
        };

        place = g_build_filename(g_getenv("GANGWAY_TEST_DIR") ?: "/tmp", "room", NULL);
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
