/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What --property and --rlimit read, and the message that is made of it.
 */

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "ctl/properties.h"
#include "ctl/quantities.h"
#include "util/cleanup.h"

typedef struct QuantityCase {
        const char *text;
        int r;
        uint64_t number;
} QuantityCase;

static void check_quantities(const QuantityCase *cases, size_t n, int (*parse)(const char *text, uint64_t *ret))
{
        for (size_t i = 0; i < n; i++) {
                uint64_t number = 4711;

                g_test_message("'%s'", cases[i].text);
                g_assert_cmpint(parse(cases[i].text, &number), ==, cases[i].r);
                g_assert_cmpuint(number, ==, cases[i].r < 0 ? 4711 : cases[i].number);
        }
}

static void test_size(void)
{
        static const QuantityCase cases[] = {
                {"0", 0, 0},
                {"4096", 0, 4096},
                {"12B", 0, 12},
                {"1K", 0, 1024},
                {"512M", 0, UINT64_C(512) << 20},
                {"3G", 0, UINT64_C(3) << 30},
                {"2T", 0, UINT64_C(2) << 40},
                {"1P", 0, UINT64_C(1) << 50},
                {"15E", 0, UINT64_C(15) << 60},
                {"infinity", 0, UINT64_MAX},
                {"18446744073709551615", 0, UINT64_MAX},
                {"18446744073709551616", -ERANGE, 0},
                {"16E", -ERANGE, 0},
                {"", -EINVAL, 0},
                {"M", -EINVAL, 0},
                {"-1", -EINVAL, 0},
                {"+1", -EINVAL, 0},
                {" 1", -EINVAL, 0},
                {"1 M", -EINVAL, 0},
                {"1MB", -EINVAL, 0},
                {"1m", -EINVAL, 0},
                {"0x10", -EINVAL, 0},
                {"Infinity", -EINVAL, 0},
        };

        check_quantities(cases, G_N_ELEMENTS(cases), quantity_parse_size);
}

static void test_bytes(void)
{
        static const QuantityCase cases[] = {
                {"0", 0, 0},
                {"4096", 0, 4096},
                {"12b", 0, 12},
                {"1k", 0, 1024},
                {"1K", 0, 1024},
                {"64m", 0, UINT64_C(64) << 20},
                {"64mb", 0, UINT64_C(64) << 20},
                {"64MiB", 0, UINT64_C(64) << 20},
                {"3G", 0, UINT64_C(3) << 30},
                {"1p", 0, UINT64_C(1) << 50},
                {"16384p", -ERANGE, 0},
                {"", -EINVAL, 0},
                {"m", -EINVAL, 0},
                {"-1", -EINVAL, 0},
                {"64mi", -EINVAL, 0},
                {"64mbb", -EINVAL, 0},
                {"64x", -EINVAL, 0},
                {"12bb", -EINVAL, 0},
                {"infinity", -EINVAL, 0},
        };

        check_quantities(cases, G_N_ELEMENTS(cases), quantity_parse_bytes);
}

static void test_count_and_weight(void)
{
        static const QuantityCase counts[] = {
                {"0", 0, 0}, {"100", 0, 100}, {"infinity", 0, UINT64_MAX}, {"1K", -EINVAL, 0}, {"", -EINVAL, 0},
        };
        static const QuantityCase weights[] = {
                {"1", 0, 1}, {"10000", 0, 10000}, {"0", -ERANGE, 0}, {"10001", -ERANGE, 0}, {"infinity", -ERANGE, 0},
        };

        check_quantities(counts, G_N_ELEMENTS(counts), quantity_parse_count);
        check_quantities(weights, G_N_ELEMENTS(weights), quantity_parse_weight);
}

static void test_time_span(void)
{
        static const QuantityCase cases[] = {
                {"30", 0, UINT64_C(30000000)},
                {"0", 0, 0},
                {"250ms", 0, 250000},
                {"7us", 0, 7},
                {"5min", 0, UINT64_C(300000000)},
                {"1h 30min", 0, UINT64_C(5400000000)},
                {"1h30min", 0, UINT64_C(5400000000)},
                {" 2 days ", 0, UINT64_C(172800000000)},
                {"1w", 0, UINT64_C(604800000000)},
                {"infinity", 0, UINT64_MAX},
                {"18446744073710", -ERANGE, 0},
                {"18446744073709s 600ms", -ERANGE, 0},
                {"", -EINVAL, 0},
                {"5 parsecs", -EINVAL, 0},
                {"min", -EINVAL, 0},
                {"-5", -EINVAL, 0},
        };

        check_quantities(cases, G_N_ELEMENTS(cases), quantity_parse_time_span);
}

