/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The command line that runc set and crun follows: crun(1), runc(8). A runtime's error is text for people; the phrases
 * looked for are those of both for the two mistakes that users make most, and all else goes on as it is.
 */

#include "backend/runtime.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "util/error.h"

static GPtrArray *begin_command(const RuntimeCall *call, const char *extra)
{
        GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

        g_ptr_array_add(argv, g_strdup(call->path));
        g_ptr_array_add(argv, g_strdup_printf("--root=%s", call->root));
        g_ptr_array_add(argv, g_strdup_printf("--log=%s", call->log_file));
        g_ptr_array_add(argv, g_strdup("--log-format=json"));
        if (extra)
                g_ptr_array_add(argv, g_strdup(extra));
        return argv;
}

static GStrv end_command(GPtrArray *argv, const RuntimeCall *call)
{
        g_ptr_array_add(argv, g_strdup("--detach"));
        g_ptr_array_add(argv, g_strdup_printf("--pid-file=%s", call->pid_file));
        if (call->console)
                g_ptr_array_add(argv, g_strdup_printf("--console-socket=%s", call->console));
        if (call->preserve_fds > 0)
                g_ptr_array_add(argv, g_strdup_printf("--preserve-fds=%u", call->preserve_fds));
        g_ptr_array_add(argv, g_strdup(call->id));
        g_ptr_array_add(argv, NULL);
        return (GStrv) g_ptr_array_free(argv, FALSE);
}

static GStrv run_command(const RuntimeCall *call, const char *extra)
{
        GPtrArray *argv = begin_command(call, extra);

        g_ptr_array_add(argv, g_strdup("run"));
        g_ptr_array_add(argv, g_strdup_printf("--bundle=%s", call->bundle));
        return end_command(argv, call);
}

static GStrv exec_command(const RuntimeCall *call, const char *extra)
{
        GPtrArray *argv = begin_command(call, extra);

        g_ptr_array_add(argv, g_strdup("exec"));
        g_ptr_array_add(argv, g_strdup_printf("--process=%s", call->process));
        return end_command(argv, call);
}

/* The scope owns the group, so crun is to leave groups alone. */
#define CRUN_EXTRA "--cgroup-manager=disabled"

static GStrv crun_run_command(const RuntimeCall *call)
{
        return run_command(call, CRUN_EXTRA);
}

static GStrv crun_exec_command(const RuntimeCall *call)
{
        return exec_command(call, CRUN_EXTRA);
}

static GStrv other_run_command(const RuntimeCall *call)
{
        return run_command(call, NULL);
}

static GStrv other_exec_command(const RuntimeCall *call)
{
        return exec_command(call, NULL);
}

/* The log has an object a line; the last one that says something is the reason. */
static char *last_message(const char *text)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_autofree char *message = NULL;

        for (char **line = lines; *line; line++) {
                g_autoptr(JsonNode) node = json_from_string(*line, NULL);

                if (!node || !JSON_NODE_HOLDS_OBJECT(node) ||
                    !json_object_has_member(json_node_get_object(node), "msg"))
                        continue;
                g_free(message);
                message = g_strdup(json_object_get_string_member(json_node_get_object(node), "msg"));
        }
        return message ? g_steal_pointer(&message) : g_strdup(text);
}

/* Where runc says how far it had come, what follows is the reason. */
#define RUNC_PREFIX "unable to start container process: "

static bool has_prefix(const char *text, const char *const *prefixes)
{
        for (; *prefixes; prefixes++)
                if (g_str_has_prefix(text, *prefixes))
                        return true;
        return false;
}

/* The message holds words of the caller's, such as the program's path: so only its beginning and its end are looked at.
 */
static int explain(const char *text, const char *program, sd_bus_error *error)
{
        static const char *const about_program[] = {
                "executable file `", "open executable", "exec: \"", "exec `", "exec /", NULL};
        g_autofree char *said = g_strstrip(last_message(text));
        g_autofree char *lower = g_ascii_strdown(said, -1);
        const char *reason = strstr(said, RUNC_PREFIX);

        reason = reason ? reason + strlen(RUNC_PREFIX) : said;
        if (g_str_has_prefix(reason, "chdir "))
                return error_invalid(error, "The working directory can't be entered in the container (%s)", said);
        if (!has_prefix(reason, about_program))
                return error_set(error, ERROR_RUNTIME_FAILED, "The runtime could not start '%s': %s", program,
                                 *said ? said : "it gave no reason; see the journal of the container's scope");
        if (!g_str_has_prefix(reason, "open executable") &&
            (g_str_has_suffix(lower, "no such file or directory") || g_str_has_suffix(lower, "not found in $path")))
                return error_set(error, ERROR_NO_SUCH_PROGRAM, "There is no program '%s' in the container (%s)",
                                 program, said);
        return error_set(error, ERROR_NOT_EXECUTABLE, "The program '%s' of the container can't be executed (%s)",
                         program, said);
}

static const Runtime crun = {
        .takes_compiled_filter = true,
        .run_command = crun_run_command,
        .exec_command = crun_exec_command,
        .explain = explain,
};

static const Runtime other = {
        .needs_cgroup = true,
        .run_command = other_run_command,
        .exec_command = other_exec_command,
        .explain = explain,
};

const Runtime *runtime_for_path(const char *path)
{
        g_autofree char *name = g_path_get_basename(path);

        return strcmp(name, "crun") == 0 ? &crun : &other;
}
