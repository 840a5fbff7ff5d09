/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A user's own images ask for what a sandboxed container asks for, org.gangway1.create: an import has foreign data read
 * by a helper of ours, and a pull goes to the network from this machine, so they are for who sits at it, or whom the
 * administrator lets. Tagging, removing and pruning ask for the same, since they change what the administrator's disk
 * holds; none of them reaches what belongs to somebody else. What does asks for more, in place of that and not besides:
 * images of the system for manage-images, as all users will run them, and other users' caches for manage-others.
 *
 * The records are looked at when polkit has answered, not before: then they may have changed.
 */

#include "service/image-call.h"

#include <glib/gi18n.h>

#include "service/authorization-table.h"
#include "service/decode-image.h"
#include "service/operation-bus.h"
#include "service/pull-work.h"
#include "service/store-work.h"
#include "util/cleanup.h"
#include "util/error.h"

typedef struct ImageCall {
        Bus *bus;
        sd_bus_message *m;
        uint32_t uid;
        ImageRequest *request;
} ImageCall;

static void forget(void *userdata)
{
        ImageCall *call = userdata;

        sd_bus_message_unref(call->m);
        image_request_free(call->request);
        g_free(call);
}

/* As gangway-store spells owners. The caller frees it. */
static char *owner_to_text(int64_t owner)
{
        return g_strdup_printf("%" G_GINT64_FORMAT, owner);
}

/* The verb `import` with all but the source. */
static GStrv import_strings(const ImageCall *call)
{
        const ImageRequest *request = call->request;
        const Config *config = call->bus->service->config;
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_autofree char *owner = owner_to_text(request->system ? STORE_OWNER_SYSTEM : (int64_t) call->uid);
        g_autofree char *uid = g_strdup_printf("%u", call->uid);
        g_autofree char *id_base = g_strdup_printf("%u", config->id_range_first);
        g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, config->max_image_bytes);
        g_autofree char *entries = g_strdup_printf("%u", config->max_image_entries);

        g_strv_builder_add_many(builder, "import", owner, request->name, uid, "", request->platform ?: "", id_base,
                                bytes, entries, NULL);
        return g_strv_builder_end(builder);
}

static void begin_import(ImageCall *call)
{
        g_auto(GStrv) strings = import_strings(call);
        const OperationRequest request = {
                .kind = "import",
                .owner = call->uid,
                .work = &store_work,
                .userdata = store_work_new(call->bus->service, (const char *const *) strings, call->request->source),
        };

        call->request->source = -1;
        operation_bus_start(call->bus, call->m, &request);
}

static void begin_pull(ImageCall *call)
{
        g_auto(GStrv) strings = import_strings(call);
        const PullWorkRequest pull = {
                .owner = call->uid,
                .reference = call->request->reference,
                .platform = call->request->platform,
                .import_strings = (const char *const *) strings,
        };
        const OperationRequest request = {
                .kind = "pull",
                .owner = call->uid,
                .work = &pull_work,
                .userdata = pull_work_new(call->bus->service, &pull),
        };

        operation_bus_start(call->bus, call->m, &request);
}

static void begin_hidden(ImageCall *call, const char *kind, const char *const *strings, OperationReply reply)
{
        const OperationRequest request = {
                .kind = kind,
                .owner = call->uid,
                .work = &store_work,
                .userdata = store_work_new(call->bus->service, strings, -1),
        };

        operation_bus_start_hidden(call->bus, call->m, &request, reply);
}

static void begin_tag(ImageCall *call)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const ImageRequest *request = call->request;
        g_autoptr(StoreImage) image = NULL;
        g_autofree char *owner = NULL, *new_owner = NULL;
        int r;

        r = store_find_image(call->bus->service->store, call->uid, request->name, &image);
        if (r < 0) {
                (void) store_set_error(r, request->name, &error);
                (void) sd_bus_reply_method_error(call->m, &error);
                return;
        }
        owner = owner_to_text(image->owner);
        new_owner = owner_to_text(request->system ? STORE_OWNER_SYSTEM : (int64_t) call->uid);
        begin_hidden(call, "tag",
                     (const char *const[]){"tag", owner, request->name, new_owner, request->new_name, NULL}, NULL);
}

/* Whether a name means an image of the system to this caller. The first thing to try is to remove it by that name. */
static bool is_of_system(const ImageCall *call)
{
        g_autoptr(StoreImage) image = NULL;

        return store_find_image(call->bus->service->store, call->uid, call->request->name, &image) >= 0 &&
               image->owner == STORE_OWNER_SYSTEM;
}