static void test_cpu_quota(void)
{
        static const QuantityCase cases[] = {
                {"50%", 0, 500000},   {"200%", 0, 2000000},        {"12.5%", 0, 125000},
                {"0.01%", 0, 100},    {"0%", -ERANGE, 0},          {"50", -EINVAL, 0},
                {"%", -EINVAL, 0},    {"5.%", -EINVAL, 0},         {"5.123%", -EINVAL, 0},
                {"50%%", -EINVAL, 0}, {"infinity", 0, UINT64_MAX}, {"18446744073709551615%", -ERANGE, 0},
        };

        check_quantities(cases, G_N_ELEMENTS(cases), quantity_parse_cpu_quota);
}

static void check_cpu_list(const char *text, const uint8_t *expected, size_t n)
{
        g_autoptr(GByteArray) mask = NULL;

        g_test_message("'%s'", text);
        g_assert_cmpint(quantity_parse_cpu_list(text, &mask), ==, 0);
        g_assert_cmpmem(mask->data, mask->len, expected, n);
}

static void test_cpu_list(void)
{
        static const char *const bad[] = {"", ",", "a", "1-", "-1", "3-1", "1;2", "0-1x"};
        static const char *const too_large[] = {"8192", "0-99999", "18446744073709551616"};
        GByteArray *mask = NULL;

        check_cpu_list("0", (const uint8_t[]){0x01}, 1);
        check_cpu_list("0-1", (const uint8_t[]){0x03}, 1);
        check_cpu_list("0-1,4", (const uint8_t[]){0x13}, 1);
        check_cpu_list(" 0 1 4 ", (const uint8_t[]){0x13}, 1);
        check_cpu_list("7,8", (const uint8_t[]){0x80, 0x01}, 2);
        check_cpu_list("17", (const uint8_t[]){0x00, 0x00, 0x02}, 3);
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                g_assert_cmpint(quantity_parse_cpu_list(bad[i], &mask), ==, -EINVAL);
        for (size_t i = 0; i < G_N_ELEMENTS(too_large); i++)
                g_assert_cmpint(quantity_parse_cpu_list(too_large[i], &mask), ==, -ERANGE);
        g_assert_null(mask);
}

static void check_property(const char *text, const char *name, uint64_t number)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(scope_property_done) ScopeProperty property = {};

        g_test_message("'%s'", text);
        g_assert_cmpint(scope_property_parse(text, &property, &error), ==, 0);
        g_assert_false(sd_bus_error_is_set(&error));
        g_assert_cmpstr(property.name, ==, name);
        g_assert_cmpuint(property.number, ==, number);
        g_assert_null(property.mask);
}

/* The message must hold what was wrong, so that a person finds it in a long command line. */
static void check_bad_property(const char *text, const char *told)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        ScopeProperty property = {.name = "untouched"};

        g_test_message("'%s'", text);
        g_assert_cmpint(scope_property_parse(text, &property, &error), ==, -EINVAL);
        g_assert_cmpstr(error.name, ==, SD_BUS_ERROR_INVALID_ARGS);
        g_assert_nonnull(strstr(error.message, told));
        g_assert_cmpstr(property.name, ==, "untouched");
}

static void test_property(void)
{
        check_property("MemoryMin=1K", "MemoryMin", 1024);
        check_property("MemoryLow=1K", "MemoryLow", 1024);
        check_property("MemoryHigh=1K", "MemoryHigh", 1024);
        check_property("MemoryMax=512M", "MemoryMax", UINT64_C(512) << 20);
        check_property("MemorySwapMax=infinity", "MemorySwapMax", UINT64_MAX);
        check_property("CPUWeight=100", "CPUWeight", 100);
        check_property("IOWeight=10", "IOWeight", 10);
        check_property("CPUQuota=50%", "CPUQuotaPerSecUSec", 500000);
        check_property("CPUQuotaPerSecUSec=20000", "CPUQuotaPerSecUSec", 20000);
        check_property("TasksMax=7", "TasksMax", 7);
        check_property("RuntimeMaxSec=1min", "RuntimeMaxUSec", 60000000);
        check_property("RuntimeMaxUSec=60", "RuntimeMaxUSec", 60);

        check_bad_property("MemoryMax", "'MemoryMax'");
        check_bad_property("MemoryMax=", "MemoryMax");
        check_bad_property("MemoryMax=lots", "'lots'");
        check_bad_property("memorymax=1", "'memorymax'");
        check_bad_property("=1", "''");
        check_bad_property("ExecStart=/bin/sh", "'ExecStart'");
        check_bad_property("CPUWeight=0", "'0'");
        check_bad_property("AllowedCPUs=none", "'none'");
}

