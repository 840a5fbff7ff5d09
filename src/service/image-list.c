/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/image-list.h"

#include <glib.h>

#include "service/bus.h"
#include "util/cleanup.h"
#include "util/error.h"

static int append_image(sd_bus_message *m, const StoreImage *image)
{
        bool system = image->owner == STORE_OWNER_SYSTEM;
        int r;

        r = sd_bus_message_open_container(m, 'r', "sbuttsa{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "sbutts", image->name, system, system ? 0U : (uint32_t) image->owner,
                                          (uint64_t) MAX(image->created, 0), image->size, image->digest ?: "");
        if (r >= 0)
                r = *image->platform ? sd_bus_message_append(m, "a{sv}", 1, "platform", "s", image->platform)
                                     : sd_bus_message_append(m, "a{sv}", 0);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int image_list_call(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const Bus *bus = userdata;
        uint32_t uid = access_get_uid(bus->access, m);
        g_autoptr(GPtrArray) images = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = store_list_images(bus->service->store, uid == 0 ? STORE_UID_ALL : uid, &images);
        if (r < 0)
                return error_set(error, SD_BUS_ERROR_FAILED, "The records of the images can't be read: %s",
                                 g_strerror(-r));
        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sbuttsa{sv})");
        for (guint i = 0; i < images->len && r >= 0; i++)
                r = append_image(reply, images->pdata[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}
