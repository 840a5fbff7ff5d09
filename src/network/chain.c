/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A plugin's result is what the next one gets as prevResult, and the last result is the network's. It is saved after
 * each plugin: a DEL of the whole list that follows a failure, or the end of this process, gives plugins the addresses
 * whose rules they are to remove.
 */

#include "network/chain.h"

#include <errno.h>
#include <glib.h>

#include "network/pin.h"
#include "network/plugin.h"
#include "network/record.h"
#include "util/error.h"
#include "util/log.h"

int chain_find(const CniRecord *record, const char *file, sd_bus_error *error)
{
        for (size_t i = 0; i < record->list->n_plugins; i++) {
                const char *type = record->list->plugins[i].type;
                g_autofree char *program = plugin_find(type, record->plugin_path);

                if (!program)
                        return error_set(
                                error, ERROR_NETWORK_UNAVAILABLE,
                                "The network '%s' of %s needs the CNI plugin '%s', which is not in %s: install "
                                "the CNI plugins (package containernetworking-plugins on Debian and Fedora, "
                                "cni-plugins on Arch), or name another list, or the plugins' folders, in "
                                "[Network] of gangwayd.conf",
                                record->list->name, file, type, record->plugin_path);
        }
        return 0;
}

/* Runs the plugin of this index. Returns -EREMOTEIO with how it failed, for "the plugin X …". */
static int run(Job *job, const CniRecord *record, size_t index, const char *command, JsonObject *result, int lock,
               char **ret_output, size_t *ret_size, char **ret_reason)
{
        const CniPlugin *plugin = &record->list->plugins[index];
        g_autoptr(JsonArray) ports = cni_record_get_ports(record);
        g_autofree char *program = plugin_find(plugin->type, record->plugin_path);
        g_autofree char *namespace = pin_path(record->id);
        g_autofree char *input = cni_list_to_input(record->list, index, ports, result);
        PluginCall call = {
                .program = program,
                .command = command,
                .id = record->id,
                .namespace = namespace,
                .interface = CNI_INTERFACE,
                .plugin_path = record->plugin_path,
                .input = input,
                .lock = lock,
        };

        if (!program) {
                *ret_reason = g_strdup_printf("is not in %s any more", record->plugin_path);
                return -EREMOTEIO;
        }
        return plugin_run(job, &call, ret_output, ret_size, ret_reason);
}

static int fail(const CniRecord *record, size_t index, const char *what, const char *reason, sd_bus_error *error)
{
        return error_set(error, ERROR_NETWORK_FAILED, "The network '%s' %s: the plugin %s %s", record->list->name, what,
                         record->list->plugins[index].type, reason);
}

static int add_one(Job *job, CniRecord *record, size_t index, int lock, char **ret_reason)
{
        g_autofree char *output = NULL, *why = NULL;
        CniResult *result;
        size_t size;
        int r = run(job, record, index, "ADD", record->result ? record->result->object : NULL, lock, &output, &size,
                    ret_reason);

        if (r < 0)
                return r;
        r = cni_result_parse(output, size, CNI_INTERFACE, &result, &why);
        if (r < 0) {
                *ret_reason = g_strdup_printf("gave a result that can't be used: %s", why);
                return r;
        }
        cni_result_free(record->result);
        record->result = result;
        return 0;
}

int chain_add(Job *job, CniRecord *record, int lock, sd_bus_error *error)
{
        for (size_t i = 0; i < record->list->n_plugins; i++) {
                g_autofree char *reason = NULL;
                int r = job_check(job, error);

                if (r < 0)
                        return r;
                r = add_one(job, record, i, lock, &reason);
                if (r < 0)
                        return fail(record, i, "could not be set up", reason, error);
                r = record_save(job, record, error);
                if (r < 0)
                        return r;
        }
        return job_check(job, error);
}

int chain_check(Job *job, const CniRecord *record, int lock, sd_bus_error *error)
{
        for (size_t i = 0; i < record->list->n_plugins; i++) {
                g_autofree char *output = NULL, *reason = NULL;
                size_t size;
                int r = job_check(job, error);

                if (r < 0)
                        return r;
                r = run(job, record, i, "CHECK", record->result->object, lock, &output, &size, &reason);
                if (r < 0)
                        return fail(record, i, "is not as it was set up", reason, error);
        }
        return 0;
}

int chain_del(Job *job, const CniRecord *record, int lock, sd_bus_error *error)
{
        bool with_result = record->result && cni_list_has_result_in_del(record->list);
        int result = 0;

        for (size_t i = record->list->n_plugins; i > 0; i--) {
                g_autofree char *output = NULL, *reason = NULL;
                size_t size;
                int r = run(job, record, i - 1, "DEL", with_result ? record->result->object : NULL, lock, &output,
                            &size, &reason);

                if (r >= 0)
                        continue;
                if (result >= 0)
                        result = fail(record, i - 1, "could not be taken down", reason, error);
                else
                        log_warning("The network '%s' of '%s' could not be taken down: the plugin %s %s",
                                    record->list->name, record->id, record->list->plugins[i - 1].type, reason);
        }
        return result;
}
