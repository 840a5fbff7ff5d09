/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Where files of a container end up, and what a container that lies can't do. It is played by a local folder, whose
 * listing can be replaced.
 */

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/container-file.h"
#include "ctl/copy-out.h"
#include "ctl/file-copy.h"
#include "unit.h"

typedef struct Played {
        char *root;
        const FileEntry *lies; /* what each folder is said to hold */
        guint n_lies;
} Played;

static const char *type_of(mode_t mode)
{
        return S_ISREG(mode)    ? "file"
               : S_ISDIR(mode)  ? "directory"
               : S_ISLNK(mode)  ? "symlink"
               : S_ISFIFO(mode) ? "fifo"
                                : "socket";
}

static int play_stat(void *data, const char *below, bool follow, FileEntry *ret, sd_bus_error *error)
{
        const Played *played = data;
        g_autofree char *path = g_build_filename(played->root, below, NULL), *name = g_path_get_basename(path);
        struct stat st;

        if ((follow ? stat(path, &st) : lstat(path, &st)) < 0)
                return sd_bus_error_set_const(error, COPY_ERROR_GONE, "there is no such file");
        *ret = (FileEntry){.name = g_steal_pointer(&name),
                           .type = g_strdup(type_of(st.st_mode)),
                           .size = (uint64_t) st.st_size,
                           .mode = st.st_mode & 07777,
                           .mtime = st.st_mtim.tv_sec * G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000};
        if (S_ISLNK(st.st_mode))
                ret->target = g_file_read_link(path, NULL);
        return 0;
}

static void free_entry(void *entry)
{
        file_entry_done(entry);
        g_free(entry);
}

static int play_list(void *data, const char *below, GPtrArray **ret, sd_bus_error *error)
{
        const Played *played = data;
        g_autofree char *path = g_build_filename(played->root, below, NULL);
        GPtrArray *entries = g_ptr_array_new_with_free_func(free_entry);
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        const char *name;

        for (guint i = 0; i < played->n_lies; i++) {
                FileEntry *entry = g_new(FileEntry, 1);

                *entry = played->lies[i];
                entry->name = g_strdup(entry->name);
                entry->type = g_strdup(entry->type);
                entry->target = g_strdup(entry->target);
                g_ptr_array_add(entries, entry);
        }
        while (!played->lies && dir && (name = g_dir_read_name(dir))) {
                g_autofree char *inside = g_build_filename(below, name, NULL);
                FileEntry *entry = g_new0(FileEntry, 1);

                int r = play_stat(data, inside, false, entry, error);
                g_assert_cmpint(r, ==, 0);
                g_ptr_array_add(entries, entry);
        }
        *ret = entries;
        return 0;
}

static int play_open(void *data, const char *below, int *ret, sd_bus_error *error)
{
        const Played *played = data;
        g_autofree char *path = g_build_filename(played->root, below, NULL);
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return sd_bus_error_set_const(error, COPY_ERROR_GONE, "there is no such file");
        *ret = fd;
        return 0;
}

/* What the system said is passed on as it is. */
static void assert_failed(int r, sd_bus_error *error, const char *part)
{
        g_assert_cmpint(r, <, 0);
        g_assert_cmpstr(error->name, ==, SD_BUS_ERROR_FAILED);
        if (!strstr(error->message, part))
                g_error("'%s' is not in the message: %s", part, error->message);
        sd_bus_error_free(error);
}

/* Two folders: "in" is the container's, "out" the caller's. */
typedef struct World {
        char *top;
        char *out;
        Played played;
} World;

static void world_init(World *world)
{
        world->top = make_tree();
        world->out = g_build_filename(world->top, "out", NULL);
        world->played = (Played){.root = g_build_filename(world->top, "in", NULL)};
        g_assert_cmpint(mkdir(world->played.root, 0755), ==, 0);
        g_assert_cmpint(mkdir(world->out, 0755), ==, 0);
}

