/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The record is there from before anything is made to after everything is gone, and the pin until every plugin has had
 * its DEL: without the namespace the bridge plugin does not find the rules that it has made. So whenever this process
 * ends, the record says what may be left, and a del finds it.
 */

#include "network/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "model/id-ranges.h"
#include "network/chain.h"
#include "network/guard.h"
#include "network/pin.h"
#include "network/record.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file-bytes.h"
#include "util/log.h"

#define LIST_SIZE_MAX (256U * 1024U)
#define HOST          "host"

static int check_id(const char *id, sd_bus_error *error)
{
        if (!cni_id_is_valid(id))
                return error_invalid(error,
                                     "'%s' is no id of a network: it has to be 1 to %u of the characters A-Z a-z 0-9 _ "
                                     ". - and begin with a letter or a digit",
                                     id, CNI_ID_LENGTH_MAX);
        return 0;
}

static int read_base(const char *text, bool *ret_own_user, uint32_t *ret_base, sd_bus_error *error)
{
        guint64 base = 0;
        bool own_user = !g_str_equal(text, HOST);

        if (own_user && !g_ascii_string_to_unsigned(text, 10, 0, INT32_MAX - (ID_RANGE_SIZE - 1), &base, NULL))
                return error_invalid(error, "'%s' is neither '" HOST "' nor the first of %u ids", text, ID_RANGE_SIZE);
        *ret_own_user = own_user;
        *ret_base = (uint32_t) base;
        return 0;
}

/* The list's text, up to one byte more than the limit. */
static int read_list_file(const char *file, char **ret, size_t *ret_size)
{
        _cleanup_close_ int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        g_autofree char *text = g_malloc(LIST_SIZE_MAX + 1);
        struct stat info;
        ssize_t size;

        if (fd < 0 || fstat(fd, &info) < 0)
                return -errno;
        if (!S_ISREG(info.st_mode))
                return -EINVAL;
        size = file_bytes_read(fd, text, LIST_SIZE_MAX + 1);
        if (size < 0)
                return (int) size;
        *ret = g_steal_pointer(&text);
        *ret_size = (size_t) size;
        return 0;
}

static int read_list(const char *file, CniList **ret, sd_bus_error *error)
{
        g_autofree char *text = NULL, *why = NULL;
        size_t size = 0;
        int r;

        if (!g_path_is_absolute(file))
                return error_invalid(error, "'%s' is no absolute path of a network list", file);
        r = read_list_file(file, &text, &size);
        if (r == -ENOENT || r == -ENOTDIR)
                return error_set(error, ERROR_NETWORK_UNAVAILABLE,
                                 "There is no network list %s: name one in [Network] of gangwayd.conf, or put the one "
                                 "that comes with gangway back there",
                                 file);
        if (r < 0)
                return error_set(error, ERROR_NETWORK_UNAVAILABLE, "The network list %s can't be read: %s", file,
                                 r == -EINVAL ? "it is no plain file" : g_strerror(-r));
        if (size > LIST_SIZE_MAX)
                return error_set(error, ERROR_NETWORK_UNAVAILABLE,
                                 "The network list %s can't be used: it is larger than %u bytes", file, LIST_SIZE_MAX);
        r = cni_list_parse(text, size, ret, &why);
        if (r < 0)
                return error_set(error, ERROR_NETWORK_UNAVAILABLE,
                                 "The network list %s can't be used: %s; mend it, or name another one in [Network] of "
                                 "gangwayd.conf",
                                 file, why);
        return 0;
}

