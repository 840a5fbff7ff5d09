/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system around the daemon, as its administrator sees it: by shell commands, on purpose not by any code of the
 * project, so that a test can't share a mistake with what it tests.
 */
#include "common.h"

#include <glib/gstdio.h>
#include <sys/wait.h>

#define RULES_FILE "/etc/polkit-1/rules.d/00-gangway-test.rules"

static char *run_shell(const char *command, int *ret_status)
{
        const char *argv[] = {"/bin/sh", "-c", command, NULL};
        g_autoptr(GError) error = NULL;
        char *output = NULL;

        g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, ret_status, &error);
        g_assert_no_error(error);
        return g_strchomp(output);
}

char *shell(const char *format, ...)
{
        va_list args;
        int status;

        va_start(args, format);
        g_autofree char *command = g_strdup_vprintf(format, args);
        va_end(args);
        char *output = run_shell(command, &status);
        if (status != 0)
                g_error("status %d of: %s\n%s", status, command, output);
        return output;
}

int shell_status(const char *format, ...)
{
        va_list args;
        int status;

        va_start(args, format);
        g_autofree char *command = g_strdup_vprintf(format, args);
        va_end(args);
        g_autofree char *output = run_shell(command, &status);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

char *file_text(const char *format, ...)
{
        g_autoptr(GError) error = NULL;
        va_list args;
        char *text = NULL;

        va_start(args, format);
        g_autofree char *path = g_strdup_vprintf(format, args);
        va_end(args);
        g_file_get_contents(path, &text, NULL, &error);
        g_assert_no_error(error);
        return g_strchomp(text);
}

char *link_text(const char *format, ...)
{
        g_autoptr(GError) error = NULL;
        va_list args;

        va_start(args, format);
        g_autofree char *path = g_strdup_vprintf(format, args);
        va_end(args);
        char *target = g_file_read_link(path, &error);
        g_assert_no_error(error);
        return target;
}

pid_t daemon_pid(void)
{
        g_autofree char *pid = shell("systemctl show -P MainPID gangwayd.service");
        return (pid_t) g_ascii_strtoll(pid, NULL, 10);
}

/* Mounts are told apart by what is mounted where, not by their numbers, which the kernel uses again. The daemon has a
 * mount namespace of its own, so its folders are looked at through its root too. */
static const char snapshot_script[] =
        "daemon=$(systemctl show -P MainPID gangwayd.service)\n"
        "echo processes:\n"
        "grep -slE '/gangway-[0-9]|/gangwayd[.]service' /proc/[0-9]*/cgroup |\n"
        "while read -r file; do cat \"${file%cgroup}comm\" 2>/dev/null; done | sort\n"
        "echo mounts:\n"
        "cat /proc/[0-9]*/mountinfo 2>/dev/null | grep -E '/(run|var/lib)/gangway(/| )' | cut -d' ' -f4-6 | sort -u\n"
        "echo scopes:\n"
        "systemctl list-units --all --plain --no-legend 'gangway-[0-9]*.scope'\n"
        "echo control groups:\n"
        "find /sys/fs/cgroup -type d -path '*/gangway-[0-9]*.slice/*'\n"
        "echo folders:\n"
        "for top in '' /proc/$daemon/root; do\n"
        "        find $top/run/gangway $top/var/lib/gangway 2>/dev/null; done | sed \"s|^/proc/$daemon/root|daemon|\" "
        "| sort\n"
        "echo networks:\n"
        "ip -o link | sed 's/^[0-9]*: \\([^:@]*\\).*/\\1/' | sort\n"
        "ls /run/netns 2>/dev/null\n"
        "find /var/lib/cni -type f ! -name lock ! -name 'last_reserved_ip*' 2>/dev/null | sort\n"
        "nft list ruleset 2>/dev/null | sed 's/ counter packets [0-9]* bytes [0-9]*//'\n"
        "echo fds:\n"
        "find /proc/$daemon/fd -type l -printf '%l\\n' 2>/dev/null | sed 's/[0-9][0-9]*/N/g' | sort | uniq -c\n";

static char *take_snapshot(void)
{
        return shell("%s", snapshot_script);
}

static gboolean has_no_helper(gpointer data)
{
        return shell_status("ps -C gangway-store -C gangway-network -o pid=") != 0;
}

char *world_snapshot(void)
{
        wait_until(has_no_helper, NULL, "the daemon's helpers have ended");
        return take_snapshot();
}

static char *difference(const char *before, const char *after)
{
        g_auto(GStrv) old = g_strsplit(before, "\n", -1), new = g_strsplit(after, "\n", -1);
        g_autoptr(GString) text = g_string_new(NULL);

        for (char **line = old; *line; line++)
                if (!g_strv_contains((const char *const *) new, *line))
                        g_string_append_printf(text, "\n- %s", *line);
        for (char **line = new; *line; line++)
                if (!g_strv_contains((const char *const *) old, *line))
                        g_string_append_printf(text, "\n+ %s", *line);
        return g_strdup(text->len > 0 ? text->str : "(as many lines, of other numbers)");
}

void world_assert_same(const char *before)
{
        g_autofree char *after = take_snapshot();

        if (!g_str_equal(before, after)) {
                g_autofree char *lines = difference(before, after);
                g_error("something was left or is gone:%s", lines);
        }
}

static gboolean is_same(gpointer before)
{
        g_autofree char *after = take_snapshot();
        return g_str_equal(before, after);
}

void world_wait_same(const char *before)
{
        gint64 end = g_get_monotonic_time() + DEADLINE_SECONDS * G_TIME_SPAN_SECOND;

        while (!is_same((gpointer) before) && g_get_monotonic_time() < end)
                g_usleep(10000);
        world_assert_same(before);
}

typedef struct RulesWait {
        Client *user, *root;
        char *generation;
} RulesWait;

static gboolean rules_are_read(gpointer data)
{
        RulesWait *wait = data;
        g_autoptr(GVariant) body = NULL;
        gboolean authorized = FALSE;

        GVariant *args = g_variant_new_parsed("(('system-bus-name', {'name': <%s>}), 'org.gangway1.manage-images', "
                                              "{'gangway-test': %s}, uint32 0, '')",
                                              client_unique_name(wait->user), wait->generation);
        body = client_call_to(wait->root, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                              "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization", args);
        g_variant_get(body, "((bba{ss}))", &authorized, NULL, NULL);
        return authorized;
}

/* polkitd watches the folder, but says nowhere that it has read it. So each text has a number of its own, and says yes
 * to a question which names that number: a detail that the daemon never sends. */
void polkit_rules(const char *body)
{
        static guint count = 0;
        g_autoptr(Client) user = client_new("alice");
        g_autoptr(Client) root = client_new(NULL);
        g_autofree char *generation = g_strdup_printf("%d.%u", getpid(), ++count);
        g_autofree char *text = g_strdup_printf(
                "polkit.addRule(function(action, subject) {\n"
                "if (action.lookup('gangway-test'))\n"
                "    return action.lookup('gangway-test') == '%s' ? polkit.Result.YES : polkit.Result.NO;\n"
                "%s\n"
                "});\n",
                generation, body);
        g_autoptr(GError) error = NULL;

        g_file_set_contents(RULES_FILE, text, -1, &error);
        g_assert_no_error(error);
        g_assert_no_errno(g_chmod(RULES_FILE, 0644));
        RulesWait wait = {user, root, generation};
        wait_until(rules_are_read, &wait, "polkit reads its new rules");
}

/* Its helpers sweep before it is ready, but their processes end a little later. */
void daemon_restart(void)
{
        g_free(shell("systemctl restart gangwayd.service"));
        wait_until(has_no_helper, NULL, "the helpers that sweep have ended");
}

static char *config_text(const char *text)
{
        const char *runtime = g_getenv("GANGWAY_TEST_RUNTIME");
        g_autofree char *usual = runtime ? g_strdup_printf("[Runtime]\nPath=%s\n", runtime) : NULL;

        return g_strconcat(usual ?: "", text ?: "", NULL);
}

void daemon_write_config(const char *text)
{
        g_autofree char *all = config_text(text);
        g_autoptr(GError) error = NULL;

        g_assert_no_errno(g_mkdir_with_parents("/etc/gangway", 0755));
        g_file_set_contents(CONFIG_FILE, all, -1, &error);
        g_assert_no_error(error);
}

void daemon_configure(const char *text)
{
        g_autofree char *wanted = config_text(text), *now = NULL;

        if (g_file_get_contents(CONFIG_FILE, &now, NULL, NULL) && g_str_equal(now, wanted))
                return;
        daemon_write_config(text);
        /* Where it runs, or never did, there is nothing to reset. */
        (void) shell_status("systemctl reset-failed gangwayd.service 2>/dev/null");
        daemon_restart();
}
