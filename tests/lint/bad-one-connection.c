/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/service/bad.c */

int bad_connect(sd_bus **ret_first, sd_bus **ret_second)
{
        sd_bus_open_system(ret_first);
        return sd_bus_default_system(ret_second); /* want: one-connection */
}
