/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/backend/bad.c */

int bad_connect(sd_bus **ret_bus)
{
        return sd_bus_open_system(ret_bus); /* want: one-connection */
}
