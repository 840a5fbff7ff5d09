/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secrets as environment variables: where their values come from, what can't be one, and that nobody reads them who
 * should not.
 */
#include "common.h"

#include <glib/gstdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define VALUE "hush-a-value-b7c1"

/* The bytes of a text without the NUL that GVariant's own byte strings end with. */
static char *bytes_text(const char *text)
{
        g_autoptr(GString) list = g_string_new("@ay [");

        for (const char *p = text; *p; p++)
                g_string_append_printf(list, "%s0x%02x", p > text ? ", " : "", (unsigned char) *p);
        g_string_append_c(list, ']');
        return g_string_free(g_steal_pointer(&list), FALSE);
}

static Container *container_with_secret(const char *value)
{
        g_autofree char *bytes = bytes_text(value);
        g_autofree char *options = g_strdup_printf("{'secrets': <{'token': <%s>}>}", bytes);

        return container_new(alice, .options = options);
}

static Process *start_init(Container *container)
{
        return process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"), .options = "{'id': <'init'>}");
}

static void test_first_and_later(void)
{
        g_autoptr(Container) container = container_with_secret(VALUE);
        int ends[2];

        make_pipe(ends);
        g_autoptr(Process) init = process_new(container, .method = "Start", .fds = FDS({1, ends[1]}),
                                              .script = "echo \"<$TOKEN>\"; exec sleep 1000",
                                              .options = "{'secret-env': <[('TOKEN', 'token', false)]>}");
        close_fd(&ends[1]);
        g_autofree char *first = read_text(ends[0], "\n");
        close_fd(&ends[0]);
        g_assert_cmpstr(first, ==, "<" VALUE ">\n");

        for (int i = 0; i < 2; i++) {
                g_autofree char *output = NULL;
                process_run(container, &output, .script = "echo \"<$A> <$B> <$TOKEN>\"", .env = "{'B': 'b'}",
                            .options = "{'secret-env': <[('A', 'token', false)]>}");
                g_assert_cmpstr(output, ==, "<" VALUE "> <b> <>");
        }
}

/* One that is handed in as an fd is read once, and there as often as it is wanted. */
static void test_fds(void)
{
        int pipe_ends[2], memory = memfd_create("secret", MFD_CLOEXEC);

        make_pipe(pipe_ends);
        write_text(pipe_ends[1], "of a pipe\n");
        close_fd(&pipe_ends[1]);
        write_text(memory, "of a file");
        g_assert_cmpint(lseek(memory, 0, SEEK_SET), ==, 0);
        g_autoptr(Container) container =
                container_new(alice, .handles = HANDLES(pipe_ends[0], memory),
                              .options = "{'secrets': <{'pipe': <handle 1>, 'file': <handle 2>}>}");
        close_fd(&pipe_ends[0]);
        close_fd(&memory);
        g_autoptr(Process) init = start_init(container);

        for (int i = 0; i < 2; i++) {
                g_autofree char *output = NULL;
                process_run(container, &output, .script = "echo \"<$P> <$F>\"",
                            .options = "{'secret-env': <[('P', 'pipe', false), ('F', 'file', true)]>}");
                g_assert_cmpstr(output, ==, "<of a pipe\n> <of a file>");
        }
}

static void test_missing(void)
{
        g_autoptr(Container) container = container_with_secret(VALUE);
        g_autoptr(Reply) start = process_fails(container, .method = "Start", .script = "true",
                                               .options = "{'secret-env': <[('A', 'other', false)]>}");
        assert_error(start, ERROR_GANGWAY("NoSuchSecret"), "'other'");
        g_autoptr(Process) init = start_init(container);
        g_autoptr(Reply) exec = process_fails(container, .script = "true",
                                              .options = "{'secret-env': <[('A', 'token', false), ('B', '', false)]>}");
        assert_error(exec, ERROR_GANGWAY("NoSuchSecret"), "''");
        g_assert_null(strstr(exec->message, VALUE));
        g_autofree char *output = NULL;

        process_run(container, &output, .script = "echo ${A-unset} ${B-unset}",
                    .options = "{'secret-env': <[('A', 'other', true), ('B', 'token', true)]>}");
        g_assert_cmpstr(output, ==, "unset " VALUE);
}

