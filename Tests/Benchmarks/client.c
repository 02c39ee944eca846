// The load that Tests/Benchmarks puts on a server: raw sockets and raw byte scanning, so that the server is what is
// measured. One call does one thing and prints one line of JSON: the wall time of the measured part, this program's own
// processor time in it, and what was counted.
//
//     client VERB port=N [ca=FILE] [user=… password=…] [key=value …]
//
//     append   corpus= first= count= mailbox= window=     APPEND with at most `window` unanswered commands
//     lmtp     corpus= first= count= to= lanes=           deliveries over `lanes` connections, one recipient each
//     fetch    mailbox= set= items= expect= repeat=       UID FETCH set items, `expect` responses each time
//     single   mailbox= expect= count= seed=              UID FETCH n (BODY.PEEK[]) of random messages, one at a time
//     select   mailbox= expect= count=                    SELECT again and again
//     idle     mailbox= count=                            holds idling sessions until a line comes on standard input
//     sync     file= count=                               the machine: 4 KB written and fdatasync, again and again

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("client: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

// Options -----------------------------------------------------------------------------------------

static char **option_list;

static const char *option(const char *name, const char *otherwise) {
    size_t length = strlen(name);
    for (char **one = option_list; *one; one++)
        if (strncmp(*one, name, length) == 0 && (*one)[length] == '=') return *one + length + 1;
    if (!otherwise) fail("%s= is missing", name);
    return otherwise;
}

static long number(const char *name, const char *otherwise) { return strtol(option(name, otherwise), NULL, 10); }

// What is counted and timed -----------------------------------------------------------------------

static struct timespec wall_start;
static double cpu_start;

static double cpu_now(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void start_clock(void) {
    cpu_start = cpu_now();
    clock_gettime(CLOCK_MONOTONIC, &wall_start);
}

static void report(long count, uint64_t bytes) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (now.tv_sec - wall_start.tv_sec) + (now.tv_nsec - wall_start.tv_nsec) / 1e9;
    printf("{\"seconds\": %.6f, \"cpu\": %.6f, \"count\": %ld, \"bytes\": %llu}\n", seconds, cpu_now() - cpu_start,
           count, (unsigned long long)bytes);
    fflush(stdout);
}

// The corpus: messages one behind the other, and their offsets ------------------------------------

static const char *corpus_bytes;
static const uint64_t *corpus_offsets;
static long corpus_count;

static const void *mapped(const char *path, size_t *size) {
    int file = open(path, O_RDONLY);
    struct stat facts;
    if (file < 0 || fstat(file, &facts) != 0) fail("cannot read %s", path);
    *size = facts.st_size;
    const void *bytes = mmap(NULL, *size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED) fail("cannot map %s", path);
    close(file);
    return bytes;
}

static void open_corpus(void) {
    char index[4096];
    size_t size;
    snprintf(index, sizeof index, "%s.index", option("corpus", NULL));
    corpus_bytes = mapped(option("corpus", NULL), &size);
    corpus_offsets = mapped(index, &size);
    corpus_count = (long)(size / sizeof(uint64_t)) - 1;
    if (corpus_count < 1) fail("the corpus is empty");
}

static const char *message(long number, size_t *size) {
    const uint64_t *at = corpus_offsets + number % corpus_count;
    *size = at[1] - at[0];
    return corpus_bytes + at[0];
}

// A connection ------------------------------------------------------------------------------------

typedef struct {
    int socket;
    SSL *tls;
    char *buffer;  // what was received and not yet used: start..<end of capacity
    size_t start, end, capacity;
} Connection;

static SSL_CTX *tls_context;

static void open_connection(Connection *connection) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(number("port", NULL))};
    int yes = 1;
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    *connection = (Connection){.socket = socket(AF_INET, SOCK_STREAM, 0)};
    if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (!*option("ca", "")) return;
    if (!tls_context) {
        tls_context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_mode(tls_context, SSL_MODE_AUTO_RETRY);
        SSL_CTX_set_verify(tls_context, SSL_VERIFY_PEER, NULL);
        if (SSL_CTX_load_verify_locations(tls_context, option("ca", ""), NULL) != 1) fail("cannot read ca=");
    }
    connection->tls = SSL_new(tls_context);
    SSL_set_fd(connection->tls, connection->socket);
    if (SSL_connect(connection->tls) != 1) fail("no TLS");
}

