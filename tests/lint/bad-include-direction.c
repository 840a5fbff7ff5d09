/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/model/bad.c */
#include <stdio.h>

#include "config.h"
#include "model/config.h"
#include "util/log.h"
#include "backend/scope.h"     /* want: include-direction */
#include "service/container.h" /* want: include-direction */
#include "ctl/verbs.h"         /* want: include-direction */
#include "../service/manager.h" /* want: include-direction */
#include "../../tests/unit/helpers.h" /* want: include-direction */
#include "model/config.c"      /* want: include-direction */