static void world_done(World *world)
{
        g_clear_pointer(&world->out, g_free);
        g_clear_pointer(&world->played.root, g_free);
        remove_tree(&world->top);
}

G_GNUC_PRINTF(2, 3) static char *path_in(const World *world, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *path = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        return g_build_filename(world->top, path, NULL);
}

static void put(const World *world, const char *path, const char *text)
{
        g_autofree char *full = path_in(world, "%s", path);

        g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

static void make_folder(const World *world, const char *path)
{
        g_autofree char *full = path_in(world, "%s", path);

        g_assert_cmpint(mkdir(full, 0755), ==, 0);
}

static void make_link(const World *world, const char *target, const char *path)
{
        g_autofree char *full = path_in(world, "%s", path);

        g_assert_cmpint(symlink(target, full), ==, 0);
}

static void assert_text(const World *world, const char *path, const char *text)
{
        g_autofree char *full = path_in(world, "%s", path), *found = NULL;
        struct stat st;

        g_assert_cmpint(lstat(full, &st), ==, 0);
        g_assert_true(S_ISREG(st.st_mode));
        g_assert_true(g_file_get_contents(full, &found, NULL, NULL));
        g_assert_cmpstr(found, ==, text);
}

static void assert_missing(const World *world, const char *path)
{
        g_autofree char *full = path_in(world, "%s", path);
        struct stat st;

        g_assert_cmpint(lstat(full, &st), ==, -1);
}

static mode_t mode_at(const World *world, const char *path)
{
        g_autofree char *full = path_in(world, "%s", path);
        struct stat st;

        g_assert_cmpint(lstat(full, &st), ==, 0);
        return st.st_mode & 07777;
}

static int copy(World *world, const char *name, bool contents, const char *to, sd_bus_error *error)
{
        const CopySource source = {play_stat, play_list, play_open, &world->played};
        g_autofree char *destination = path_in(world, "%s", to);
        unsigned fds = count_fds();
        int r = copy_out(&source, name, contents, destination, error);

        g_assert_cmpuint(count_fds(), ==, fds);
        return r;
}

/* The container's top is this below "in". */
static void play_below(World *world, const char *path)
{
        char *root = g_build_filename(world->top, "in", path, NULL);

        g_free(world->played.root);
        world->played.root = root;
}

static void test_file(void)
{
        _cleanup_(world_done) World world = {};
        sd_bus_error error = SD_BUS_ERROR_NULL;

        world_init(&world);
        put(&world, "in/f", "text");
        play_below(&world, "f");
        g_assert_cmpint(copy(&world, "f", false, "out", &error), ==, 0);
        assert_text(&world, "out/f", "text");
        g_assert_cmpint(copy(&world, "f", false, "out/g", &error), ==, 0);
        assert_text(&world, "out/g", "text");
        g_assert_cmpint(copy(&world, "f", false, "out/g", &error), ==, 0);
        assert_text(&world, "out/g", "text");
        assert_failed(copy(&world, "f", false, "out/none/", &error), &error, "out/none/");
        assert_failed(copy(&world, "f", false, "out/none/f", &error), &error, "out/none/f");
        assert_failed(copy(&world, "f", true, "out", &error), &error, "Not a directory");
        assert_missing(&world, "out/none");
}

/* A file that the caller names is written where it leads, as cp(1) does, and one below a folder is not. */
static void test_named_symlink(void)
{
        _cleanup_(world_done) World world = {};
        sd_bus_error error = SD_BUS_ERROR_NULL;

        world_init(&world);
        put(&world, "in/f", "text");
        put(&world, "elsewhere", "longer than that");
        put(&world, "other", "stays");
        make_link(&world, "../elsewhere", "out/named");
        make_link(&world, "../other", "out/f");
        play_below(&world, "f");
        g_assert_cmpint(copy(&world, "f", false, "out/named", &error), ==, 0);
        assert_text(&world, "elsewhere", "text");
        g_assert_cmpint(copy(&world, "f", false, "out", &error), ==, 0);
        assert_text(&world, "out/f", "text");
        assert_text(&world, "other", "stays");
}

static void test_tree(void)
{
        _cleanup_(world_done) World world = {};
        sd_bus_error error = SD_BUS_ERROR_NULL;
        mode_t mask = umask(022);

        world_init(&world);
        make_folder(&world, "in/d");
        make_folder(&world, "in/d/sub");
        put(&world, "in/d/sub/f", "deep");
        put(&world, "in/d/suid", "x");
        make_link(&world, "/etc/passwd", "in/d/link");
        make_link(&world, "nowhere", "in/d/sub/dangling");
        g_autofree char *suid = path_in(&world, "in/d/suid"), *sub = path_in(&world, "in/d/sub"),
                        *fifo = path_in(&world, "in/d/fifo"), *link = path_in(&world, "out/d/link"), *target = NULL;
        g_assert_cmpint(chmod(suid, 06777), ==, 0);
        g_assert_cmpint(mkfifo(fifo, 0666), ==, 0);
        struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000, .tv_nsec = 500000000}};
        g_assert_cmpint(utimensat(AT_FDCWD, suid, times, 0), ==, 0);
        g_assert_cmpint(chmod(sub, 0500), ==, 0);
        play_below(&world, "d");

        g_assert_cmpint(copy(&world, "d", false, "out", &error), ==, 0);
        assert_text(&world, "out/d/sub/f", "deep");
        g_assert_cmpint(mode_at(&world, "out/d/suid"), ==, 0755);
        g_assert_cmpint(mode_at(&world, "out/d/sub"), ==, 0500);
        g_assert_cmpint(mode_at(&world, "out/d"), ==, 0755);
        assert_missing(&world, "out/d/fifo");
        target = g_file_read_link(link, NULL);
        g_assert_cmpstr(target, ==, "/etc/passwd");
        g_autofree char *copied = path_in(&world, "out/d/suid");
        struct stat st;
        g_assert_cmpint(stat(copied, &st), ==, 0);
        g_assert_cmpint(st.st_mtim.tv_sec, ==, 1000000000);
        g_assert_cmpint(st.st_mtim.tv_nsec, ==, 500000000);

        /* As a new folder, and into one that is there. */
        g_assert_cmpint(copy(&world, "d", false, "out/new", &error), ==, 0);
        assert_text(&world, "out/new/sub/f", "deep");
        make_folder(&world, "out/there");
        g_assert_cmpint(copy(&world, "d", true, "out/there", &error), ==, 0);
        assert_text(&world, "out/there/sub/f", "deep");
        assert_missing(&world, "out/there/d");
        /* What can't be copied is no error in a folder, and one by itself. */
        play_below(&world, "d/fifo");
        assert_refused(copy(&world, "fifo", false, "out/fifo", &error), &error, SD_BUS_ERROR_INVALID_ARGS, "fifo");
        assert_missing(&world, "out/fifo");
        play_below(&world, "d");
        /* A folder does not take a file's place. */
        put(&world, "out/file", "stays");
        assert_failed(copy(&world, "d", false, "out/file", &error), &error, "out/file");
        assert_text(&world, "out/file", "stays");
        (void) umask(mask);
        g_assert_cmpint(chmod(sub, 0700), ==, 0);
}