static void send_all(Connection *connection, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = connection->tls ? SSL_write(connection->tls, bytes, size < (1 << 20) ? (int)size : 1 << 20)
                                       : send(connection->socket, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) fail("the server closed while we sent");
        bytes += sent;
        size -= sent;
    }
}

static void receive(Connection *connection) {
    if (connection->start == connection->end) connection->start = connection->end = 0;
    if (connection->capacity - connection->end < 4096 && connection->start > 0) {
        memmove(connection->buffer, connection->buffer + connection->start, connection->end - connection->start);
        connection->end -= connection->start;
        connection->start = 0;
    }
    if (connection->capacity - connection->end < 4096) {
        connection->capacity = connection->capacity ? connection->capacity * 2 : 256 << 10;
        if (connection->capacity > 64 << 20) fail("a line of over 64 MB");
        connection->buffer = realloc(connection->buffer, connection->capacity);
        if (!connection->buffer) fail("no memory");
    }
    size_t room = connection->capacity - connection->end;
    char *place = connection->buffer + connection->end;
    ssize_t got = connection->tls ? SSL_read(connection->tls, place, (int)room)
                                  : recv(connection->socket, place, room, 0);
    if (got <= 0) fail("the server closed");
    connection->end += got;
}

// The next line without its line end; it stays where it is until the next call.
static const char *read_line(Connection *connection, size_t *length) {
    size_t seen = 0;
    while (true) {
        char *from = connection->buffer + connection->start;
        size_t have = connection->end - connection->start;
        char *found = have > seen ? memchr(from + seen, '\n', have - seen) : NULL;
        if (found) {
            connection->start += (size_t)(found - from) + 1;
            *length = (size_t)(found - from) - (found > from && found[-1] == '\r');
            return from;
        }
        seen = have;
        receive(connection);
    }
}

static void skip(Connection *connection, uint64_t size) {
    while (size > 0) {
        size_t have = connection->end - connection->start;
        size_t taken = have < size ? have : size;
        connection->start += taken;
        size -= taken;
        if (size > 0) receive(connection);
    }
}

// The length of the literal that this line announces at its end, or -1.
static int64_t literal(const char *line, size_t length) {
    if (length < 3 || line[length - 1] != '}') return -1;
    size_t at = length - 1;
    while (at > 0 && line[at - 1] >= '0' && line[at - 1] <= '9') at--;
    if (at == length - 1 || at == 0 || line[at - 1] != '{') return -1;
    return strtoll(line + at, NULL, 10);
}

// IMAP --------------------------------------------------------------------------------------------

typedef struct {
    uint64_t bytes;
    long fetched, exists;
} Reply;

// Reads up to the answer that has this tag, over literals without a look at them. Anything but OK ends the program.
static Reply read_reply(Connection *connection, const char *tag) {
    Reply reply = {0};
    size_t length, tag_length = strlen(tag);
    bool inside = false;  // behind a literal: not the beginning of a response
    while (true) {
        const char *line = read_line(connection, &length);
        reply.bytes += length + 2;
        if (!inside && length > 2 && line[0] == '*') {
            const char *blank = memchr(line + 2, ' ', length - 2 < 12 ? length - 2 : 12);
            size_t left = blank ? length - (size_t)(blank - line) : 0;
            if (left > 7 && memcmp(blank, " FETCH ", 7) == 0) reply.fetched++;
            if (left >= 7 && memcmp(blank, " EXISTS", 7) == 0) reply.exists = atol(line + 2);
        } else if (!inside && length > tag_length && line[tag_length] == ' ' && memcmp(line, tag, tag_length) == 0) {
            if (length < tag_length + 3 || memcmp(line + tag_length, " OK", 3) != 0) fail("%.*s", (int)length, line);
            return reply;
        }
        int64_t size = literal(line, length);
        inside = size >= 0;
        if (inside) {
            skip(connection, size);
            reply.bytes += size;
        }
    }
}

