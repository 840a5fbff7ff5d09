/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Standard input and output: the caller's own fds, unchanged, with nobody else holding them; /dev/null and the journal
 * where the caller gave none.
 */
#include "common.h"

#define MIB (1024 * 1024)

typedef struct Feed {
        int fd;
        size_t left;
        GChecksum *sum;
} Feed;

static gpointer feed(gpointer data)
{
        Feed *feed = data;
        g_autoptr(GRand) random = g_rand_new_with_seed(1);
        guint32 block[16384];

        while (feed->left > 0) {
                for (size_t i = 0; i < G_N_ELEMENTS(block); i++)
                        block[i] = g_rand_int(random);
                g_checksum_update(feed->sum, (const guchar *) block, sizeof(block));
                for (size_t done = 0; done < sizeof(block);) {
                        ssize_t n = write(feed->fd, (const char *) block + done, sizeof(block) - done);
                        g_assert_cmpint(n, >, 0);
                        done += (size_t) n;
                }
                feed->left -= sizeof(block);
        }
        close_fd(&feed->fd);
        return NULL;
}

static void test_pipeline(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autoptr(GChecksum) sent = g_checksum_new(G_CHECKSUM_SHA256), received = g_checksum_new(G_CHECKSUM_SHA256);
        int in[2], between[2], out[2];

        make_pipe(in);
        make_pipe(between);
        make_pipe(out);
        g_autoptr(Process) one = process_new(container, .argv = ARGV("cat"), .fds = FDS({0, in[0]}, {1, between[1]}));
        g_autoptr(Process) two = process_new(container, .argv = ARGV("cat"), .fds = FDS({0, between[0]}, {1, out[1]}));
        int given[] = {in[0], between[0], between[1], out[1]};
        for (size_t i = 0; i < G_N_ELEMENTS(given); i++)
                close_fd(&given[i]);

        Feed data = {in[1], 64 * MIB, sent};
        GThread *thread = g_thread_new("feed", feed, &data);
        g_autofree guchar *block = g_malloc(MIB);
        size_t total = 0;
        for (ssize_t n = 1; n > 0; total += (size_t) n) {
                n = read(out[0], block, MIB);
                g_assert_cmpint(n, >=, 0);
                g_checksum_update(received, block, n);
        }
        g_thread_join(thread);
        g_assert_cmpuint(total, ==, 64 * MIB);
        g_assert_cmpstr(g_checksum_get_string(sent), ==, g_checksum_get_string(received));
        g_assert_cmpuint(process_wait(container, one->id, NULL), ==, 0);
        g_assert_cmpuint(process_wait(container, two->id, NULL), ==, 0);
        close_fd(&out[0]);
}

static void test_end_of_input(void)
{
        g_autoptr(Container) container = container_new_started(client);
        int in[2], out[2];

        make_pipe(in);
        make_pipe(out);
        g_autoptr(Process) process =
                process_new(container, .script = "cat; echo the end", .fds = FDS({0, in[0]}, {1, out[1]}));
        close_fd(&in[0]);
        close_fd(&out[1]);
        write_text(in[1], "some text\n");
        g_autofree char *text = read_text(out[0], "some text\n");
        close_fd(&in[1]);
        g_autofree char *rest = read_text(out[0], NULL);
        g_assert_cmpstr(rest, ==, "the end\n");
        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 0);
        close_fd(&out[0]);
}

/* The reader's end is closed: the writer gets SIGPIPE, since nobody else has it open. */
static void test_end_of_output(void)
{
        g_autoptr(Container) container = container_new_started(client);
        int out[2];

        make_pipe(out);
        g_autoptr(Process) process = process_new(container, .argv = ARGV("yes"), .fds = FDS({1, out[1]}));
        close_fd(&out[1]);
        close_fd(&out[0]);
        guint code = process_wait(container, process->id, NULL);
        g_assert_true(code == 128 + SIGPIPE || code == 1);
}

static void test_input_open_at_the_end(void)
{
        g_autoptr(Container) container = container_new_started(client);
        int in[2], out[2];

        make_pipe(in);
        make_pipe(out);
        g_autoptr(Process) killed = process_new(container, .argv = ARGV("cat"), .fds = FDS({0, in[0]}, {1, out[1]}));
        g_autoptr(Process) released = process_new(container, .argv = ARGV("cat"), .fds = FDS({0, in[0]}, {1, out[1]}));
        process_signal(container, killed->id, "KILL", "");
        g_assert_cmpuint(process_wait(container, killed->id, NULL), ==, 137);

        guint32 wait = client_send(client, container->path, "Wait", g_variant_new("(s)", released->id));
        container_release(container);
        g_autoptr(Reply) reply = client_receive(client, wait);
        g_assert_null(reply->error);
        for (int i = 0; i < 2; i++) {
                close_fd(&in[i]);
                if (i == 0)
                        close_fd(&out[1]);
        }
        g_autofree char *nothing = read_text(out[0], NULL);
        g_assert_cmpstr(nothing, ==, "");
        close_fd(&out[0]);
}

typedef struct JournalWait {
        const char *unit, *text;
} JournalWait;

static gboolean journal_has(gpointer data)
{
        JournalWait *wait = data;
        return shell_status("journalctl -q -u '%s' -o cat | grep -qx '%s'", wait->unit, wait->text) == 0;
}