/* The same name twice: first a symlink to where the container may not write, then a folder or a file "in" it. */
static void test_lies(void)
{
        static const FileEntry folder[] = {
                {.name = (char *) "trap", .type = (char *) "symlink", .target = (char *) "../../elsewhere"},
                {.name = (char *) "trap", .type = (char *) "directory", .mode = 0777},
        };
        static const FileEntry file[] = {
                {.name = (char *) "trap", .type = (char *) "symlink", .target = (char *) "../../victim"},
                {.name = (char *) "trap", .type = (char *) "file", .mode = 0666},
        };
        _cleanup_(world_done) World world = {};
        sd_bus_error error = SD_BUS_ERROR_NULL;

        world_init(&world);
        make_folder(&world, "elsewhere");
        put(&world, "victim", "stays");
        make_folder(&world, "in/d");
        put(&world, "in/d/trap", "evil");
        play_below(&world, "d");

        world.played.lies = folder;
        world.played.n_lies = G_N_ELEMENTS(folder);
        assert_failed(copy(&world, "d", false, "out", &error), &error, "trap");
        assert_missing(&world, "elsewhere/trap");
        g_assert_cmpint(mode_at(&world, "elsewhere"), ==, 0755);

        world.played.lies = file;
        world.played.n_lies = G_N_ELEMENTS(file);
        g_assert_cmpint(copy(&world, "d", false, "out", &error), ==, 0);
        assert_text(&world, "victim", "stays");
        assert_text(&world, "out/d/trap", "evil");
}