static Reply command(Connection *connection, const char *format, ...) {
    static long counter;
    char line[4096], tag[32];
    int start = snprintf(tag, sizeof tag, "t%ld", ++counter);
    memcpy(line, tag, start);
    line[start++] = ' ';
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line + start, sizeof line - start - 2, format, arguments);
    va_end(arguments);
    memcpy(line + start + length, "\r\n", 2);
    send_all(connection, line, start + length + 2);
    return read_reply(connection, tag);
}

static void log_in(Connection *connection) {
    size_t length;
    open_connection(connection);
    read_line(connection, &length);
    command(connection, "LOGIN %s %s", option("user", NULL), option("password", NULL));
}

static void append(void) {
    Connection connection;
    long count = number("count", NULL), first = number("first", "0"), window = number("window", "1");
    long sent = 0, answered = 0;
    uint64_t bytes = 0;
    char *out = malloc(8 << 20), tag[32];
    open_corpus();
    log_in(&connection);
    start_clock();
    while (answered < count) {
        while (sent < count && sent - answered < window) {
            size_t size;
            const char *body = message(first + sent, &size);
            int head = sprintf(out, "a%ld APPEND %s {%zu+}\r\n", sent++, option("mailbox", NULL), size);
            if (head + size + 2 > 8 << 20) fail("a message of over 8 MB");
            memcpy(out + head, body, size);
            memcpy(out + head + size, "\r\n", 2);
            send_all(&connection, out, head + size + 2);
            bytes += size;
        }
        sprintf(tag, "a%ld", answered++);
        read_reply(&connection, tag);
    }
    report(count, bytes);
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

typedef struct {
    Connection connection;
    long lane, lanes, first, count;
    char **bodies;
    size_t *sizes;
    uint64_t bytes;
} Lane;

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

static void *deliver(void *argument) {
    Lane *lane = argument;
    char envelope[1024];
    int length = snprintf(envelope, sizeof envelope, "MAIL FROM:<sender@example.net>\r\nRCPT TO:<%s>\r\nDATA\r\n",
                          option("to", NULL));
    for (long at = lane->lane; at < lane->count; at += lane->lanes) {
        send_all(&lane->connection, envelope, length);
        expect_code(&lane->connection, "250");
        expect_code(&lane->connection, "250");
        expect_code(&lane->connection, "354");
        send_all(&lane->connection, lane->bodies[at], lane->sizes[at]);
        expect_code(&lane->connection, "250");
        lane->bytes += lane->sizes[at];
    }
    return NULL;
}

static void lmtp(void) {
    long count = number("count", NULL), first = number("first", "0"), lanes = number("lanes", "1");
    char **bodies = calloc(count, sizeof *bodies);
    size_t size, *sizes = calloc(count, sizeof *sizes);
    Lane *all = calloc(lanes, sizeof *all);
    pthread_t *threads = calloc(lanes, sizeof *threads);
    uint64_t bytes = 0;
    open_corpus();
    for (long at = 0; at < count; at++) {
        const char *body = message(first + at, &size);
        bodies[at] = stuffed(body, size, &sizes[at]);
    }
    for (long at = 0; at < lanes; at++) {
        all[at] = (Lane){.lane = at, .lanes = lanes, .first = first, .count = count, .bodies = bodies, .sizes = sizes};
        open_connection(&all[at].connection);
        expect_code(&all[at].connection, "220");
        send_all(&all[at].connection, "LHLO client.example.net\r\n", 25);
        expect_code(&all[at].connection, "250");
    }
    start_clock();
    for (long at = 0; at < lanes; at++) pthread_create(&threads[at], NULL, deliver, &all[at]);
    for (long at = 0; at < lanes; at++) {
        pthread_join(threads[at], NULL);
        bytes += all[at].bytes;
    }
    report(count, bytes);
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
        {"append", append}, {"lmtp", lmtp}, {"fetch", fetch}, {"single", single}, {"select", select_again},
        {"idle", hold_idle}, {"sync", synchronise},
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
