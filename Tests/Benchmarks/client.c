// The load that Tests/Benchmarks puts on a server: raw sockets and raw byte scanning, so that the server is what is
// measured. One call does one thing and prints one line of JSON: the wall time of the measured part, this program's own
// processor time in it, and what was counted.
//
//     client VERB port=N [ca=FILE] [user=… password=…] [key=value …]
//
//     logins   count= lanes=                              connect, LOGIN, LOGOUT, over `lanes` connections at a time
//     append   corpus= first= count= mailbox= window= batch=  APPEND of `batch` messages each with at most `window`
//                                                         unanswered commands
//     lmtp     corpus= first= count= to= lanes=           deliveries over `lanes` connections, each to all of `to` (a
//                                                         list with commas)
//     fetch    mailbox= set= items= expect= repeat=       UID FETCH set items, `expect` responses each time
//     single   mailbox= expect= count= seed=              UID FETCH n (BODY.PEEK[]) of random messages, one at a time
//     select   mailbox= expect= count=                    SELECT again and again
//     commands mailbox= pre= do= post= count= window= messages= seed=   `do` again and again, `pre` and `post` once and
//                                                         not timed; lines; %n is the round from 1, %r a random one of
//                                                         1...messages
//     mixed    mailbox= messages= count= lanes= seed= corpus=   what clients do all day, `lanes` at once
//     notice   mailbox= count= corpus=                    from the OK of an APPEND to the news in another session's IDLE
//     idle     mailbox= count=                            holds idling sessions until a line comes on standard input
//     sync     file= count=                               the machine: 4 KB written and fdatasync, again and again

#include "wire.h"

static void log_in(Connection *connection) {
    size_t length;
    open_connection(connection);
    read_line(connection, &length);
    command(connection, "LOGIN %s %s", option("user", NULL), option("password", NULL));
}

// Runs `body` in as many threads as there are lanes, each with its number, and waits for all of them.
static void run_lanes(long lanes, void *(*body)(void *)) {
    pthread_t *threads = calloc(lanes, sizeof *threads);
    for (long at = 0; at < lanes; at++) pthread_create(&threads[at], NULL, body, (void *)at);
    for (long at = 0; at < lanes; at++) pthread_join(threads[at], NULL);
    free(threads);
}

static void *log_in_and_out(void *lane) {
    long count = number("count", NULL), lanes = number("lanes", "1");
    for (long at = (long)lane; at < count; at += lanes) {
        Connection connection;
        log_in(&connection);
        command(&connection, "LOGOUT");
        close(connection.socket);
        free(connection.buffer);
    }
    return NULL;
}

static void logins(void) {
    start_clock();
    run_lanes(number("lanes", "1"), log_in_and_out);
    report(number("count", NULL), 0);
}

static void append(void) {
    Connection connection;
    long count = number("count", NULL), first = number("first", "0"), window = number("window", "1");
    long batch = number("batch", "1"), commands = count / batch, sent = 0, answered = 0;
    uint64_t bytes = 0;
    char head[512], tag[32];
    open_corpus();
    log_in(&connection);
    start_clock();
    while (answered < commands) {
        while (sent < commands && sent - answered < window) {
            int length = sprintf(head, "a%ld APPEND %.400s", sent, option("mailbox", NULL));
            for (long at = 0; at < batch; at++) {
                size_t size;
                const char *body = message(first + sent * batch + at, &size);
                length += sprintf(head + length, " {%zu+}\r\n", size);
                send_parts(&connection, head, length, body, size);
                bytes += size;
                length = 0;
            }
            send_all(&connection, "\r\n", 2);
            sent++;
        }
        sprintf(tag, "a%ld", answered++);
        read_reply(&connection, tag);
    }
    report(commands * batch, bytes);
}

// A line of `commands`, with what stands for %n and %r in its place; gives where the next one begins.
static const char *expand(const char *template, long round, long random, char *line, size_t room, int *length) {
    size_t at = 0;
    while (*template && *template != '\n') {
        if (at + 24 > room) fail("a command of over %zu bytes", room);
        if (template[0] == '%' && (template[1] == 'n' || template[1] == 'r')) {
            at += sprintf(line + at, "%ld", template[1] == 'n' ? round : random);
            template += 2;
        } else {
            line[at++] = *template++;
        }
    }
    line[at] = 0;
    *length = (int)at;
    return *template ? template + 1 : template;
}