static void begin_remove(ImageCall *call)
{
        const ImageRequest *request = call->request;
        g_autofree char *owner = owner_to_text(request->system ? STORE_OWNER_SYSTEM : (int64_t) call->uid);

        if (!request->system && is_of_system(call)) {
                (void) error_reply(call->m, ERROR_NO_SUCH_IMAGE,
                                   "You have no image '%s'; the one of the system is removed with the option 'system'",
                                   request->name);
                return;
        }
        begin_hidden(call, "remove", (const char *const[]){"remove", owner, request->name, NULL},
                     operation_bus_reply_result);
}

static void begin_prune(ImageCall *call)
{
        g_autofree char *owner = call->request->all_users ? g_strdup("all") : owner_to_text(call->uid);
        g_autofree char *older_than = g_strdup_printf("%" G_GUINT64_FORMAT, call->request->older_than);
        g_autofree char *keep_bytes = g_strdup_printf("%" G_GUINT64_FORMAT, call->request->keep_bytes);
        const char *const strings[] = {"prune", owner, older_than, keep_bytes, NULL};
        const OperationRequest request = {
                .kind = "prune",
                .owner = call->uid,
                .work = &store_work,
                .userdata = store_work_new(call->bus->service, strings, -1),
        };

        operation_bus_start(call->bus, call->m, &request);
}

/* What each verb asks: for the caller's own, and for what is not (the system's images, other users' caches). */
static const struct {
        void (*begin)(ImageCall *call);
        const char *own_message;
        const char *wide_action;
        const char *wide_message;
} verbs[] = {
        [IMAGE_IMPORT] = {begin_import, N_("Authentication is required to import the container image $(image)"),
                          ACTION_MANAGE_IMAGES,
                          N_("Authentication is required to import the container image $(image) for all users of this "
                             "computer")},
        [IMAGE_PULL] = {begin_pull,
                        N_("Authentication is required to fetch the container image $(reference) from the network"),
                        ACTION_MANAGE_IMAGES,
                        N_("Authentication is required to fetch the container image $(reference) from the network, as "
                           "$(image) for all users of this computer")},
        [IMAGE_TAG] = {begin_tag,
                       N_("Authentication is required to give the container image $(image) the name $(new_name)"),
                       ACTION_MANAGE_IMAGES,
                       N_("Authentication is required to give the container image $(image) the name $(new_name) for "
                          "all users of this computer")},
        [IMAGE_REMOVE] = {begin_remove, N_("Authentication is required to remove the container image $(image)"),
                          ACTION_MANAGE_IMAGES,
                          N_("Authentication is required to remove the container image $(image) that all users of this "
                             "computer have")},
        [IMAGE_PRUNE] = {begin_prune, N_("Authentication is required to remove what no container image uses any more"),
                         ACTION_MANAGE_OTHERS,
                         N_("Authentication is required to remove what no container image uses any more, and the "
                            "caches of all users")},
};

static void on_authorized(int allowed, sd_bus_error *error, void *userdata)
{
        ImageCall *call = userdata;

        if (allowed < 0)
                (void) sd_bus_reply_method_error(call->m, error);
        else
                verbs[call->request->verb].begin(call);
}

static int image_call(sd_bus_message *m, Bus *bus, ImageVerb verb, sd_bus_error *error)
{
        g_autofree char *uid = NULL;
        ImageRequest *request;
        ImageCall *call;
        bool wide;
        int r;

        r = decode_image(m, verb, &request, error);
        if (r < 0)
                return r;
        call = g_new0(ImageCall, 1);
        call->bus = bus;
        call->m = sd_bus_message_ref(m);
        call->uid = access_get_uid(bus->access, m);
        call->request = request;
        uid = g_strdup_printf("%u", call->uid);
        wide = request->system || request->all_users;
        authorize(bus->authorizer, m, call->uid,
                  &(const AuthorizeRequest){
                          .actions = (const char *const[]){wide ? verbs[verb].wide_action : ACTION_CREATE, NULL},
                          .messages = (const char *const[]){wide ? verbs[verb].wide_message : verbs[verb].own_message,
                                                            NULL},
                          .details = (const char *const[]){"uid", uid, "method", sd_bus_message_get_member(m), "image",
                                                           request->name ?: "-", "new_name", request->new_name ?: "-",
                                                           "reference", request->reference ?: "-", NULL},
                          .authorized = on_authorized,
                          .forget = forget,
                          .userdata = call,
                  });
        return 1;
}

int image_call_import(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return image_call(m, userdata, IMAGE_IMPORT, error);
}

int image_call_pull(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return image_call(m, userdata, IMAGE_PULL, error);
}

int image_call_tag(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return image_call(m, userdata, IMAGE_TAG, error);
}

int image_call_remove(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return image_call(m, userdata, IMAGE_REMOVE, error);
}

int image_call_prune(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        return image_call(m, userdata, IMAGE_PRUNE, error);
}
