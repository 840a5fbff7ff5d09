/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Files and sockets are opened here, with the rights of the caller, and go to the daemon as file descriptors: it could
 * not tell which files of this machine the caller may read.
 */

#include "config.h"

#include "ctl/grant-option.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/field-list.h"
#include "util/cleanup.h"
#include "util/error.h"

#define SECRET "--secret"

static char **secret_member(SecretOption *secret, const char *key)
{
        if (strcmp(key, "id") == 0)
                return &secret->id;
        if (strcmp(key, "src") == 0 || strcmp(key, "source") == 0)
                return &secret->file;
        if (strcmp(key, "env") == 0)
                return &secret->variable;
        return NULL;
}

int secret_option_parse(const char *text, SecretOption **ret, sd_bus_error *error)
{
        g_autoptr(SecretOption) secret = g_new0(SecretOption, 1);
        g_autoptr(GPtrArray) fields = NULL;
        int r;

        r = field_list_parse(SECRET, text, &fields, error);
        if (r < 0)
                return r;
        for (guint i = 0; i < fields->len; i++) {
                const Field *field = fields->pdata[i];
                char **member = secret_member(secret, field->key);

                if (!member)
                        return error_invalid(error, _("%s: there is no key '%s'; there are id, src, env"), SECRET,
                                             field->key);
                if (!field->value || !*field->value)
                        return error_invalid(error, _("%s: %s needs a value"), SECRET, field->key);
                g_free(*member);
                *member = g_strdup(field->value);
        }
        if (!secret->id || !secret->file == !secret->variable)
                return error_invalid(error, _("%s takes id=NAME and one of src=FILE and env=VARIABLE, not '%s'"),
                                     SECRET, text);
        *ret = g_steal_pointer(&secret);
        return 0;
}

static int append_file(sd_bus_message *message, const SecretOption *secret, sd_bus_error *error)
{
        _cleanup_close_ int fd = -1;
        int r;

        fd = open(secret->file, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
                r = -errno;
                sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, _("can't read the secret '%s' from '%s': %s"), secret->id,
                                  secret->file, g_strerror(-r));
                return r;
        }
        return sd_bus_message_append(message, "{sv}", secret->id, "h", fd);
}

static int append_variable(sd_bus_message *message, const SecretOption *secret, sd_bus_error *error)
{
        const char *value = g_getenv(secret->variable);
        int r;

        if (!value)
                return error_invalid(error, _("%s: the environment has no variable %s"), SECRET, secret->variable);
        if ((r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(message, "s", secret->id)) < 0 ||
            (r = sd_bus_message_open_container(message, 'v', "ay")) < 0 ||
            (r = sd_bus_message_append_array(message, 'y', value, strlen(value))) < 0 ||
            (r = sd_bus_message_close_container(message)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}

int secret_option_append(sd_bus_message *message, const SecretOption *secret, sd_bus_error *error)
{
        return secret->file ? append_file(message, secret, error) : append_variable(message, secret, error);
}

SecretOption *secret_option_free(SecretOption *secret)
{
        if (!secret)
                return NULL;
        g_free(secret->id);
        g_free(secret->file);
        g_free(secret->variable);
        g_free(secret);
        return NULL;
}

int agent_option_parse(const char *text, AgentOption **ret, sd_bus_error *error)
{
        const char *equals = strchrnul(text, '=');
        AgentOption *agent;

        if (equals == text || (*equals && !equals[1]))
                return error_invalid(error, _("--ssh takes default or ID=SOCKET, not '%s'"), text);
        agent = g_new(AgentOption, 1);
        *agent = (AgentOption){.id = g_strndup(text, (gsize) (equals - text)),
                               .socket = *equals ? g_strdup(equals + 1) : NULL};
        *ret = agent;
        return 0;
}

int agent_option_append(sd_bus_message *message, const AgentOption *agent, sd_bus_error *error)
{
        const char *path = agent->socket ?: g_getenv("SSH_AUTH_SOCK");
        _cleanup_close_ int fd = -1;
        struct stat status;
        int r;

        if (!path || !*path)
                return error_invalid(error, _("--ssh %s: no agent is there, SSH_AUTH_SOCK is not set"), agent->id);
        fd = open(path, O_PATH | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &status) < 0) {
                r = -errno;
                sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, _("can't open the agent's socket '%s': %s"), path,
                                  g_strerror(-r));
                return r;
        }
        /* docker build takes keys here as well; an agent is what keeps them out of the container. */
        if (!S_ISSOCK(status.st_mode))
                return error_invalid(error, _("--ssh %s: '%s' is not the socket of an agent"), agent->id, path);
        return sd_bus_message_append(message, "{sh}", agent->id, fd);
}

AgentOption *agent_option_free(AgentOption *agent)
{
        if (!agent)
                return NULL;
        g_free(agent->id);
        g_free(agent->socket);
        g_free(agent);
        return NULL;
}
