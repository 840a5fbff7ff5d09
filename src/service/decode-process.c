/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/decode-process.h"

#include "service/decode.h"
#include "util/cleanup.h"

static int read_cwd(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_string(m, &((ProcessSpec *) target)->cwd);
}

static int read_user(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_string(m, &((ProcessSpec *) target)->user);
}

static int read_id(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_string(m, &((ProcessSpec *) target)->id);
}

static int read_tty(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_bool(m, &((ProcessSpec *) target)->tty);
}

static int read_winsize(sd_bus_message *m, void *target, sd_bus_error *error)
{
        ProcessSpec *spec = target;

        return sd_bus_message_read(m, "(qq)", &spec->rows, &spec->columns);
}

static int read_watch_bus(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_bool(m, &((ProcessSpec *) target)->watch_bus);
}

static int read_secret_env(sd_bus_message *m, void *target, sd_bus_error *error)
{
        const char *name, *secret;
        int optional, r;

        r = sd_bus_message_enter_container(m, 'a', "(ssb)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(ssb)", &name, &secret, &optional)) > 0) {
                r = process_spec_add_secret_env(target, name, secret, optional != 0, error);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_env(sd_bus_message *m, ProcessSpec *spec, sd_bus_error *error)
{
        const char *name, *value;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{ss}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "{ss}", &name, &value)) > 0) {
                r = process_spec_add_env(spec, name, value, error);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_fds(sd_bus_message *m, ProcessSpec *spec, sd_bus_error *error)
{
        uint32_t number;
        int fd, r;

        r = sd_bus_message_enter_container(m, 'a', "{uh}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "{uh}", &number, &fd)) > 0) {
                r = process_spec_add_fd(spec, number, fd, error);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int decode_process(sd_bus_message *m, const ProcessDefaults *defaults, ProcessSpec **ret, sd_bus_error *error)
{
        static const OptionRow rows[] = {
                {"cwd", "s", read_cwd},
                {"user", "s", read_user},
                {"id", "s", read_id},
                {"tty", "b", read_tty},
                {"winsize", "(qq)", read_winsize},
                {"watch-bus", "b", read_watch_bus},
                {"secret-env", "a(ssb)", read_secret_env},
                {NULL, NULL, NULL},
        };
        g_autoptr(ProcessSpec) spec = process_spec_new();
        _cleanup_free_ char **argv = NULL;
        int r;

        r = sd_bus_message_read_strv(m, &argv);
        if (r < 0)
                return r;
        spec->argv = argv ? g_strdupv(argv) : g_new0(char *, 1);
        for (char **argument = argv; argument && *argument; argument++)
                free(*argument);

        r = read_env(m, spec, error);
        if (r >= 0)
                r = read_fds(m, spec, error);
        if (r >= 0)
                r = decode_options(m, "option", rows, spec, error);
        if (r >= 0 && defaults)
                process_spec_apply(spec, defaults);
        if (r >= 0)
                r = process_spec_check(spec, error);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&spec);
        return 0;
}
