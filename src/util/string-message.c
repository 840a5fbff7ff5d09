/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "util/string-message.h"

#include <string.h>
#include <sys/socket.h>

#include "util/cleanup.h"

int string_message_send(int socket, const char *const *strings, const int *fds, size_t n_fds)
{
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int) * STRING_MESSAGE_FDS_MAX)];
        } control = {};
        _cleanup_free_ char *bytes = NULL;
        size_t size = 0;
        struct iovec iov;
        struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

        if (n_fds > STRING_MESSAGE_FDS_MAX)
                return -E2BIG;

        bytes = malloc(STRING_MESSAGE_BYTES_MAX);
        if (!bytes)
                return -ENOMEM;

        for (size_t i = 0; strings[i]; i++) {
                size_t length = strlen(strings[i]) + 1;

                if (i >= STRING_MESSAGE_STRINGS_MAX || length > STRING_MESSAGE_BYTES_MAX - size)
                        return -E2BIG;
                memcpy(bytes + size, strings[i], length);
                size += length;
        }
        iov = (struct iovec){.iov_base = bytes, .iov_len = size};

        if (n_fds > 0) {
                message.msg_control = control.bytes;
                message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
                control.header.cmsg_level = SOL_SOCKET;
                control.header.cmsg_type = SCM_RIGHTS;
                control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
        }

        if (sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                return -errno;
        return 0;
}

static void take_fds(struct msghdr *header, StringMessage *message)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
                size_t n;

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                memcpy(message->fds, CMSG_DATA(c), n * sizeof(int));
                message->n_fds = n;
        }
}

static int split_strings(StringMessage *message, size_t size)
{
        if (size == 0 || message->bytes[size - 1] != '\0')
                return -EBADMSG;
        for (size_t offset = 0; offset < size; offset += strlen(message->bytes + offset) + 1) {
                if (message->n_strings >= STRING_MESSAGE_STRINGS_MAX)
                        return -EBADMSG;
                message->strings[message->n_strings++] = message->bytes + offset;
        }
        return 0;
}

int string_message_receive(int socket, int flags, StringMessage *ret)
{
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int) * STRING_MESSAGE_FDS_MAX)];
        } control;
        StringMessage message = {};
        struct iovec iov;
        struct msghdr header = {.msg_iov = &iov,
                                .msg_iovlen = 1,
                                .msg_control = control.bytes,
                                .msg_controllen = sizeof(control.bytes)};
        ssize_t size;
        int r;

        message.bytes = malloc(STRING_MESSAGE_BYTES_MAX);
        if (!message.bytes)
                return -ENOMEM;
        iov = (struct iovec){.iov_base = message.bytes, .iov_len = STRING_MESSAGE_BYTES_MAX};

        do
                size = recvmsg(socket, &header, flags | MSG_CMSG_CLOEXEC);
        while (size < 0 && errno == EINTR);
        if (size <= 0) {
                r = size < 0 ? -errno : 0;
                free(message.bytes);
                return r;
        }

        take_fds(&header, &message);
        r = header.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? -EBADMSG : split_strings(&message, (size_t) size);
        if (r < 0) {
                string_message_done(&message);
                return r;
        }
        *ret = message;
        return 1;
}

void string_message_done(StringMessage *message)
{
        for (size_t i = 0; i < message->n_fds; i++)
                safe_close(message->fds[i]);
        free(message->bytes);
        *message = (StringMessage){};
}
