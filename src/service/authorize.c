/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/authorize.h"

#include <glib.h>

#include "config.h"
#include "service/authorization-table.h"
#include "util/cleanup.h"
#include "util/error.h"

#define POLKIT_NAME      "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"
/* CheckAuthorizationFlags of the polkit reference. */
#define ALLOW_USER_INTERACTION 1U
/* Of one user, at the same time. A person answers one; each holds the fds of its request. */
#define QUESTIONS_PER_USER_MAX 32U

struct Authorizer {
        sd_bus *bus;
        Peers *peers;
        GHashTable *pending; /* Question, a set */
        uint64_t last_id;
};

typedef struct Question {
        Authorizer *authorizer;
        uint32_t uid;
        char *sender;
        bool interactive;
        GStrv actions;
        guint next; /* of actions */
        GStrv details;
        GStrv messages;
        char *cancellation_id;
        sd_bus_slot *slot;
        PeerWatch *caller;
        Authorized authorized;
        AuthorizeForget forget;
        void *userdata;
} Question;

static void free_question(gpointer data)
{
        Question *question = data;

        sd_bus_slot_unref(question->slot);
        peer_watch_free(question->caller);
        if (question->forget)
                question->forget(question->userdata);
        g_strfreev(question->actions);
        g_strfreev(question->details);
        g_strfreev(question->messages);
        g_free(question->cancellation_id);
        g_free(question->sender);
        g_free(question);
}

int authorizer_new(sd_bus *bus, Peers *peers, Authorizer **ret)
{
        Authorizer *authorizer = g_new0(Authorizer, 1);

        authorizer->bus = sd_bus_ref(bus);
        authorizer->peers = peers;
        authorizer->pending = g_hash_table_new_full(NULL, NULL, free_question, NULL);
        *ret = authorizer;
        return 0;
}

Authorizer *authorizer_free(Authorizer *authorizer)
{
        if (!authorizer)
                return NULL;
        g_hash_table_unref(authorizer->pending);
        sd_bus_unref(authorizer->bus);
        g_free(authorizer);
        return NULL;
}

static void finish(Question *question, int allowed, sd_bus_error *error)
{
        question->authorized(allowed, error, question->userdata);
        (void) g_hash_table_remove(question->authorizer->pending, question);
}

static void refuse(Question *question, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void refuse(Question *question, const char *name, const char *format, ...)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autofree char *sentence = NULL;
        va_list arguments;

        va_start(arguments, format);
        sentence = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        finish(question, sd_bus_error_set(&error, name, sentence), &error);
}

static void ask_next(Question *question);

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Question *question = userdata;
        const char *action = question->actions[question->next];
        const sd_bus_error *failure = sd_bus_message_get_error(m);
        int authorized = 0, challenge = 0;

        question->slot = sd_bus_slot_unref(question->slot);
        g_clear_pointer(&question->cancellation_id, g_free);

        if (failure || sd_bus_message_enter_container(m, 'r', "bba{ss}") < 0 ||
            sd_bus_message_read(m, "bb", &authorized, &challenge) < 0) {
                refuse(question, SD_BUS_ERROR_ACCESS_DENIED, "polkit could not be asked for %s, so it is refused: %s",
                       action, failure ? failure->message : "its answer can't be read");
                return 0;
        }
        if (authorized) {
                question->next++;
                ask_next(question);
        } else if (challenge && !question->interactive) {
                refuse(question, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                       "polkit would have to ask somebody for %s; call again with interactive authorization allowed",
                       action);
        } else {
                refuse(question, SD_BUS_ERROR_ACCESS_DENIED, "polkit refused %s", action);
        }
        return 0;
}

static int append_details(sd_bus_message *m, const Question *question)
{
        int r = sd_bus_message_open_container(m, 'a', "{ss}");

        for (guint i = 0; question->details && question->details[i] && r >= 0; i += 2)
                r = sd_bus_message_append(m, "{ss}", question->details[i], question->details[i + 1]);
        if (r >= 0 && question->messages)
                r = sd_bus_message_append(m, "{ss}{ss}", "polkit.message", question->messages[question->next],
                                          "polkit.gettext_domain", GETTEXT_PACKAGE);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r;
}

