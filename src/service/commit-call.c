/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A commit makes an image, so it asks for what an import asks for; that it is the caller's own container has been seen
 * to already, as for all its methods. While polkit is asked the container may go, and another of its name may come: the
 * call belongs to this one.
 */

#include "service/commit-call.h"

#include <glib/gi18n.h>

#include "model/image-name.h"
#include "service/authorization-table.h"
#include "service/container-bus.h"
#include "service/container-commit.h"
#include "service/decode.h"
#include "service/operation-bus.h"
#include "util/cleanup.h"
#include "util/error.h"

struct CommitCall {
        Bus *bus;
        ContainerBus *shown; /* NULL: it is gone */
        sd_bus_message *m;
        uint32_t uid;
        uint32_t index;
        char *image;
        bool system;
};

static void forget(void *userdata)
{
        CommitCall *call = userdata;

        if (call->shown)
                (void) g_ptr_array_remove_fast(call->shown->commit_calls, call);
        sd_bus_message_unref(call->m);
        g_free(call->image);
        g_free(call);
}

void commit_call_forget_container(CommitCall *call)
{
        call->shown = NULL;
}

static int check(const CommitCall *call, sd_bus_error *error)
{
        if (!call->shown)
                return error_set(error, ERROR_NO_SUCH_CONTAINER, "The container was released");
        return container_commit_check(call->shown->container, call->index, error);
}

static void begin(CommitCall *call)
{
        Container *container = call->shown->container;
        const int64_t owner = call->system ? STORE_OWNER_SYSTEM : (int64_t) call->uid;

        operation_bus_start(call->bus, call->m,
                            &(const OperationRequest){
                                    .kind = "commit",
                                    .owner = call->uid,
                                    .work = &commit_work,
                                    .userdata = commit_work_new(container, call->index, owner, call->image),
                            });
}

static void on_authorized(int allowed, sd_bus_error *error, void *userdata)
{
        _cleanup_(sd_bus_error_free) sd_bus_error refused = SD_BUS_ERROR_NULL;
        CommitCall *call = userdata;

        if (allowed < 0)
                (void) sd_bus_reply_method_error(call->m, error);
        else if (check(call, &refused) < 0)
                (void) sd_bus_reply_method_error(call->m, &refused);
        else
                begin(call);
}

static void ask(CommitCall *call)
{
        g_autofree char *uid = g_strdup_printf("%u", call->uid);
        const char *name = container_get_spec(call->shown->container)->name;
        const char *message =
                call->system ? N_("Authentication is required to make what the container $(container) wrote the image "
                                  "$(image) for all users of this computer")
                             : N_("Authentication is required to make what the container $(container) wrote the image "
                                  "$(image)");

        authorize(call->bus->authorizer, call->m, call->uid,
                  &(const AuthorizeRequest){
                          .actions = (const char *const[]){call->system ? ACTION_MANAGE_IMAGES : ACTION_CREATE, NULL},
                          .messages = (const char *const[]){message, NULL},
                          .details = (const char *const[]){"uid", uid, "method", "Commit", "container", name, "image",
                                                           call->image, NULL},
                          .authorized = on_authorized,
                          .forget = forget,
                          .userdata = call,
                  });
}

static int read_system(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_bool(m, &((CommitCall *) target)->system);
}

static int decode(sd_bus_message *m, CommitCall *call, sd_bus_error *error)
{
        static const OptionRow rows[] = {{"system", "b", read_system}, {NULL, NULL, NULL}};
        int r;

        r = sd_bus_message_read(m, "u", &call->index);
        if (r >= 0)
                r = decode_string(m, &call->image);
        if (r >= 0)
                r = decode_options(m, "option", rows, call, error);
        if (r >= 0 && !image_name_is_valid(call->image))
                r = error_invalid(error, "'%.260s' can't be an image's name, which is " IMAGE_NAME_RULE, call->image);
        return r < 0 ? r : check(call, error);
}

int commit_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        ContainerBus *shown = userdata;
        CommitCall *call = g_new0(CommitCall, 1);
        int r;

        call->bus = shown->bus;
        call->shown = shown;
        call->m = sd_bus_message_ref(m);
        call->uid = access_get_uid(shown->bus->access, m);
        g_ptr_array_add(shown->commit_calls, call);
        r = decode(m, call, error);
        if (r < 0) {
                forget(call);
                return r;
        }
        ask(call);
        return 1;
}
