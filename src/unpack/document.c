/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/document.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "unpack/digest.h"
#include "unpack/sentence.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file-bytes.h"
#include "util/json-text.h"

#define DOCUMENT_SIZE_MAX (4U * 1024U * 1024U)
/* The parser calls itself for each level, and ours need five. */
#define DEPTH_MAX 64U

static int check_digest(const char *text, size_t size, const Descriptor *descriptor, const char *what,
                        sd_bus_error *error)
{
        g_autoptr(Digest) digest = digest_new();
        char found[DIGEST_TEXT_SIZE];

        if (size != descriptor->size && descriptor->size != DESCRIPTOR_ANY_SIZE)
                return error_set(error, ERROR_INVALID_IMAGE,
                                 "The image is malformed: %s (%s) has %zu bytes, and should have %" PRIu64, what,
                                 descriptor->digest, size, descriptor->size);
        digest_update(digest, text, size);
        digest_text(digest, found);
        if (strcmp(found, descriptor->digest) != 0)
                return error_set(error, ERROR_INVALID_IMAGE,
                                 "The image is malformed: %s has the digest %s, and should have %s", what, found,
                                 descriptor->digest);
        return 0;
}

static int parse(const char *text, size_t size, const char *what, JsonNode **ret, sd_bus_error *error)
{
        g_autoptr(JsonParser) parser = json_parser_new_immutable();
        g_autoptr(GError) parse_error = NULL;
        const char *fault;

        if (!g_utf8_validate(text, (gssize) size, NULL))
                return error_set(error, ERROR_INVALID_IMAGE, "The image is malformed: %s is no UTF-8 text", what);
        fault = json_text_find_fault(text, size, DEPTH_MAX);
        if (fault)
                return error_set(error, ERROR_INVALID_IMAGE, "The image is malformed: %s can't be read: %s", what,
                                 fault);
        if (!json_parser_load_from_data(parser, text, (gssize) size, &parse_error))
                return error_set(error, ERROR_INVALID_IMAGE, "The image is malformed: %s is no JSON: %s", what,
                                 parse_error->message);
        *ret = json_parser_steal_root(parser);
        if (!*ret)
                return error_set(error, ERROR_INVALID_IMAGE, "The image is malformed: %s is empty", what);
        return 0;
}

int document_load(const Source *source, const char *path, const Descriptor *descriptor, const char *what,
                  JsonNode **ret, sd_bus_error *error)
{
        g_autofree char *buffer = g_malloc(DOCUMENT_SIZE_MAX + 1), *name = sentence_name(path);
        _cleanup_close_ int fd = -1;
        ssize_t size;
        int r;

        fd = source_open(source, path);
        if (fd == -ENOENT)
                return error_set(error, ERROR_INVALID_IMAGE, "The image is incomplete: %s ('%s') is not there", what,
                                 name);
        if (fd < 0)
                return error_set(error, ERROR_INVALID_IMAGE, "The image can't be read: %s ('%s') can't be opened: %s",
                                 what, name, strerror(-fd));
        size = file_bytes_read(fd, buffer, DOCUMENT_SIZE_MAX + 1);
        if (size < 0)
                return error_set(error, SD_BUS_ERROR_IO_ERROR, "The image can't be read: %s ('%s'): %s", what, name,
                                 strerror((int) -size));
        if (size > DOCUMENT_SIZE_MAX)
                return error_set(error, ERROR_INVALID_IMAGE,
                                 "The image is malformed: %s ('%s') has more than %u bytes, which is the limit", what,
                                 name, DOCUMENT_SIZE_MAX);
        r = descriptor ? check_digest(buffer, (size_t) size, descriptor, what, error) : 0;
        return r < 0 ? r : parse(buffer, (size_t) size, what, ret, error);
}

char *document_blob_path(const char *digest)
{
        return g_strdup_printf("blobs/sha256/%s", digest + strlen("sha256:"));
}

