/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/unpack/bad.c */
#include "unpack/entry.h"
#include "util/error.h"
#include "backend/store.h" /* want: include-direction */