static int send_question(Question *question)
{
        Authorizer *authorizer = question->authorizer;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        question->cancellation_id = g_strdup_printf("gangway-%" G_GUINT64_FORMAT, ++authorizer->last_id);
        r = sd_bus_message_new_method_call(authorizer->bus, &m, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                                           "CheckAuthorization");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s", question->sender,
                                          question->actions[question->next]);
        if (r >= 0)
                r = append_details(m, question);
        if (r >= 0)
                r = sd_bus_message_append(m, "us", question->interactive ? ALLOW_USER_INTERACTION : 0U,
                                          question->cancellation_id);
        /* A person may take any time to answer; polkit's end, or the caller's, ends the question. */
        if (r >= 0)
                r = sd_bus_call_async(authorizer->bus, &question->slot, m, on_answer, question, UINT64_MAX);
        return r;
}

static void ask_next(Question *question)
{
        int r;

        if (!question->actions[question->next]) {
                finish(question, 1, NULL);
                return;
        }
        r = send_question(question);
        if (r < 0)
                refuse(question, SD_BUS_ERROR_ACCESS_DENIED, "polkit could not be asked for %s, so it is refused: %s",
                       question->actions[question->next], g_strerror(-r));
}

static void on_caller_left(void *userdata)
{
        Question *question = userdata;

        /* Its dialog, if there is one, goes away. */
        if (question->cancellation_id)
                (void) sd_bus_call_method_async(question->authorizer->bus, NULL, POLKIT_NAME, POLKIT_PATH,
                                                POLKIT_INTERFACE, "CancelCheckAuthorization", NULL, NULL, "s",
                                                question->cancellation_id);
        (void) g_hash_table_remove(question->authorizer->pending, question);
}

/* The table's word on what this method may ask for at all. NULL where all is well. */
static const char *find_action_out_of_place(sd_bus_message *m, const char *const *actions)
{
        const AuthorizationRow *row =
                authorization_table_find(sd_bus_message_get_interface(m), sd_bus_message_get_member(m));

        for (; *actions; actions++)
                if (g_strcmp0(*actions, ACTION_MANAGE_OTHERS) != 0 && (!row || !authorization_row_has(row, *actions)))
                        return *actions;
        return NULL;
}

static unsigned count_questions(const Authorizer *authorizer, uint32_t uid)
{
        GHashTableIter iterator;
        const Question *question;
        unsigned count = 0;

        g_hash_table_iter_init(&iterator, authorizer->pending);
        while (g_hash_table_iter_next(&iterator, (gpointer *) &question, NULL))
                count += question->uid == uid;
        return count;
}

void authorize(Authorizer *authorizer, sd_bus_message *m, uint32_t uid, const AuthorizeRequest *request)
{
        Question *question = g_new0(Question, 1);
        const char *wrong = find_action_out_of_place(m, request->actions);

        question->authorizer = authorizer;
        question->uid = uid;
        question->sender = g_strdup(sd_bus_message_get_sender(m));
        question->interactive = sd_bus_message_get_allow_interactive_authorization(m) > 0;
        question->actions = g_strdupv((GStrv) request->actions);
        question->details = g_strdupv((GStrv) request->details);
        question->messages = g_strdupv((GStrv) request->messages);
        question->authorized = request->authorized;
        question->forget = request->forget;
        question->userdata = request->userdata;
        g_hash_table_add(authorizer->pending, question);

        if (wrong) {
                refuse(question, SD_BUS_ERROR_ACCESS_DENIED, "%s does not ask for %s", sd_bus_message_get_member(m),
                       wrong);
        } else if (uid == 0) {
                finish(question, 1, NULL);
        } else if (count_questions(authorizer, uid) > QUESTIONS_PER_USER_MAX) {
                refuse(question, SD_BUS_ERROR_LIMITS_EXCEEDED,
                       "The user %u has %u questions to polkit open already; call again when one is answered", uid,
                       QUESTIONS_PER_USER_MAX);
        } else {
                question->caller = peers_watch(authorizer->peers, question->sender, on_caller_left, question);
                ask_next(question);
        }
}