static void check_limit(const char *text, const char *name, uint64_t soft, uint64_t hard)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        ResourceLimit limit;

        g_test_message("'%s'", text);
        g_assert_cmpint(resource_limit_parse(text, &limit, &error), ==, 0);
        g_assert_cmpstr(limit.name, ==, name);
        g_assert_cmpuint(limit.soft, ==, soft);
        g_assert_cmpuint(limit.hard, ==, hard);
}

static void test_limit(void)
{
        static const char *const bad[] = {
                "NOFILE",       "NOFILE=",    "NOFILE=:", "NOFILE=1:", "NOFILE=:1",
                "NOFILE=1:2:3", "NOFILE=2:1", "FILES=1",  "=1",
        };

        check_limit("NOFILE=1024:4096", "NOFILE", 1024, 4096);
        check_limit("RLIMIT_NOFILE=1024", "NOFILE", 1024, 1024);
        check_limit("CORE=0:infinity", "CORE", 0, UINT64_MAX);
        check_limit("MEMLOCK=64K:1M", "MEMLOCK", 65536, 1048576);
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                ResourceLimit limit;

                g_test_message("'%s'", bad[i]);
                g_assert_cmpint(resource_limit_parse(bad[i], &limit, &error), ==, -EINVAL);
                g_assert_cmpstr(error.name, ==, SD_BUS_ERROR_INVALID_ARGS);
        }
}

/* A message needs a bus, but none that is connected. */
static sd_bus_message *message_new(void)
{
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        sd_bus_message *message;

        g_assert_cmpint(sd_bus_new(&bus), >=, 0);
        g_assert_cmpint(sd_bus_set_address(bus, "unix:path=/dev/null"), >=, 0);
        (void) sd_bus_start(bus);
        g_assert_cmpint(sd_bus_message_new_method_call(bus, &message, "a.b", "/a", "a.b", "C"), >=, 0);
        return message;
}

static void test_append(void)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = message_new();
        _cleanup_(scope_property_done) ScopeProperty cpus = {};
        ScopeProperty memory = {.name = "MemoryMax", .number = 9};
        ResourceLimit limit = {.name = "NOFILE", .soft = 1, .hard = 2};
        const char *name;
        const void *mask;
        uint64_t number, hard;
        size_t size;

        g_assert_cmpint(scope_property_parse("AllowedCPUs=0,9", &cpus, NULL), ==, 0);
        g_assert_cmpint(scope_property_append(message, &memory), >=, 0);
        g_assert_cmpint(scope_property_append(message, &cpus), >=, 0);
        g_assert_cmpint(sd_bus_message_open_container(message, 'a', "{s(tt)}"), >=, 0);
        g_assert_cmpint(resource_limit_append(message, &limit), >=, 0);
        g_assert_cmpint(sd_bus_message_close_container(message), >=, 0);
        g_assert_cmpint(sd_bus_message_seal(message, 1, 0), >=, 0);
        g_assert_cmpstr(sd_bus_message_get_signature(message, true), ==, "(sv)(sv)a{s(tt)}");

        g_assert_cmpint(sd_bus_message_read(message, "(sv)", &name, "t", &number), >, 0);
        g_assert_cmpstr(name, ==, "MemoryMax");
        g_assert_cmpuint(number, ==, 9);
        g_assert_cmpint(sd_bus_message_enter_container(message, 'r', "sv"), >, 0);
        g_assert_cmpint(sd_bus_message_read(message, "s", &name), >, 0);
        g_assert_cmpstr(name, ==, "AllowedCPUs");
        g_assert_cmpint(sd_bus_message_enter_container(message, 'v', "ay"), >, 0);
        g_assert_cmpint(sd_bus_message_read_array(message, 'y', &mask, &size), >, 0);
        g_assert_cmpmem(mask, size, "\x01\x02", 2);
        g_assert_cmpint(sd_bus_message_exit_container(message), >, 0);
        g_assert_cmpint(sd_bus_message_exit_container(message), >, 0);
        g_assert_cmpint(sd_bus_message_read(message, "a{s(tt)}", 1, &name, &number, &hard), >, 0);
        g_assert_cmpstr(name, ==, "NOFILE");
        g_assert_cmpuint(number, ==, 1);
        g_assert_cmpuint(hard, ==, 2);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl/quantities/size", test_size);
        g_test_add_func("/ctl/quantities/bytes", test_bytes);
        g_test_add_func("/ctl/quantities/count-and-weight", test_count_and_weight);
        g_test_add_func("/ctl/quantities/time-span", test_time_span);
        g_test_add_func("/ctl/quantities/cpu-quota", test_cpu_quota);
        g_test_add_func("/ctl/quantities/cpu-list", test_cpu_list);
        g_test_add_func("/ctl/properties/property", test_property);
        g_test_add_func("/ctl/properties/limit", test_limit);
        g_test_add_func("/ctl/properties/append", test_append);
        return g_test_run();
}
