/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/service/bad.c */

int bad_bus(sd_bus *bus, sd_bus_message *message)
{
        sd_bus_call_async(bus, NULL, message, NULL, NULL, 0);
        sd_bus_request_name_async(bus, NULL, "org.gangway1", 0, NULL, NULL);
        sd_bus_call(bus, message, 0, NULL, NULL);                 /* want: blocking-bus-call */
        sd_bus_call_method(bus, "a", "/a", "a.b", "c", NULL, NULL, ""); /* want: blocking-bus-call */
        sd_bus_get_name_creds(bus, "a", 0, NULL);                 /* want: blocking-bus-call */
        sd_bus_query_sender_creds(message, SD_BUS_CREDS_EUID, NULL); /* want: blocking-bus-call */
        sd_bus_query_sender_privilege(message, -1);               /* want: blocking-bus-call */
        sd_bus_track_new(bus, NULL, NULL, NULL);                  /* want: blocking-bus-call */
        sd_bus_track_add_sender(NULL, message);                   /* want: blocking-bus-call */
        sd_bus_get_property_string(bus, "a", "/a", "a.b", "c", NULL, NULL); /* want: blocking-bus-call */
        sd_bus_set_property(bus, "a", "/a", "a.b", "c", NULL, "s", ""); /* want: blocking-bus-call */
        sd_bus_request_name(bus, "org.gangway1", 0);              /* want: blocking-bus-call */
        sd_bus_add_match(bus, NULL, "type='signal'", NULL, NULL); /* want: blocking-bus-call */
        return sd_bus_match_signal(bus, NULL,                     /* want: blocking-bus-call */
                                   NULL, NULL, NULL, NULL, NULL, NULL);
}
