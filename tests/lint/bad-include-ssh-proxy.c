/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/ssh-proxy/bad.c */
#include "ssh-proxy/stream.h"
#include "util/cleanup.h"
#include "launcher/mounts.h" /* want: include-direction */
