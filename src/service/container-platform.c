/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/container-platform.h"

#include "util/cleanup.h"
#include "util/error.h"

static int check_image(const PlatformList *list, const StoreImage *image, const Platform *platform, sd_bus_error *error)
{
        _cleanup_(sd_bus_error_free) sd_bus_error reason = SD_BUS_ERROR_NULL;

        if (platform_list_check(list, platform, &reason) >= 0)
                return 0;
        return error_set(error, reason.name, "The image '%s' is for %s. %s", image->name, image->platform,
                         reason.message);
}

int container_platform_find(const PlatformList *list, const ContainerSpec *spec, const StoreImage *image,
                            char **ret_platform, sd_bus_error *error)
{
        Platform wanted, there;
        bool is_known = image && platform_parse(image->platform, &there, NULL) >= 0;
        int r;

        if (spec->platform) {
                r = platform_parse(spec->platform, &wanted, error);
                if (r < 0)
                        return r;
                if (is_known && platform_fit(&wanted, &there) == 0)
                        return error_set(error, ERROR_PLATFORM_NOT_SUPPORTED,
                                         "The container '%s' is to be for the platform %s, and its root, the image "
                                         "'%s', is for %s; import or pull the image for the one that is meant",
                                         spec->name, spec->platform, image->name, image->platform);
                r = platform_list_check(list, &wanted, error);
        } else if (is_known) {
                wanted = there;
                r = check_image(list, image, &there, error);
        } else {
                wanted = *platform_list_get_native(list);
                r = 0;
        }
        if (r < 0)
                return r;
        *ret_platform = platform_to_text(&wanted);
        return 0;
}
