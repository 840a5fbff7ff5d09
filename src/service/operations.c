/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/operations.h"

#include "util/error.h"

struct Operations {
        sd_event *event;
        GTree *table; /* Entry by number */
        uint64_t last_number;
        uint64_t n_finished; /* ever */
        const OperationsListener *listener;
        void *userdata;
        OperationsEmpty empty; /* set: no new ones */
        void *empty_userdata;
};

typedef struct Entry {
        Operations *operations;
        Operation *operation;
        uint64_t number;
        uint32_t owner;
        bool hidden;
        bool running;
        uint64_t finished; /* as which of all */
} Entry;

static void free_entry(gpointer data)
{
        Entry *entry = data;

        operation_free(entry->operation);
        g_free(entry);
}

static int compare_numbers(gconstpointer a, gconstpointer b, gpointer userdata)
{
        uint64_t first = *(const uint64_t *) a, second = *(const uint64_t *) b;

        return first < second ? -1 : first > second;
}

Operations *operations_new(sd_event *event)
{
        Operations *operations = g_new0(Operations, 1);

        operations->event = sd_event_ref(event);
        operations->table = g_tree_new_full(compare_numbers, NULL, NULL, free_entry);
        return operations;
}

Operations *operations_free(Operations *operations)
{
        if (!operations)
                return NULL;
        g_tree_unref(operations->table);
        sd_event_unref(operations->event);
        g_free(operations);
        return NULL;
}

void operations_set_listener(Operations *operations, const OperationsListener *listener, void *userdata)
{
        operations->listener = listener;
        operations->userdata = userdata;
}

static Entry *get_entry(GTreeNode *node)
{
        return g_tree_node_value(node);
}

static void forget(Operations *operations, Entry *entry)
{
        if (!entry->hidden)
                operations->listener->removed(entry->operation, operations->userdata);
        (void) g_tree_remove(operations->table, &entry->number);
}

/* Forgets the owner's finished one that ended first, where there is one more than is kept. */
static void forget_old(Operations *operations, uint32_t owner)
{
        unsigned count = 0;
        Entry *oldest = NULL;

        for (GTreeNode *node = g_tree_node_first(operations->table); node; node = g_tree_node_next(node)) {
                Entry *entry = get_entry(node);

                if (entry->owner != owner || entry->running)
                        continue;
                count++;
                if (!oldest || entry->finished < oldest->finished)
                        oldest = entry;
        }
        if (count > OPERATIONS_FINISHED_MAX)
                forget(operations, oldest);
}

static bool is_idle(const Operations *operations)
{
        for (GTreeNode *node = g_tree_node_first(operations->table); node; node = g_tree_node_next(node))
                if (get_entry(node)->running)
                        return false;
        return true;
}

static void on_changed(Operation *operation, const char *const *properties, void *userdata)
{
        const Entry *entry = userdata;

        if (!entry->hidden)
                entry->operations->listener->changed(operation, properties, entry->operations->userdata);
}

static void on_finished(Operation *operation, void *userdata)
{
        Entry *entry = userdata;
        Operations *operations = entry->operations;

        entry->running = false;
        entry->finished = ++operations->n_finished;
        if (entry->hidden) {
                forget(operations, entry);
        } else {
                operations->listener->finished(operation, operations->userdata);
                forget_old(operations, entry->owner);
        }
        if (operations->empty && is_idle(operations))
                operations->empty(operations->empty_userdata);
}

static int check_limits(Operations *operations, uint32_t owner, bool hidden, sd_bus_error *error)
{
        unsigned count = 0, most = hidden ? OPERATIONS_HIDDEN_MAX : OPERATIONS_RUNNING_MAX;

        if (operations->empty)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "gangwayd is stopping; call again in a moment");
        for (GTreeNode *node = g_tree_node_first(operations->table); node; node = g_tree_node_next(node)) {
                const Entry *entry = get_entry(node);

                count += entry->owner == owner && entry->hidden == hidden && entry->running;
        }
        if (count >= most)
                return error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                 "The user %u has %u operations under way already; call again when one has finished",
                                 owner, most);
        return 0;
}

int operations_add(Operations *operations, const OperationRequest *request, bool hidden, Operation **ret,
                   sd_bus_error *error)
{
        static const OperationListener listener = {.changed = on_changed, .finished = on_finished};
        Entry *entry;
        int r;

        r = check_limits(operations, request->owner, hidden, error);
        if (r < 0) {
                request->work->free(request->userdata);
                return r;
        }
        entry = g_new0(Entry, 1);
        entry->operations = operations;
        entry->number = ++operations->last_number;
        entry->owner = request->owner;
        entry->hidden = hidden;
        entry->running = true;
        entry->operation = operation_new(operations->event, entry->number, request, &listener, entry);
        g_tree_insert(operations->table, &entry->number, entry);
        *ret = entry->operation;
        return 0;
}

Operation *operations_find(Operations *operations, uint64_t number)
{
        const Entry *entry = g_tree_lookup(operations->table, &number);

        return entry && !entry->hidden ? entry->operation : NULL;
}

GPtrArray *operations_list(Operations *operations)
{
        GPtrArray *list = g_ptr_array_new();

        for (GTreeNode *node = g_tree_node_first(operations->table); node; node = g_tree_node_next(node))
                if (!get_entry(node)->hidden)
                        g_ptr_array_add(list, get_entry(node)->operation);
        return list;
}

void operations_stop(Operations *operations, OperationsEmpty empty, void *userdata)
{
        g_autoptr(GArray) running = g_array_new(FALSE, FALSE, sizeof(uint64_t));

        for (GTreeNode *node = g_tree_node_first(operations->table); node; node = g_tree_node_next(node))
                if (get_entry(node)->running)
                        g_array_append_val(running, get_entry(node)->number);
        operations->empty = empty;
        operations->empty_userdata = userdata;
        if (running->len == 0)
                empty(userdata);
        for (guint i = 0; i < running->len; i++) {
                const Entry *entry = g_tree_lookup(operations->table, &g_array_index(running, uint64_t, i));

                if (entry)
                        operation_cancel(entry->operation);
        }
}