static void run_lines(Connection *connection, const char *lines) {
    char line[4096];
    int length;
    while (*lines) {
        lines = expand(lines, 0, 0, line, sizeof line, &length);
        command(connection, "%s", line);
    }
}

static void commands(void) {
    Connection connection;
    long count = number("count", "1"), window = number("window", "1"), messages = number("messages", "1");
    long sent = 0, answered = 0;
    uint64_t bytes = 0;
    char line[4096], tag[32];
    log_in(&connection);
    run_lines(&connection, option("pre", ""));
    srandom(number("seed", "1"));
    start_clock();
    for (long round = 1; answered < count; round++) {
        for (const char *next = option("do", NULL); *next && sent < count;) {
            int length, start = sprintf(line, "c%ld ", sent);
            next = expand(next, round, 1 + random() % messages, line + start, sizeof line - start - 2, &length);
            memcpy(line + start + length, "\r\n", 2);
            send_all(&connection, line, start + length + 2);
            sent++;
            while (answered < sent && (sent - answered >= window || sent == count)) {
                sprintf(tag, "c%ld", answered++);
                bytes += read_reply(&connection, tag).bytes;
            }
        }
    }
    report(count, bytes);
    run_lines(&connection, option("post", ""));
}

static void mix_one(Connection *connection, unsigned *state, long messages, long number_of_message) {
    long uid = 1 + rand_r(state) % messages, kind = rand_r(state) % 100;
    size_t size;
    if (kind < 30) {
        command(connection, "UID FETCH %ld (BODY.PEEK[])", uid);
    } else if (kind < 50) {
        command(connection, "UID FETCH %ld:%ld (FLAGS ENVELOPE)", uid, uid + 49);
    } else if (kind < 65) {
        command(connection, "UID STORE %ld %cFLAGS.SILENT (\\Flagged)", uid, kind % 2 ? '+' : '-');
    } else if (kind < 75) {
        command(connection, "NOOP");
    } else if (kind < 85) {
        command(connection, "STATUS INBOX (MESSAGES UNSEEN UIDNEXT)");
    } else if (kind < 93) {
        command(connection, "UID SEARCH UID %ld:%ld FLAGGED", uid, uid + 999);
    } else {
        char head[64], tag[32];
        const char *body = message(number_of_message, &size);
        sprintf(tag, "t%ld", ++connection->commands);
        int length = sprintf(head, "%s APPEND INBOX {%zu+}\r\n", tag, size);
        send_parts(connection, head, length, body, size);
        send_all(connection, "\r\n", 2);
        read_reply(connection, tag);
    }
}

static Connection *mixed_connections;

static void *mix(void *lane) {
    long count = number("count", NULL), lanes = number("lanes", "20"), messages = number("messages", NULL);
    unsigned state = (unsigned)(number("seed", "1") * 1000 + (long)lane);
    for (long at = (long)lane; at < count; at += lanes) mix_one(&mixed_connections[(long)lane], &state, messages, at);
    return NULL;
}

static void mixed(void) {
    long lanes = number("lanes", "20");
    mixed_connections = calloc(lanes, sizeof *mixed_connections);
    open_corpus();
    for (long at = 0; at < lanes; at++) {
        log_in(&mixed_connections[at]);
        command(&mixed_connections[at], "SELECT %s", option("mailbox", NULL));
    }
    start_clock();
    run_lanes(lanes, mix);
    report(number("count", NULL), 0);
}

