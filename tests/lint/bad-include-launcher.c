/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/launcher/bad.c */
#include "launcher/request.h"
#include "util/fd.h"
#include "backend/launcher-client.h" /* want: include-direction */
