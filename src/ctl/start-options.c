/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An attached process is asked for with watch-bus: should this program be killed between the call and the reply, or
 * at any later time, then no process stays behind that nobody watches. Who wants that takes --detach.
 */

#include "config.h"

#include "ctl/start-options.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>

#include "ctl/bus-call.h"
#include "util/cleanup.h"
#include "util/error.h"

void start_options_init(StartOptions *options)
{
        *options = (StartOptions){.env = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                                  .secret_env = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
}

void start_options_done(StartOptions *options)
{
        g_clear_pointer(&options->env, g_hash_table_unref);
        g_clear_pointer(&options->secret_env, g_hash_table_unref);
}

/* "NAME=VALUE", or "NAME" for the value that this program has itself; where it has none, nothing is set. */
static int take_env(StartOptions *options, const char *text, sd_bus_error *error)
{
        const char *equals = strchrnul(text, '='), *value;
        g_autofree char *name = g_strndup(text, (gsize) (equals - text));

        if (!*name)
                return error_invalid(error, _("the environment variable '%s' has no name"), text);
        value = *equals ? equals + 1 : g_getenv(name);
        if (!value)
                return 1;
        if (!g_utf8_validate(value, -1, NULL))
                return error_invalid(error, _("the value of the environment variable %s is not UTF-8"), name);
        g_hash_table_insert(options->env, g_steal_pointer(&name), g_strdup(value));
        return 1;
}

/* "NAME=ID", or "NAME" for the secret with this id. */
static int take_secret_env(StartOptions *options, const char *text, sd_bus_error *error)
{
        const char *equals = strchrnul(text, '=');

        if (equals == text || (*equals && !equals[1]))
                return error_invalid(error, _("--secret-env takes NAME=ID, not '%s'"), text);
        g_hash_table_insert(options->secret_env, g_strndup(text, (gsize) (equals - text)),
                            g_strdup(*equals ? equals + 1 : text));
        return 1;
}

int start_options_take(StartOptions *options, int c, const char *value, sd_bus_error *error)
{
        switch (c) {
        case 't':
                options->tty = true;
                return 1;
        case 'd':
                options->detach = true;
                return 1;
        case 'u':
                options->user = value;
                return 1;
        case 'w':
                options->cwd = value;
                return 1;
        case 'e':
                return take_env(options, value, error);
        case OPTION_SECRET_ENV:
                return take_secret_env(options, value, error);
        case OPTION_ID:
                options->id = value;
                return 1;
        default:
                return 0;
        }
}

static int append_env(sd_bus_message *message, GHashTable *env)
{
        GHashTableIter iterator;
        gpointer name, value;
        int r;

        r = sd_bus_message_open_container(message, 'a', "{ss}");
        if (r < 0)
                return r;
        g_hash_table_iter_init(&iterator, env);
        while (g_hash_table_iter_next(&iterator, &name, &value))
                if ((r = sd_bus_message_append(message, "{ss}", name, value)) < 0)
                        return r;
        return sd_bus_message_close_container(message);
}

static int append_fds(sd_bus_message *message, bool own)
{
        int r;

        r = sd_bus_message_open_container(message, 'a', "{uh}");
        if (r < 0)
                return r;
        for (uint32_t fd = 0; own && fd <= 2; fd++)
                if ((r = sd_bus_message_append(message, "{uh}", fd, (int) fd)) < 0)
                        return r;
        return sd_bus_message_close_container(message);
}

/* A secret that a person names is to be there. */
static int append_secret_env(sd_bus_message *message, GHashTable *secret_env)
{
        GHashTableIter iterator;
        gpointer name, id;
        int r;

        if (g_hash_table_size(secret_env) == 0)
                return 0;
        if ((r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(message, "s", "secret-env")) < 0 ||
            (r = sd_bus_message_open_container(message, 'v', "a(ssb)")) < 0 ||
            (r = sd_bus_message_open_container(message, 'a', "(ssb)")) < 0)
                return r;
        g_hash_table_iter_init(&iterator, secret_env);
        while (g_hash_table_iter_next(&iterator, &name, &id))
                if ((r = sd_bus_message_append(message, "(ssb)", name, id, false)) < 0)
                        return r;
        for (int i = 0; i < 3; i++)
                if ((r = sd_bus_message_close_container(message)) < 0)
                        return r;
        return 0;
}

static int append_options(sd_bus_message *message, const StartOptions *options, TerminalSize size)
{
        int r;

        r = sd_bus_message_open_container(message, 'a', "{sv}");
        if (r < 0)
                return r;
        if ((options->user && (r = sd_bus_message_append(message, "{sv}", "user", "s", options->user)) < 0) ||
            (options->cwd && (r = sd_bus_message_append(message, "{sv}", "cwd", "s", options->cwd)) < 0) ||
            (options->id && (r = sd_bus_message_append(message, "{sv}", "id", "s", options->id)) < 0))
                return r;
        if (options->tty && (r = sd_bus_message_append(message, "{sv}{sv}", "tty", "b", true, "winsize", "(qq)",
                                                       size.rows, size.columns)) < 0)
                return r;
        r = append_secret_env(message, options->secret_env);
        if (r < 0)
                return r;
        if (!options->detach && (r = sd_bus_message_append(message, "{sv}", "watch-bus", "b", true)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}

/* The terminal's master in results, as a copy of the message's own fd; -1 where there is none. */
static int read_pty(sd_bus_message *reply, int *ret)
{
        _cleanup_close_ int pty = -1;
        const char *key;
        int r, fd;

        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                r = sd_bus_message_read(reply, "s", &key);
                if (r < 0)
                        return r;
                if (strcmp(key, "pty") == 0 && pty < 0) {
                        r = sd_bus_message_read(reply, "v", "h", &fd);
                        if (r < 0)
                                return r;
                        pty = fcntl(fd, F_DUPFD_CLOEXEC, 3);
                        if (pty < 0)
                                return -errno;
                } else if ((r = sd_bus_message_skip(reply, "v")) < 0)
                        return r;
                r = sd_bus_message_exit_container(reply);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        *ret = steal_fd(&pty);
        return 0;
}

static int read_process(sd_bus_message *reply, StartedProcess *ret)
{
        const char *id;
        int r, pty = -1;

        r = sd_bus_message_read(reply, "s", &id);
        if (r < 0)
                return r;
        r = read_pty(reply, &pty);
        if (r < 0)
                return r;
        ret->id = g_strdup(id);
        ret->pty = pty;
        return 0;
}

static int call_attached(Ctl *ctl, sd_bus_message *message, bool tty, Signals *signals, sd_bus_message **ret,
                         sd_bus_error *error)
{
        int r;

        r = signals_take(signals, tty);
        if (r < 0)
                return ctl_bus_failure(r, error);
        return ctl_call_with_signals(ctl, message, signals, ret, error);
}

int start_options_call(Ctl *ctl, const StartOptions *options, const char *path, const char *member, char **command,
                       Signals *signals, StartedProcess *ret, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
        StartedProcess process = {.pty = -1, .size = terminal_size()};
        int r;

        r = ctl_new_call(ctl, path, member, &message, error);
        if (r < 0)
                return r;
        if ((r = sd_bus_message_append_strv(message, command)) < 0 || (r = append_env(message, options->env)) < 0 ||
            (r = append_fds(message, !options->tty && !options->detach)) < 0 ||
            (r = append_options(message, options, process.size)) < 0)
                return ctl_bus_failure(r, error);
        r = options->detach ? ctl_call(ctl, message, &reply, error)
                            : call_attached(ctl, message, options->tty, signals, &reply, error);
        if (r < 0)
                return r;
        r = read_process(reply, &process);
        if (r < 0)
                return ctl_bus_failure(r, error);
        *ret = process;
        return 0;
}

void started_process_done(StartedProcess *process)
{
        g_clear_pointer(&process->id, g_free);
        process->pty = safe_close(process->pty);
}