static int ascending(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

// Reads what has arrived; whether a whole line of it holds the word.
static bool hears(Connection *connection, const char *word) {
    size_t length;
    receive(connection);
    while (memchr(connection->buffer + connection->start, '\n', connection->end - connection->start)) {
        const char *line = read_line(connection, &length);
        if (memmem(line, length, word, strlen(word))) return true;
    }
    return false;
}

// One session waits in IDLE, another one appends: how long after the OK does the first one know? Its news may come first.
static void notice(void) {
    Connection waiting, acting;
    long count = number("count", NULL);
    size_t length, size;
    double *late = calloc(count, sizeof *late);
    open_corpus();
    const char *body = message(0, &size);
    log_in(&waiting);
    log_in(&acting);
    command(&waiting, "SELECT %s", option("mailbox", NULL));
    send_all(&waiting, "i IDLE\r\n", 8);
    if (*read_line(&waiting, &length) != '+') fail("IDLE was refused");
    start_clock();
    for (long at = 0; at < count; at++) {
        char head[512];
        double answered = 0, known = 0;
        size = size < 4000 ? size : 4000;
        int start = sprintf(head, "n%ld APPEND %.400s {%zu+}\r\n", at, option("mailbox", NULL), size);
        send_parts(&acting, head, start, body, size);
        send_all(&acting, "\r\n", 2);
        while (!answered || !known) {
            struct pollfd both[] = {{.fd = waiting.socket, .events = POLLIN}, {.fd = acting.socket, .events = POLLIN}};
            if (poll(both, 2, 5000) < 1) fail("no news within 5 s");
            double now = seconds_now();
            if (both[0].revents && hears(&waiting, " EXISTS")) known = now;
            if (both[1].revents && hears(&acting, " OK")) answered = now;
        }
        late[at] = known > answered ? known - answered : 0;
    }
    qsort(late, count, sizeof *late, ascending);
    extra_figure("median", late[count / 2]);
    extra_figure("p99", late[count * 99 / 100]);
    report(count, 0);
}

static void fetch(void) {
    Connection connection;
    Reply reply = {0};
    long repeat = number("repeat", "1"), expect = number("expect", NULL), count = 0;
    uint64_t bytes = 0;
    log_in(&connection);
    command(&connection, "EXAMINE %s", option("mailbox", NULL));
    start_clock();
    for (long round = 0; round < repeat; round++) {
        reply = command(&connection, "UID FETCH %s %s", option("set", "1:*"), option("items", NULL));
        if (reply.fetched != expect) fail("%ld FETCH responses instead of %ld", reply.fetched, expect);
        count += reply.fetched;
        bytes += reply.bytes;
    }
    report(count, bytes);
}

static void single(void) {
    Connection connection;
    long count = number("count", NULL), messages = number("expect", NULL);
    uint64_t bytes = 0;
    log_in(&connection);
    command(&connection, "EXAMINE %s", option("mailbox", NULL));
    srandom(number("seed", "1"));
    start_clock();
    for (long done = 0; done < count; done++) {
        Reply reply = command(&connection, "UID FETCH %ld (BODY.PEEK[])", 1 + random() % messages);
        if (reply.fetched != 1) fail("%ld FETCH responses instead of 1", reply.fetched);
        bytes += reply.bytes;
    }
    report(count, bytes);
}

static void select_again(void) {
    Connection connection;
    Reply reply;
    long count = number("count", NULL), expect = number("expect", NULL);
    uint64_t bytes = 0;
    log_in(&connection);
    command(&connection, "SELECT %s", option("mailbox", NULL));
    start_clock();
    for (long done = 0; done < count; done++) {
        reply = command(&connection, "SELECT %s", option("mailbox", NULL));
        if (reply.exists != expect) fail("%ld messages instead of %ld", reply.exists, expect);
        bytes += reply.bytes;
    }
    report(count, bytes);
}

static void hold_idle(void) {
    long count = number("count", NULL);
    size_t length;
    Connection *connections = calloc(count, sizeof *connections);
    start_clock();
    for (long at = 0; at < count; at++) {
        log_in(&connections[at]);
        command(&connections[at], "SELECT %s", option("mailbox", NULL));
        send_all(&connections[at], "i IDLE\r\n", 8);
        if (*read_line(&connections[at], &length) != '+') fail("IDLE was refused");
        free(connections[at].buffer);
        connections[at].buffer = NULL;
        connections[at].start = connections[at].end = connections[at].capacity = 0;
    }
    report(count, 0);
    getchar();
}

// LMTP --------------------------------------------------------------------------------------------

static struct {
    Connection *connections;
    char **bodies, envelope[4096];
    size_t *sizes;
    long recipients;
    int envelope_length;
} delivery;

static void expect_code(Connection *connection, const char *code) {
    size_t length;
    while (true) {
        const char *line = read_line(connection, &length);
        if (length < 3 || memcmp(line, code, 3) != 0) fail("instead of %s: %.*s", code, (int)length, line);
        if (length == 3 || line[3] != '-') return;
    }
}

// The message as DATA wants it: a dot before each dot that begins a line, and the last line (RFC 5321 §4.5.2).
static char *stuffed(const char *body, size_t size, size_t *length) {
    char *out = malloc(size * 2 + 8), *to = out;
    for (size_t at = 0; at < size; at++) {
        if (body[at] == '.' && (at == 0 || body[at - 1] == '\n')) *to++ = '.';
        *to++ = body[at];
    }
    memcpy(to, ".\r\n", 3);
    *length = (size_t)(to - out) + 3;
    return out;
}

static void *deliver(void *lane) {
    long count = number("count", NULL), lanes = number("lanes", "1");
    Connection *connection = &delivery.connections[(long)lane];
    for (long at = (long)lane; at < count; at += lanes) {
        send_all(connection, delivery.envelope, delivery.envelope_length);
        for (long replies = 0; replies <= delivery.recipients; replies++) expect_code(connection, "250");
        expect_code(connection, "354");
        send_all(connection, delivery.bodies[at], delivery.sizes[at]);
        for (long replies = 0; replies < delivery.recipients; replies++) expect_code(connection, "250");
    }
    return NULL;
}

// MAIL, an RCPT for each recipient, and DATA in one piece (PIPELINING).
static void write_envelope(void) {
    char list[2048], *rest = list;
    int at = sprintf(delivery.envelope, "MAIL FROM:<sender@example.net>\r\n");
    snprintf(list, sizeof list, "%s", option("to", NULL));
    for (char *to; (to = strsep(&rest, ","));) {
        if (at + strlen(to) + 32 > sizeof delivery.envelope) fail("too many recipients");
        at += sprintf(delivery.envelope + at, "RCPT TO:<%s>\r\n", to);
        delivery.recipients++;
    }
    delivery.envelope_length = at + sprintf(delivery.envelope + at, "DATA\r\n");
}

static void lmtp(void) {
    long count = number("count", NULL), first = number("first", "0"), lanes = number("lanes", "1");
    size_t size;
    uint64_t bytes = 0;
    delivery.bodies = calloc(count, sizeof *delivery.bodies);
    delivery.sizes = calloc(count, sizeof *delivery.sizes);
    delivery.connections = calloc(lanes, sizeof *delivery.connections);
    open_corpus();
    write_envelope();
    for (long at = 0; at < count; at++) {
        const char *body = message(first + at, &size);
        delivery.bodies[at] = stuffed(body, size, &delivery.sizes[at]);
        bytes += delivery.sizes[at];
    }
    for (long at = 0; at < lanes; at++) {
        open_connection(&delivery.connections[at]);
        expect_code(&delivery.connections[at], "220");
        send_all(&delivery.connections[at], "LHLO client.example.net\r\n", 25);
        expect_code(&delivery.connections[at], "250");
    }
    start_clock();
    run_lanes(lanes, deliver);
    report(count * delivery.recipients, bytes);
}

// The machine -------------------------------------------------------------------------------------

static void synchronise(void) {
    char block[4096] = "x";
    long count = number("count", "200");
    int file = open(option("file", NULL), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    if (file < 0) fail("cannot write %s", option("file", NULL));
    start_clock();
    for (long done = 0; done < count; done++)
        if (write(file, block, sizeof block) != sizeof block || fdatasync(file) != 0) fail("cannot write");
    report(count, count * sizeof block);
}

int main(int count, char **arguments) {
    static const struct { const char *name; void (*run)(void); } verbs[] = {
        {"logins", logins}, {"append", append}, {"lmtp", lmtp}, {"fetch", fetch}, {"single", single},
        {"select", select_again}, {"commands", commands}, {"mixed", mixed}, {"notice", notice}, {"idle", hold_idle},
        {"sync", synchronise},
    };
    if (count < 2) fail("what?");
    option_list = arguments + 2;
    signal(SIGPIPE, SIG_IGN);
    for (size_t at = 0; at < sizeof verbs / sizeof *verbs; at++)
        if (strcmp(arguments[1], verbs[at].name) == 0) {
            verbs[at].run();
            return 0;
        }
    fail("there is no verb %s", arguments[1]);
}
