/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* SQLite's results as a negative errno. Header only, so that only those who use SQLite link it. */

#include <errno.h>
#include <sqlite3.h>

/* connection: where the error happened, for the errno of the system call below it; may be NULL. */
static inline int sqlite_to_errno(sqlite3 *connection, int result)
{
        int below = connection ? sqlite3_system_errno(connection) : 0;

        switch (result & 0xff) {
        case SQLITE_OK:
        case SQLITE_ROW:
        case SQLITE_DONE:
                return 0;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_READONLY:
                return -EROFS;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EBADMSG;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
                return below > 0 ? -below : -EIO;
        default:
                return -EIO;
        }
}
