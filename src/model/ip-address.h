/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* IP addresses as people write them, and as files of the system hold them. */

/* The usual form of an address of either family: inet_ntop(3)'s, and an IPv4 address where it is one that IPv6 maps. An
 * address with a zone ("fe80::1%eth0") is none: it means something on one machine only. NULL: text is no address. The
 * caller frees it. */
char *ip_address_normalize(const char *text);
