/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/process-spec.h"

#include <fcntl.h>
#include <string.h>

#include "model/names.h"
#include "util/cleanup.h"
#include "util/error.h"

#define ARGUMENTS_SIZE_MAX (2U * 1024U * 1024U)
/* Of one variable with its name, execve(2): 32 pages. */
#define VARIABLE_SIZE_MAX 131071U
/* The reference's goes by the platform's system (BuildKit, DefaultPathEnv()), of which only linux is here: its
 * architecture changes nothing. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define DEFAULT_TERM "xterm"

static void close_process_fd(gpointer data)
{
        safe_close(((ProcessFd *) data)->fd);
}

static void free_secret_env(gpointer data)
{
        SecretEnv *variable = data;

        g_free(variable->name);
        g_free(variable->secret);
        g_free(variable);
}

ProcessSpec *process_spec_new(void)
{
        ProcessSpec *spec = g_new0(ProcessSpec, 1);

        spec->secret_env = g_ptr_array_new_with_free_func(free_secret_env);
        spec->env = g_ptr_array_new_with_free_func(g_free);
        spec->fds = g_array_new(FALSE, FALSE, sizeof(ProcessFd));
        g_array_set_clear_func(spec->fds, close_process_fd);
        return spec;
}

ProcessSpec *process_spec_free(ProcessSpec *spec)
{
        if (!spec)
                return NULL;
        g_array_unref(spec->fds);
        g_ptr_array_unref(spec->env);
        g_ptr_array_unref(spec->secret_env);
        g_strfreev(spec->argv);
        g_free(spec->id);
        g_free(spec->cwd);
        g_free(spec->user);
        g_free(spec);
        return NULL;
}

bool process_spec_has_env(const ProcessSpec *spec, const char *name)
{
        size_t length = strlen(name);

        for (guint i = 0; i < spec->env->len; i++) {
                const char *entry = spec->env->pdata[i];

                if (entry && strncmp(entry, name, length) == 0 && entry[length] == '=')
                        return true;
        }
        return false;
}

static bool has_secret_env(const ProcessSpec *spec, const char *name)
{
        for (guint i = 0; i < spec->secret_env->len; i++)
                if (strcmp(((SecretEnv *) spec->secret_env->pdata[i])->name, name) == 0)
                        return true;
        return false;
}

void process_spec_set_default(ProcessSpec *spec, const char *name, const char *value)
{
        if (!process_spec_has_env(spec, name) && !has_secret_env(spec, name))
                g_ptr_array_insert(spec->env, (gint) spec->env->len - 1, g_strdup_printf("%s=%s", name, value));
}

static int check_variable(const ProcessSpec *spec, const char *name, sd_bus_error *error)
{
        if (!*name || strchr(name, '='))
                return error_invalid(
                        error, "'%s' can't be the name of an environment variable: it is empty or has a '='", name);
        if (process_spec_has_env(spec, name) || has_secret_env(spec, name))
                return error_invalid(error, "The environment variable '%s' is given twice", name);
        return 0;
}

int process_spec_add_env(ProcessSpec *spec, const char *name, const char *value, sd_bus_error *error)
{
        int r = check_variable(spec, name, error);

        if (r >= 0)
                g_ptr_array_add(spec->env, g_strdup_printf("%s=%s", name, value));
        return r;
}

int process_spec_add_secret_env(ProcessSpec *spec, const char *name, const char *secret, bool optional,
                                sd_bus_error *error)
{
        SecretEnv *variable;
        int r = check_variable(spec, name, error);

        if (r < 0)
                return r;
        variable = g_new0(SecretEnv, 1);
        variable->name = g_strdup(name);
        variable->secret = g_strdup(secret);
        variable->optional = optional;
        g_ptr_array_add(spec->secret_env, variable);
        return 0;
}

int process_spec_add_fd(ProcessSpec *spec, uint32_t number, int fd, sd_bus_error *error)
{
        ProcessFd entry = {.number = number};

        if (number > PROCESS_FD_MAX)
                return error_invalid(error, "The file descriptor number %u is over the limit of %u", number,
                                     PROCESS_FD_MAX);
        for (guint i = 0; i < spec->fds->len; i++)
                if (g_array_index(spec->fds, ProcessFd, i).number == number)
                        return error_invalid(error, "The file descriptor number %u is given twice", number);

        entry.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (entry.fd < 0)
                return -errno;
        g_array_append_val(spec->fds, entry);
        return 0;
}

static GStrv join(const char *const *one, const char *const *other)
{
        GPtrArray *list = g_ptr_array_new();

        for (; one && *one; one++)
                g_ptr_array_add(list, g_strdup(*one));
        for (; other && *other; other++)
                g_ptr_array_add(list, g_strdup(*other));
        g_ptr_array_add(list, NULL);
        return (GStrv) g_ptr_array_free(list, FALSE);
}

static void apply_env(ProcessSpec *spec, const char *const *env)
{
        for (; env && *env; env++) {
                const char *equals = strchr(*env, '=');
                g_autofree char *name = equals ? g_strndup(*env, (gsize) (equals - *env)) : NULL;

                if (name && *name && !process_spec_has_env(spec, name) && !has_secret_env(spec, name))
                        g_ptr_array_add(spec->env, g_strdup(*env));
        }
}

void process_spec_apply(ProcessSpec *spec, const ProcessDefaults *defaults)
{
        apply_env(spec, defaults->env);
        if (!spec->user)
                spec->user = g_strdup(defaults->user);
        if (!spec->cwd)
                spec->cwd = g_strdup(defaults->working_dir);
        if (!spec->argv || !spec->argv[0]) {
                g_strfreev(spec->argv);
                spec->argv = join(defaults->entrypoint, defaults->cmd);
        }
}

static int check_terminal(const ProcessSpec *spec, sd_bus_error *error)
{
        if (!spec->tty)
                return spec->rows == 0 && spec->columns == 0
                               ? 0
                               : error_invalid(error, "The option 'winsize' is given without 'tty'");
        for (guint i = 0; i < spec->fds->len; i++) {
                uint32_t number = g_array_index(spec->fds, ProcessFd, i).number;

                if (number <= STDERR_FILENO)
                        return error_invalid(error,
                                             "The file descriptor number %u is given besides the option 'tty', which "
                                             "takes 0, 1 and 2",
                                             number);
        }
        return 0;
}

/* The kernel gives a quarter of the stack's limit to both together, execve(2). */
static int check_size(const ProcessSpec *spec, sd_bus_error *error)
{
        size_t size = 0;

        for (char **argument = spec->argv; *argument; argument++)
                size += strlen(*argument) + 1;
        for (guint i = 0; i < spec->env->len; i++)
                if (spec->env->pdata[i])
                        size += strlen(spec->env->pdata[i]) + 1;
        if (size > ARGUMENTS_SIZE_MAX)
                return error_invalid(error, "argv and env have %zu bytes together, the limit is %u", size,
                                     ARGUMENTS_SIZE_MAX);
        return 0;
}