/* ID, ID-BASE, CONFLIST, PLUGIN-PATH, PORT… to what is to be made. Nothing is made yet. */
static int read_request(const char *const *arguments, CniRecord **ret, sd_bus_error *error)
{
        const char *id = arguments[0], *file = arguments[2], *plugin_path = arguments[3];
        CniRecord *record;
        CniList *list = NULL;
        int r = check_id(id, error);

        if (r < 0)
                return r;
        if (!cni_plugin_path_is_valid(plugin_path))
                return error_invalid(error, "'%s' has to be absolute paths of folders with a colon in between",
                                     plugin_path);
        r = read_list(file, &list, error);
        if (r < 0)
                return r;
        g_assert(list);
        record = cni_record_new(id, list, plugin_path);
        for (const char *const *port = arguments + 4; *port && r >= 0; port++)
                if (cni_record_add_port(record, *port) < 0)
                        r = error_invalid(error, "'%s' is no port: PROTOCOL,HOST-IP,HOST-PORT,CONTAINER-PORT", *port);
        if (r >= 0 && record->ports->len > 0 && !cni_list_maps_ports(list))
                r = error_set(error, ERROR_NETWORK_UNAVAILABLE,
                              "The network '%s' of %s has no plugin with the capability portMappings, so no ports can "
                              "be published: add the plugin portmap to it, or name another list in [Network] of "
                              "gangwayd.conf",
                              list->name, file);
        if (r >= 0)
                r = chain_find(record, file, error);
        if (r < 0) {
                cni_record_free(record);
                return r;
        }
        *ret = record;
        return 0;
}

static int remove_pin_and_record(Job *job, const char *id, sd_bus_error *error)
{
        int r = pin_remove(id);

        if (r < 0)
                return error_set(error, ERROR_NETWORK_FAILED,
                                 "The network namespace of '%s' can't be removed from its place: %s", id,
                                 g_strerror(-r));
        return record_remove(job, id, error);
}

/* DEL, and then what it needed. What could not be taken down keeps its record and its pin, for another try. */
static int take_down(Job *job, const CniRecord *record, int lock, sd_bus_error *error)
{
        int r;

        /* Plugins know what to do without a namespace, but not with a file that is none. */
        if (!pin_is_whole(record->id))
                (void) pin_remove(record->id);
        r = chain_del(job, record, lock, error);
        if (r < 0)
                return r;
        return remove_pin_and_record(job, record->id, error);
}

/* What an earlier one of this id has left behind. */
static int remove_leftovers(Job *job, const char *id, int lock, sd_bus_error *error)
{
        CniRecord *record = NULL;
        int r = record_load(job, id, &record, error);

        if (r == -EBADMSG) {
                log_warning("%s; it is removed, and an address may stay taken", error->message);
                sd_bus_error_free(error);
                r = 0;
        }
        if (r > 0)
                r = take_down(job, record, lock, error);
        else if (r == 0)
                r = remove_pin_and_record(job, id, error);
        cni_record_free(record);
        return r;
}

static int make(Job *job, CniRecord *record, bool own_user, uint32_t base, int lock, Namespaces *namespaces,
                sd_bus_error *error)
{
        int r = record_save(job, record, error);

        if (r < 0)
                return r;
        r = namespaces_new(&(const NamespacesRequest){.own_ids = own_user, .id_base = base, .id_count = ID_RANGE_SIZE},
                           namespaces);
        if (r >= 0)
                r = pin_make(record->id, namespaces->net);
        if (r < 0) {
                (void) pin_remove(record->id);
                (void) record_remove(job, record->id, NULL);
                return error_set(error, ERROR_NETWORK_FAILED, "A network namespace for '%s' can't be made: %s",
                                 record->id, g_strerror(-r));
        }
        r = record->ports->len > 0 ? guard_loopback(job, error) : 0;
        if (r >= 0)
                r = chain_add(job, record, lock, error);
        if (r < 0) {
                _cleanup_(sd_bus_error_free) sd_bus_error undo_error = SD_BUS_ERROR_NULL;

                job->cancellable = false;
                if (take_down(job, record, lock, &undo_error) < 0)
                        log_warning("%s", undo_error.message);
        }
        return r;
}

static void add_text(Answer *answer, const char *key, const char *value)
{
        g_strv_builder_add(answer->strings, key);
        g_strv_builder_add(answer->strings, value);
}

static void describe(const CniRecord *record, Answer *answer)
{
        const CniResult *result = record->result;
        g_autofree char *path = pin_path(record->id);

        add_text(answer, "network", record->list->name);
        add_text(answer, "netns-path", path);
        for (guint i = 0; i < result->addresses->len; i++)
                add_text(answer, "address", g_ptr_array_index(result->addresses, i));
        /* There is not more than one for each address, and room for all: see STRING_MESSAGE_STRINGS_MAX. */
        for (guint i = 0; i < MIN(result->gateways->len, 16); i++)
                add_text(answer, "gateway", g_ptr_array_index(result->gateways, i));
        if (result->mac)
                add_text(answer, "mac", result->mac);
}

