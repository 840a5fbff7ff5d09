/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For the tests of the store: a new one, as gangway-store writes it and as the daemon reads it. */

#include "backend/store.h"
#include "store/store-run.h"
#include "unit.h"

typedef struct Fixture {
        char *path;
        Store *store;
} Fixture;

static inline void set_up(Fixture *f, gconstpointer data)
{
        f->path = make_tree();
        g_assert_cmpint(store_open(f->path, &f->store), ==, 0);
}

static inline void tear_down(Fixture *f, gconstpointer data)
{
        g_assert_null(store_close(f->store));
        remove_tree(&f->path);
}