static void test_values_that_cannot_be(void)
{
        int nul = memfd_create("secret", MFD_CLOEXEC), invalid = memfd_create("secret", MFD_CLOEXEC);
        int large = memfd_create("secret", MFD_CLOEXEC);
        g_autofree char *long_text = g_strnfill(131070, 'x');

        g_assert_cmpint(pwrite(nul, "hush\0hush", 9, 0), ==, 9);
        g_assert_cmpint(pwrite(invalid, "hush\377", 5, 0), ==, 5);
        g_assert_cmpint(pwrite(large, long_text, 131070, 0), ==, 131070);
        g_autoptr(Container) container =
                container_new(alice, .handles = HANDLES(nul, invalid, large),
                              .options = "{'secrets': <{'nul': <handle 1>, 'invalid': <handle 2>, "
                                         "'large': <handle 3>}>}");
        g_autoptr(Process) init = start_init(container);
        const char *const parts[][2] = {{"nul", "NUL"}, {"invalid", "UTF-8"}, {"large", "128 KiB"}};

        for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
                g_autofree char *options = g_strdup_printf("{'secret-env': <[('A', '%s', true)]>}", parts[i][0]);
                g_autoptr(Reply) reply = process_fails(container, .script = "true", .options = options);
                assert_error(reply, ERROR_INVALID_ARGS, parts[i][1]);
                assert_contains(reply->message, parts[i][0]);
                g_assert_null(strstr(reply->message, "hush"));
        }
        close_fd(&nul);
        close_fd(&invalid);
        close_fd(&large);
}

/* Neither the bus nor the journal says anything of it, not when something fails either. */
static void test_nobody_else_reads_it(void)
{
        g_autoptr(Container) container = container_with_secret(VALUE);
        g_autoptr(Process) init =
                process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"),
                            .options = "{'id': <'init'>, 'secret-env': <[('TOKEN', 'token', false)]>}");
        g_autoptr(Reply) failed = process_fails(container, .argv = ARGV("not-there"),
                                                .options = "{'secret-env': <[('TOKEN', 'token', false)]>}");
        g_autoptr(GVariant) all =
                client_call_to(client, GANGWAY_NAME, container->path, "org.freedesktop.DBus.Properties", "GetAll",
                               g_variant_new("(s)", "org.gangway1.Container"));
        g_autoptr(GVariant) list = client_call(client, GANGWAY_PATH, "ListContainers", NULL);
        g_autofree char *all_text = g_variant_print(all, FALSE), *list_text = g_variant_print(list, FALSE);
        g_autofree char *lines = shell("journalctl --sync; journalctl --quiet --no-pager | grep -c " VALUE " || true");
        g_autofree char *readable = shell("setpriv --reuid=%u --regid=%u --clear-groups grep -rls " VALUE
                                          " /run/gangway /var/lib/gangway 2>/dev/null || true",
                                          client_uid(alice), client_gid(alice));
        g_autofree char *on_disk = shell("grep -rls " VALUE " /var/lib/gangway || true");

        g_assert_null(strstr(failed->message, VALUE));
        g_assert_null(strstr(all_text, VALUE));
        g_assert_null(strstr(list_text, VALUE));
        g_assert_cmpstr(lines, ==, "0");
        g_assert_cmpstr(readable, ==, "");
        g_assert_cmpstr(on_disk, ==, "");
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/secret-env/first-and-later", test_first_and_later},
                {"/secret-env/fds", test_fds},
                {"/secret-env/missing", test_missing},
                {"/secret-env/values-that-cannot-be", test_values_that_cannot_be},
                {"/secret-env/nobody-else-reads-it", test_nobody_else_reads_it},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