int process_spec_check(ProcessSpec *spec, sd_bus_error *error)
{
        int r;

        if (!spec->argv || !spec->argv[0])
                return error_invalid(error, "argv is empty; its first string is the program");
        if (!*spec->argv[0])
                return error_invalid(error, "argv names no program: its first string is ''");
        if (spec->id && !name_is_valid(spec->id))
                return error_invalid(error,
                                     "'%.128s' can't be a process's id: 1 to 63 of A-Z a-z 0-9 _ . -, the first one a "
                                     "letter or digit",
                                     spec->id);
        if (spec->cwd && *spec->cwd && *spec->cwd != '/')
                return error_invalid(error, "The working directory '%s' is not absolute", spec->cwd);
        r = check_terminal(spec, error);
        if (r >= 0)
                r = check_size(spec, error);
        if (r < 0)
                return r;

        if (!spec->cwd || !*spec->cwd) {
                g_free(spec->cwd);
                spec->cwd = g_strdup("/");
        }
        if (!spec->user)
                spec->user = g_strdup("");
        g_ptr_array_add(spec->env, NULL);
        process_spec_set_default(spec, "PATH", DEFAULT_PATH);
        if (spec->tty)
                process_spec_set_default(spec, "TERM", DEFAULT_TERM);
        return 0;
}

/* Whether it can be a variable's value; the sentence says why not, and nothing of what it is. */
static int check_secret(const SecretEnv *variable, GBytes *value, sd_bus_error *error)
{
        size_t size;
        const char *bytes = g_bytes_get_data(value, &size);

        if (size > 0 && memchr(bytes, '\0', size))
                return error_invalid(error,
                                     "The secret '%.128s' can't be the value of the variable '%s': it has a NUL byte",
                                     variable->secret, variable->name);
        if (strlen(variable->name) + 1 + size > VARIABLE_SIZE_MAX)
                return error_invalid(error,
                                     "The secret '%.128s' can't be the value of the variable '%s': it has more than "
                                     "the 128 KiB that a variable can have",
                                     variable->secret, variable->name);
        if (size > 0 && !g_utf8_validate(bytes, (gssize) size, NULL))
                return error_invalid(error,
                                     "The secret '%.128s' can't be the value of the variable '%s': it is no UTF-8; "
                                     "mount it as a file",
                                     variable->secret, variable->name);
        return 0;
}

int process_spec_set_secrets(ProcessSpec *spec, ProcessSecretFind find, void *userdata, sd_bus_error *error)
{
        for (guint i = 0; i < spec->secret_env->len; i++) {
                const SecretEnv *variable = spec->secret_env->pdata[i];
                g_autoptr(GBytes) value = find(variable->secret, userdata);
                int r;

                if (!value && variable->optional)
                        continue;
                if (!value)
                        return error_set(error, ERROR_NO_SUCH_SECRET,
                                         "The variable '%s' wants the secret '%.128s', which is not in the option "
                                         "'secrets' of the container",
                                         variable->name, variable->secret);
                r = check_secret(variable, value, error);
                if (r < 0)
                        return r;
                g_ptr_array_insert(spec->env, (gint) spec->env->len - 1,
                                   g_strdup_printf("%s=%.*s", variable->name, (int) g_bytes_get_size(value),
                                                   (const char *) g_bytes_get_data(value, NULL)));
        }
        g_ptr_array_set_size(spec->secret_env, 0);
        return check_size(spec, error);
}