int document_load_blob(const Source *source, const Descriptor *descriptor, const char *what, JsonNode **ret,
                       sd_bus_error *error)
{
        g_autofree char *path = document_blob_path(descriptor->digest);

        return document_load(source, path, descriptor, what, ret, error);
}

static int wrong_type(const char *member, const char *what, const char *type, sd_bus_error *error)
{
        return error_set(error, ERROR_INVALID_IMAGE, "The image is malformed: '%s' of %s is no %s", member, what, type);
}

/* Returns 1 with a node that is not null, 0 where there is none. */
static int find_member(JsonNode *node, const char *member, const char *what, JsonNode **ret, sd_bus_error *error)
{
        *ret = NULL;
        if (!JSON_NODE_HOLDS_OBJECT(node))
                return error_set(error, ERROR_INVALID_IMAGE, "The image is malformed: %s is no object", what);
        *ret = json_object_get_member(json_node_get_object(node), member);
        if (!*ret || JSON_NODE_HOLDS_NULL(*ret))
                *ret = NULL;
        return *ret != NULL;
}

static const char *get_string(JsonNode *node)
{
        return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
                       ? json_node_get_string(node)
                       : NULL;
}

int document_string(JsonNode *node, const char *member, const char *what, const char **ret, sd_bus_error *error)
{
        JsonNode *value;
        int r = find_member(node, member, what, &value, error);

        if (r < 0)
                return r;
        *ret = value ? get_string(value) : NULL;
        return value && !*ret ? wrong_type(member, what, "string", error) : r;
}

int document_object(JsonNode *node, const char *member, const char *what, JsonNode **ret, sd_bus_error *error)
{
        int r = find_member(node, member, what, ret, error);

        return r > 0 && !JSON_NODE_HOLDS_OBJECT(*ret) ? wrong_type(member, what, "object", error) : r;
}

int document_array(JsonNode *node, const char *member, const char *what, JsonArray **ret, sd_bus_error *error)
{
        JsonNode *value;
        int r = find_member(node, member, what, &value, error);

        if (r > 0 && !JSON_NODE_HOLDS_ARRAY(value))
                return wrong_type(member, what, "array", error);
        if (r >= 0)
                *ret = value ? json_node_get_array(value) : NULL;
        return r;
}

int document_strings(JsonNode *node, const char *member, const char *what, GPtrArray **ret, sd_bus_error *error)
{
        g_autoptr(GPtrArray) strings = g_ptr_array_new();
        JsonArray *array = NULL;
        int r = document_array(node, member, what, &array, error);

        if (r < 0)
                return r;
        for (unsigned i = 0; array && i < json_array_get_length(array); i++) {
                const char *string = get_string(json_array_get_element(array, i));

                if (!string)
                        return wrong_type(member, what, "array of strings", error);
                g_ptr_array_add(strings, (char *) string);
        }
        *ret = g_steal_pointer(&strings);
        return r;
}

int document_descriptor(JsonNode *node, const char *what, Descriptor *ret, sd_bus_error *error)
{
        Descriptor descriptor = {};
        JsonNode *size = NULL;
        int r;

        r = document_string(node, "mediaType", what, &descriptor.media_type, error);
        if (r >= 0)
                r = document_string(node, "digest", what, &descriptor.digest, error);
        if (r >= 0)
                r = find_member(node, "size", what, &size, error);
        if (r < 0)
                return r;

        if (!descriptor.digest || !digest_is_valid(descriptor.digest)) {
                g_autofree char *name = sentence_name(descriptor.digest ?: "");

                return error_set(
                        error, ERROR_INVALID_IMAGE,
                        "The image is malformed: the digest '%s' of %s is none of SHA-256, the only kind that is "
                        "known",
                        name, what);
        }
        if (!size || !JSON_NODE_HOLDS_VALUE(size) || json_node_get_value_type(size) != G_TYPE_INT64 ||
            json_node_get_int(size) < 0)
                return wrong_type("size", what, "number", error);
        descriptor.size = (uint64_t) json_node_get_int(size);
        descriptor.media_type = descriptor.media_type ?: "";
        *ret = descriptor;
        return 0;
}
