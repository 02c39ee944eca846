// What every verb of the client stands on: its options, the clock, the corpus, a connection, IMAP's replies. Anything that
// is not as it should be ends the program with its reason.

#pragma once

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
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

static char extra_figures[256];

// A figure of its own beside those that every verb reports.
static void extra_figure(const char *name, double value) {
    size_t at = strlen(extra_figures);
    snprintf(extra_figures + at, sizeof extra_figures - at, ", \"%s\": %.9f", name, value);
}

static void report(long count, uint64_t bytes) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (now.tv_sec - wall_start.tv_sec) + (now.tv_nsec - wall_start.tv_nsec) / 1e9;
    printf("{\"seconds\": %.6f, \"cpu\": %.6f, \"count\": %ld, \"bytes\": %llu%s}\n", seconds,
           cpu_now() - cpu_start, count, (unsigned long long)bytes, extra_figures);
    fflush(stdout);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
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
    long commands;  // that were sent: their tags
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

// A head and a body: in one write when they are small.
static void send_parts(Connection *connection, const char *head, size_t head_size, const char *body, size_t size) {
    char both[16 << 10];
    if (head_size + size <= sizeof both) {
        memcpy(both, head, head_size);
        memcpy(both + head_size, body, size);
        send_all(connection, both, head_size + size);
        return;
    }
    send_all(connection, head, head_size);
    send_all(connection, body, size);
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
    char line[4096], tag[32];
    int start = snprintf(tag, sizeof tag, "t%ld", ++connection->commands);
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