static int add(Job *job, CniRecord *record, bool own_user, uint32_t base, Answer *answer, sd_bus_error *error)
{
        int lock, r = record_lock(job, record->id, &lock, error);

        if (r < 0)
                return r;
        r = remove_leftovers(job, record->id, lock, error);
        if (r >= 0)
                r = make(job, record, own_user, base, lock, &answer->namespaces, error);
        if (r >= 0)
                describe(record, answer);
        record_unlock(job, record->id, lock);
        return r;
}

int verb_add(Job *job, const char *const *arguments, Answer *answer, sd_bus_error *error)
{
        CniRecord *record = NULL;
        uint32_t base = 0;
        bool own_user = false;
        int r = read_base(arguments[1], &own_user, &base, error);

        job->cancellable = true;
        if (r >= 0)
                r = read_request(arguments, &record, error);
        if (r >= 0) {
                g_assert(record);
                r = add(job, record, own_user, base, answer, error);
        }
        cni_record_free(record);
        return r;
}

static int check(Job *job, const char *id, int lock, sd_bus_error *error)
{
        CniRecord *record = NULL;
        int r = record_load(job, id, &record, error);

        if (r == 0)
                r = error_set(error, ERROR_NETWORK_FAILED, "There is no network of '%s'", id);
        else if (r > 0 && (!record->result || !pin_is_whole(id)))
                r = error_set(error, ERROR_NETWORK_FAILED, "The network namespace of '%s' is not there any more", id);
        else if (r > 0 && cni_list_has_check(record->list))
                r = chain_check(job, record, lock, error);
        cni_record_free(record);
        return r;
}

int verb_check(Job *job, const char *const *arguments, Answer *answer, sd_bus_error *error)
{
        const char *id = arguments[0];
        int lock, r = check_id(id, error);

        job->cancellable = true;
        if (r >= 0)
                r = record_lock(job, id, &lock, error);
        if (r < 0)
                return r;
        r = check(job, id, lock, error);
        record_unlock(job, id, lock);
        return r;
}

static int del(Job *job, const char *id, sd_bus_error *error)
{
        int lock, r = record_lock(job, id, &lock, error);

        if (r < 0)
                return r;
        r = remove_leftovers(job, id, lock, error);
        record_unlock(job, id, lock);
        return r;
}

int verb_del(Job *job, const char *const *arguments, Answer *answer, sd_bus_error *error)
{
        int r = check_id(arguments[0], error);

        return r < 0 ? r : del(job, arguments[0], error);
}

void verb_add_undo(Job *job, const char *id)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        job->cancellable = false;
        if (del(job, id, &error) < 0)
                log_warning("%s", error.message);
}

/* Pins that nothing is known of. What could not be taken down has its record still. */
static void add_pins(GPtrArray *ids)
{
        g_autoptr(GPtrArray) pins = pin_list();

        for (guint i = 0; i < pins->len; i++) {
                const char *id = g_ptr_array_index(pins, i);

                if (cni_id_is_valid(id) && !g_ptr_array_find_with_equal_func(ids, id, g_str_equal, NULL))
                        g_ptr_array_add(ids, g_strdup(id));
        }
}

int verb_sweep(Job *job, const char *const *arguments, Answer *answer, sd_bus_error *error)
{
        g_autoptr(GPtrArray) ids = NULL;
        g_autofree char *count = NULL;
        guint n = 0;
        int r = record_list(job, &ids, error);

        if (r < 0)
                return r;
        add_pins(ids);
        for (guint i = 0; i < ids->len; i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error one = SD_BUS_ERROR_NULL;

                if (del(job, g_ptr_array_index(ids, i), &one) >= 0)
                        n++;
                else
                        log_warning("%s", one.message);
        }
        count = g_strdup_printf("%u", n);
        add_text(answer, "count", count);
        return 0;
}
