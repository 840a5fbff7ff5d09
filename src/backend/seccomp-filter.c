/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Strict on purpose: a filter that silently leaves out what it does not understand is one that lets too much through,
 * or one that differs between this compiler and the runtime's own. So unknown keys are refused, `includes` and
 * `excludes` of Docker's form among them, as are actions that need a tracer or a listener, which nobody here is.
 * So are two comparisons of one argument in a rule: libseccomp takes none such, and runc and crun turn them into "or".
 */

#include "backend/seccomp-filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"

#define ARCHITECTURE_PREFIX "SCMP_ARCH_"
#define ARGUMENTS_MAX       6U
#define ERRNO_MAX           4095U

static const char *const profile_keys[] = {"defaultAction", "defaultErrnoRet", "architectures", "syscalls", NULL};
static const char *const rule_keys[] = {"names", "action", "errnoRet", "args", NULL};
static const char *const argument_keys[] = {"index", "value", "valueTwo", "op", NULL};

typedef struct NamedNumber {
        const char *name;
        uint32_t number;
} NamedNumber;

static const NamedNumber actions[] = {
        {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
        {"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(EPERM)},
        {"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD},
        {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
        {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
        {"SCMP_ACT_LOG", SCMP_ACT_LOG},
        {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
};

static const NamedNumber comparisons[] = {
        {"SCMP_CMP_EQ", SCMP_CMP_EQ}, {"SCMP_CMP_GE", SCMP_CMP_GE}, {"SCMP_CMP_GT", SCMP_CMP_GT},
        {"SCMP_CMP_LE", SCMP_CMP_LE}, {"SCMP_CMP_LT", SCMP_CMP_LT}, {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
        {"SCMP_CMP_NE", SCMP_CMP_NE},
};

/* What is being compiled. where: the part of the profile that is looked at, for messages. */
typedef struct Compiler {
        scmp_filter_ctx filter;
        uint32_t default_action;
        char where[64];
        char *why;
} Compiler;

static void compiler_done(Compiler *compiler)
{
        if (compiler->filter)
                seccomp_release(compiler->filter);
        g_free(compiler->why);
}

static int __attribute__((format(printf, 2, 3))) refuse(Compiler *compiler, const char *format, ...)
{
        g_autofree char *sentence = NULL;
        va_list arguments;

        va_start(arguments, format);
        sentence = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        g_free(compiler->why);
        compiler->why = g_strdup_printf("%s: %s", compiler->where, sentence);
        return -EINVAL;
}

static int check_keys(Compiler *compiler, JsonObject *object, const char *const *known)
{
        JsonObjectIter iterator;
        const char *key;

        json_object_iter_init(&iterator, object);
        while (json_object_iter_next(&iterator, &key, NULL))
                if (!g_strv_contains(known, key))
                        return refuse(compiler, "The key '%s' is not supported here.", key);
        return 0;
}

/* Looks up a word in a table. Returns -EINVAL where the key is missing or its word is not in the table. */
static int read_word(Compiler *compiler, JsonObject *object, const char *key, const NamedNumber *table, size_t n,
                     uint32_t *ret)
{
        JsonNode *node = json_object_get_member(object, key);
        const char *word;

        if (!node || json_node_get_value_type(node) != G_TYPE_STRING)
                return refuse(compiler, "'%s' has to be there, as a string.", key);
        word = json_node_get_string(node);
        for (size_t i = 0; i < n; i++)
                if (strcmp(table[i].name, word) == 0) {
                        *ret = table[i].number;
                        return 0;
                }
        return refuse(compiler, "'%s' can't be '%s'.", key, word);
}

/* Returns 1, or 0 where the key is missing. JSON numbers are signed here, so values from 2^63 on are refused. */
static int read_number(Compiler *compiler, JsonObject *object, const char *key, uint64_t max, uint64_t *ret)
{
        JsonNode *node = json_object_get_member(object, key);
        int64_t number;

        if (!node)
                return 0;
        number = json_node_get_value_type(node) == G_TYPE_INT64 ? json_node_get_int(node) : -1;
        if (number < 0 || (uint64_t) number > max)
                return refuse(compiler, "'%s' has to be a whole number from 0 to %" G_GUINT64_FORMAT ".", key, max);
        *ret = (uint64_t) number;
        return 1;
}

static int read_action(Compiler *compiler, JsonObject *object, const char *key, const char *errno_key, uint32_t *ret)
{
        uint64_t error = EPERM;
        uint32_t action = 0;
        int r;

        r = read_word(compiler, object, key, actions, G_N_ELEMENTS(actions), &action);
        if (r < 0)
                return r;
        r = read_number(compiler, object, errno_key, ERRNO_MAX, &error);
        if (r < 0)
                return r;
        if (r > 0 && action != SCMP_ACT_ERRNO(EPERM))
                return refuse(compiler, "'%s' goes with SCMP_ACT_ERRNO only.", errno_key);
        *ret = action == SCMP_ACT_ERRNO(EPERM) ? SCMP_ACT_ERRNO((uint32_t) error) : action;
        return 0;
}

/* The array, or NULL where the key is missing. */
static int read_array(Compiler *compiler, JsonObject *object, const char *key, JsonArray **ret)
{
        JsonNode *node = json_object_get_member(object, key);

        if (node && !JSON_NODE_HOLDS_ARRAY(node))
                return refuse(compiler, "'%s' has to be an array.", key);
        *ret = node ? json_node_get_array(node) : NULL;
        return 0;
}

static int read_argument(Compiler *compiler, JsonNode *node, struct scmp_arg_cmp *ret)
{
        uint64_t index = 0, value = 0, value_two = 0;
        uint32_t comparison = 0;
        JsonObject *object;
        int r;

        if (!JSON_NODE_HOLDS_OBJECT(node))
                return refuse(compiler, "Each of 'args' has to be an object.");
        object = json_node_get_object(node);
        r = check_keys(compiler, object, argument_keys);
        if (r < 0)
                return r;
        r = read_word(compiler, object, "op", comparisons, G_N_ELEMENTS(comparisons), &comparison);
        if (r < 0)
                return r;
        r = read_number(compiler, object, "index", ARGUMENTS_MAX - 1, &index);
        if (r <= 0)
                return r < 0 ? r : refuse(compiler, "An argument without 'index'.");
        r = read_number(compiler, object, "value", INT64_MAX, &value);
        if (r <= 0)
                return r < 0 ? r : refuse(compiler, "An argument without 'value'.");
        r = read_number(compiler, object, "valueTwo", INT64_MAX, &value_two);
        if (r < 0)
                return r;
        *ret = (struct scmp_arg_cmp){(unsigned) index, (enum scmp_compare) comparison, value, value_two};
        return 0;
}

/* Returns how many there are. */
static int read_arguments(Compiler *compiler, JsonObject *rule, struct scmp_arg_cmp ret[ARGUMENTS_MAX])
{
        JsonArray *array = NULL;
        guint n;
        int r;

        r = read_array(compiler, rule, "args", &array);
        if (r < 0 || !array)
                return r;
        n = json_array_get_length(array);
        if (n > ARGUMENTS_MAX)
                return refuse(compiler, "More than %u 'args'.", ARGUMENTS_MAX);

        for (guint i = 0; i < n; i++) {
                r = read_argument(compiler, json_array_get_element(array, i), &ret[i]);
                if (r < 0)
                        return r;
                for (guint k = 0; k < i; k++)
                        if (ret[k].arg == ret[i].arg)
                                return refuse(compiler, "The argument %u is compared twice; make it two rules.",
                                              ret[i].arg);
        }
        return (int) n;
}

static int add_rule(Compiler *compiler, JsonObject *rule)
{
        struct scmp_arg_cmp arguments[ARGUMENTS_MAX];
        int r, n_arguments;
        JsonArray *names = NULL;
        uint32_t action = 0;

        r = check_keys(compiler, rule, rule_keys);
        if (r < 0)
                return r;
        r = read_action(compiler, rule, "action", "errnoRet", &action);
        if (r < 0)
                return r;
        n_arguments = read_arguments(compiler, rule, arguments);
        if (n_arguments < 0)
                return n_arguments;
        r = read_array(compiler, rule, "names", &names);
        if (r < 0)
                return r;
        if (!names || json_array_get_length(names) == 0)
                return refuse(compiler, "'names' has to name a system call.");

        for (guint i = 0; i < json_array_get_length(names); i++) {
                JsonNode *name = json_array_get_element(names, i);
                int number;

                if (json_node_get_value_type(name) != G_TYPE_STRING)
                        return refuse(compiler, "names[%u] has to be a string.", i);
                number = seccomp_syscall_resolve_name(json_node_get_string(name));
                /* libseccomp refuses rules that say what happens anyway. */
                if (number == __NR_SCMP_ERROR || action == compiler->default_action)
                        continue;
                r = seccomp_rule_add_array(compiler->filter, action, number, (unsigned) n_arguments, arguments);
                if (r < 0) {
                        (void) refuse(compiler, "libseccomp refuses the rule for %s: %s.", json_node_get_string(name),
                                      g_strerror(-r));
                        return r;
                }
        }
        return 0;
}

static int add_rules(Compiler *compiler, JsonObject *profile)
{
        JsonArray *rules = NULL;
        int r;

        r = read_array(compiler, profile, "syscalls", &rules);
        if (r < 0 || !rules)
                return r;
        for (guint i = 0; i < json_array_get_length(rules); i++) {
                JsonNode *rule = json_array_get_element(rules, i);

                (void) g_snprintf(compiler->where, sizeof(compiler->where), "syscalls[%u]", i);
                if (!JSON_NODE_HOLDS_OBJECT(rule))
                        return refuse(compiler, "This has to be an object.");
                r = add_rule(compiler, json_node_get_object(rule));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_architectures(Compiler *compiler, JsonObject *profile)
{
        JsonArray *names = NULL;
        int r;

        r = read_array(compiler, profile, "architectures", &names);
        if (r < 0 || !names)
                return r;
        for (guint i = 0; i < json_array_get_length(names); i++) {
                const char *name = json_array_get_string_element(names, i);
                uint32_t architecture = name ? seccomp_filter_architecture(name) : 0;

                if (architecture == 0)
                        return refuse(compiler, "architectures[%u] is unknown.", i);
                r = seccomp_arch_add(compiler->filter, architecture);
                if (r < 0 && r != -EEXIST) {
                        (void) refuse(compiler, "libseccomp can't add %s: %s.", name, g_strerror(-r));
                        return r;
                }
        }
        return 0;
}

/* Through a memfd, since libseccomp before 2.6 exports to nothing but an fd. */
static int export_filter(Compiler *compiler, GBytes **ret)
{
        _cleanup_close_ int fd = -1;
        g_autofree char *bytes = NULL;
        struct stat st;
        int r;

        fd = memfd_create("gangway-seccomp", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = seccomp_export_bpf(compiler->filter, fd);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        if ((size_t) st.st_size > BPF_MAXINSNS * sizeof(struct sock_filter))
                return -E2BIG;

        bytes = g_malloc((size_t) st.st_size);
        if (pread(fd, bytes, (size_t) st.st_size, 0) != st.st_size)
                return -EIO;
        *ret = g_bytes_new_take(g_steal_pointer(&bytes), (size_t) st.st_size);
        return 0;
}

static int compile(Compiler *compiler, JsonObject *profile, GBytes **ret)
{
        int r;

        (void) g_strlcpy(compiler->where, "profile", sizeof(compiler->where));
        r = check_keys(compiler, profile, profile_keys);
        if (r < 0)
                return r;
        r = read_action(compiler, profile, "defaultAction", "defaultErrnoRet", &compiler->default_action);
        if (r < 0)
                return r;

        compiler->filter = seccomp_init(compiler->default_action);
        if (!compiler->filter)
                return -ENOMEM;
        /* A tree of numbers in place of a list: each call of a container passes it. What libseccomp lacks, it lacks. */
        (void) seccomp_attr_set(compiler->filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);

        r = add_architectures(compiler, profile);
        if (r < 0)
                return r;
        r = add_rules(compiler, profile);
        if (r < 0)
                return r;
        (void) g_strlcpy(compiler->where, "profile", sizeof(compiler->where));
        r = export_filter(compiler, ret);
        if (r < 0)
                (void) refuse(compiler, "The filter can't be compiled: %s.", g_strerror(-r));
        return r;
}

uint32_t seccomp_filter_architecture(const char *name)
{
        g_autofree char *lower = NULL;

        if (!g_str_has_prefix(name, ARCHITECTURE_PREFIX))
                return 0;
        lower = g_ascii_strdown(name + strlen(ARCHITECTURE_PREFIX), -1);
        return seccomp_arch_resolve_name(lower);
}

int seccomp_filter_compile(JsonObject *profile, GBytes **ret, char **ret_why)
{
        _cleanup_(compiler_done) Compiler compiler = {};
        int r;

        r = compile(&compiler, profile, ret);
        if (r < 0)
                *ret_why = compiler.why ? g_steal_pointer(&compiler.why) : g_strdup_printf("%s.", g_strerror(-r));
        return r;
}