static void test_journal(void)
{
        g_autoptr(Container) container = container_new(client);
        g_autofree char *unit = container_unit(container),
                        *script = g_strdup_printf("echo out of %d; echo err of %d >&2; exec sleep 1000", getpid(),
                                                  getpid());
        const char *words[] = {"out", "err", "exec"};

        g_autoptr(Process) init = process_new(container, .method = "Start", .script = script);
        g_autofree char *second = g_strdup_printf("echo exec of %d", getpid());
        g_autoptr(Process) exec = process_new(container, .script = second);
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
                g_autofree char *text = g_strdup_printf("%s of %d", words[i], getpid());
                JournalWait wait = {unit, text};
                wait_until(journal_has, &wait, text);
        }
        g_assert_cmpuint(process_wait(container, exec->id, NULL), ==, 0);
}

/* Only what the caller did not give is /dev/null and the journal. */
static void test_one_fd_given(void)
{
        g_autoptr(Container) container = container_new_started(client);
        int out[2];

        make_pipe(out);
        g_autoptr(Process) process = process_new(
                container, .script = "cat; readlink /proc/$$/fd/0; readlink /proc/$$/fd/2", .fds = FDS({1, out[1]}));
        close_fd(&out[1]);
        g_autofree char *text = read_text(out[0], NULL);
        assert_contains(text, "/null\nsocket:");
        close_fd(&out[0]);
}

/* What a process has open that was given the same pipe as `fds` numbers: "NUMBER TARGET", by number. The listing's own
 * folder is left out; a shell would have more, since it keeps copies and pipes of its own. */
static GPtrArray *list_fds(Container *container, const char *method, const guint32 *numbers, size_t n_numbers)
{
        g_autofree FdPair *fds = g_new0(FdPair, n_numbers + 1);
        GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
        int out[2];

        make_pipe(out);
        for (size_t i = 0; i < n_numbers; i++)
                fds[i] = (FdPair){numbers[i], out[1]};
        fds[n_numbers].fd = -1;
        g_autoptr(Process) process =
                process_new(container, .method = method, .argv = ARGV("ls", "-l", "/proc/self/fd"), .fds = fds);
        close_fd(&out[1]);
        g_autofree char *text = read_text(out[0], NULL);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                g_auto(GStrv) parts = g_strsplit(*line, " -> ", 2);
                if (parts[0] && parts[1] && !g_str_has_prefix(parts[1], "/proc/"))
                        g_ptr_array_add(list, g_strdup_printf("%s %s", strrchr(parts[0], ' ') + 1, parts[1]));
        }
        close_fd(&out[0]);
        return list;
}

/* The target of /dev/null may be written from the root of its own mount, as "/null". */
static void assert_target(const char *line, guint64 number)
{
        if (number == 1 || number == 6 || number == 63)
                g_assert_true(g_str_has_prefix(line, "pipe:"));
        else if (number == 2)
                g_assert_true(g_str_has_prefix(line, "socket:"));
        else
                g_assert_true(g_str_has_suffix(line, "/null"));
}

static void assert_fds(Container *container, const char *method)
{
        static const guint32 numbers[] = {1, 6, 63};
        g_autoptr(GPtrArray) list = list_fds(container, method, numbers, G_N_ELEMENTS(numbers));

        for (guint i = 0; i < list->len; i++) {
                char *target;
                guint64 number = g_ascii_strtoull(list->pdata[i], &target, 10);
                g_test_message("%s", (char *) list->pdata[i]);
                g_assert_cmpuint(number, <=, 63);
                assert_target(target + 1, number);
        }
        g_assert_cmpuint(list->len, ==, 64);
}

static void test_numbers(void)
{
        g_autoptr(Container) container = container_new(client), started = container_new_started(client);

        assert_fds(container, "Start");
        assert_fds(started, "Exec");
}

static void test_no_fd_more(void)
{
        g_autoptr(Container) container = container_new(client), started = container_new_started(client);
        static const guint32 output[] = {1};

        for (int i = 0; i < 2; i++) {
                g_autoptr(GPtrArray) list = list_fds(i ? started : container, i ? "Exec" : "Start", output, 1);
                for (guint k = 0; k < list->len; k++) {
                        char *target;
                        guint64 number = g_ascii_strtoull(list->pdata[k], &target, 10);
                        g_test_message("%s", (char *) list->pdata[k]);
                        assert_target(target + 1, number);
                }
                g_assert_cmpuint(list->len, ==, 3);
        }
}

/* A file is no pipe: its offset moves for the caller, too. */
static void test_files(void)
{
        g_autoptr(Container) container = container_new_started(client);
        g_autofree char *name = NULL;
        int file = g_file_open_tmp(NULL, &name, NULL);

        g_assert_cmpint(file, >=, 0);
        write_text(file, "one\ntwo\n");
        g_assert_cmpint(lseek(file, 0, SEEK_SET), ==, 0);
        g_autoptr(Process) process = process_new(container, .script = "read line; cat > /dev/null; echo got $line >&1",
                                                 .fds = FDS({0, file}, {1, file}));
        g_assert_cmpuint(process_wait(container, process->id, NULL), ==, 0);
        g_assert_cmpint(lseek(file, 0, SEEK_CUR), ==, (off_t) strlen("one\ntwo\ngot one\n"));
        close_fd(&file);
        g_assert_no_errno(unlink(name));
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/stdio/pipeline", test_pipeline},
                {"/stdio/end-of-input", test_end_of_input},
                {"/stdio/end-of-output", test_end_of_output},
                {"/stdio/input-open-at-the-end", test_input_open_at_the_end},
                {"/stdio/journal", test_journal},
                {"/stdio/one-fd-given", test_one_fd_given},
                {"/stdio/numbers", test_numbers},
                {"/stdio/no-fd-more", test_no_fd_more},
                {"/stdio/files", test_files},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