/* What is gone since it was listed is left out, what has become something else is an error. */
static void test_changes(void)
{
        static const FileEntry gone[] = {
                {.name = (char *) "gone", .type = (char *) "file", .mode = 0644},
                {.name = (char *) "here", .type = (char *) "file", .mode = 0644},
        };
        static const FileEntry changed[] = {{.name = (char *) "folder", .type = (char *) "file", .mode = 0644}};
        _cleanup_(world_done) World world = {};
        sd_bus_error error = SD_BUS_ERROR_NULL;

        world_init(&world);
        put(&world, "in/here", "text");
        make_folder(&world, "in/folder");
        world.played.lies = gone;
        world.played.n_lies = G_N_ELEMENTS(gone);
        g_assert_cmpint(copy(&world, "in", true, "out", &error), ==, 0);
        assert_text(&world, "out/here", "text");
        assert_missing(&world, "out/gone");
        world.played.lies = changed;
        world.played.n_lies = G_N_ELEMENTS(changed);
        assert_refused(copy(&world, "in", true, "out", &error), &error, SD_BUS_ERROR_INVALID_ARGS, "folder");
}

static void test_sparse(void)
{
        _cleanup_(world_done) World world = {};
        const off_t size = (off_t) 1 << 40;

        world_init(&world);
        g_autofree char *from = path_in(&world, "in/f"), *to = path_in(&world, "out/f");
        _cleanup_close_ int input = open(from, O_RDWR | O_CREAT | O_CLOEXEC, 0600),
                            output = open(to, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        char found[8] = "";
        struct stat st;

        g_assert_cmpint(pwrite(input, "begin", 5, 0), ==, 5);
        g_assert_cmpint(pwrite(input, "middle", 6, size / 2), ==, 6);
        g_assert_cmpint(ftruncate(input, size), ==, 0);
        g_assert_cmpint(file_copy_sparse(input, output), ==, 0);
        g_assert_cmpint(fstat(output, &st), ==, 0);
        g_assert_cmpint(st.st_size, ==, size);
        g_assert_cmpint(st.st_blocks, <, 1000);
        g_assert_cmpint(pread(output, found, 5, 0), ==, 5);
        g_assert_cmpstr(found, ==, "begin");
        g_assert_cmpint(pread(output, found, 6, size / 2), ==, 6);
        g_assert_cmpstr(found, ==, "middle");
        /* A file that tells no size. */
        _cleanup_close_ int proc = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
        g_assert_cmpint(ftruncate(output, 0), ==, 0);
        g_assert_cmpint(lseek(output, 0, SEEK_SET), ==, 0);
        g_assert_cmpint(file_copy_sparse(proc, output), ==, 0);
        g_assert_cmpint(fstat(output, &st), ==, 0);
        g_assert_cmpint(st.st_size, >, 100);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-copy-out/file", test_file);
        g_test_add_func("/ctl-copy-out/named-symlink", test_named_symlink);
        g_test_add_func("/ctl-copy-out/tree", test_tree);
        g_test_add_func("/ctl-copy-out/lies", test_lies);
        g_test_add_func("/ctl-copy-out/changes", test_changes);
        g_test_add_func("/ctl-copy-out/sparse", test_sparse);
        return g_test_run();
}
