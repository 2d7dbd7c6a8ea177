/* The Modbus server. The main loop gives it the time between two scans: what
 * it answers there comes from a register image that nobody is writing. */
#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "plc.h"

#define HEADER 7 /* transaction, protocol, length, unit */
#define LONGEST 260
#define FRAME_US 1000000 /* a frame that is not whole by then closes the connection */

struct connection {
    int socket;
    int64_t partial_since; /* 0: no half frame waits */
};
struct server {
    struct plc *plc;
    modbus_t *modbus;
    modbus_mapping_t *map;
    int listener, n;
    struct connection *connection;
};

int64_t clock_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, modbus_strerror(errno));
    exit(2);
}

static int map_end(const struct config *c)
{
    const int end[] = { c->status_base + STATUS_WORDS, c->order_base + ORDER_WORDS, c->scan_base + SCAN_WORDS,
                        c->plant_base + PLANT_WORDS, c->belt_base + BELT_HEAD + BELT_ENTRY * c->belt_capacity };
    int most = 0;
    for (size_t i = 0; i < sizeof end / sizeof *end; i++)
        most = end[i] > most ? end[i] : most;
    return most;
}

struct server *server_open(struct plc *p)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s || !(s->connection = calloc((size_t)p->cfg.max_connections, sizeof *s->connection)))
        abort();
    s->plc = p;
    s->map = modbus_mapping_new(0, 0, map_end(&p->cfg), 0);
    s->modbus = modbus_new_tcp(p->cfg.bind_address, p->cfg.port);
    if (!s->map || !s->modbus)
        fail("modbus");
    /* No waiting inside the library: a scan must not depend on a client. */
    modbus_set_response_timeout(s->modbus, 0, 1000);
    modbus_set_byte_timeout(s->modbus, 0, 1000);
    modbus_set_indication_timeout(s->modbus, 0, 1000);
    s->listener = modbus_tcp_listen(s->modbus, 8);
    if (s->listener < 0)
        fail("listen");
    struct sockaddr_in a;
    socklen_t length = sizeof a;
    if (getsockname(s->listener, (struct sockaddr *)&a, &length) < 0)
        fail("getsockname");
    char name[INET_ADDRSTRLEN];
    printf("listening %s:%d\n", inet_ntop(AF_INET, &a.sin_addr, name, sizeof name), ntohs(a.sin_port));
    fflush(stdout);
    p->reg = s->map->tab_registers;
    return s;
}

static void drop(struct server *s, int i)
{
    close(s->connection[i].socket);
    s->connection[i] = s->connection[--s->n];
}

static void accept_one(struct server *s)
{
    int fd = accept(s->listener, NULL, NULL);
    if (fd < 0)
        return;
    if (s->n >= s->plc->cfg.max_connections || fd >= FD_SETSIZE) {
        close(fd);
        return;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    s->connection[s->n++] = (struct connection){ .socket = fd };
}

/* 1: a whole frame waits; 0: not yet; -1: never will. */
static int frame_waits(struct connection *c)
{
    uint8_t peek[LONGEST];
    ssize_t n = recv(c->socket, peek, sizeof peek, MSG_PEEK | MSG_DONTWAIT);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    if (n >= HEADER) {
        int length = peek[4] << 8 | peek[5];
        if (peek[2] || peek[3] || length < 2 || length + 6 > LONGEST)
            return -1;
        if (n >= length + 6) {
            c->partial_since = 0;
            return 1;
        }
    }
    int64_t now = clock_us();
    if (!c->partial_since)
        c->partial_since = now;
    return now - c->partial_since > FRAME_US ? -1 : 0;
}

static unsigned word(const uint8_t *b) { return (unsigned)b[0] << 8 | b[1]; }

/* The exception that this PLC answers by its own rules; 0: the library answers.
 * Only functions 3, 16 and 23 exist, and only ORDER can be written. */
static unsigned refusal(const struct config *cfg, const uint8_t *frame, int length)
{
    unsigned from, count;
    if (cfg->unit != 0 && frame[6] != cfg->unit)
        return MODBUS_EXCEPTION_GATEWAY_TARGET;
    switch (frame[7]) {
    case MODBUS_FC_READ_HOLDING_REGISTERS:
        return length != 12 ? MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE : 0;
    case MODBUS_FC_WRITE_MULTIPLE_REGISTERS:
        if (length < 13 || length != 13 + frame[12] || frame[12] != 2 * word(frame + 10))
            return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
        from = word(frame + 8), count = word(frame + 10);
        break;
    case MODBUS_FC_WRITE_AND_READ_REGISTERS:
        if (cfg->no_fc23)
            return MODBUS_EXCEPTION_ILLEGAL_FUNCTION;
        if (length < 17 || length != 17 + frame[16] || frame[16] != 2 * word(frame + 14))
            return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
        from = word(frame + 12), count = word(frame + 14);
        break;
    default:
        return MODBUS_EXCEPTION_ILLEGAL_FUNCTION;
    }
    if (from < (unsigned)cfg->order_base || from + count > (unsigned)cfg->order_base + ORDER_WORDS)
        return MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
    return 0;
}

static bool serve(struct server *s, struct connection *c)
{
    uint8_t frame[MODBUS_TCP_MAX_ADU_LENGTH];
    int waits = frame_waits(c);
    if (waits <= 0)
        return waits == 0;
    modbus_set_socket(s->modbus, c->socket);
    /* The library reads as much as the function needs; look at the length
     * first, so that a frame of another length is read out whole. */
    uint8_t header[HEADER + 1];
    if (recv(c->socket, header, sizeof header, MSG_PEEK) != (ssize_t)sizeof header)
        return false;
    int whole = (int)word(header + 4) + 6;
    uint8_t peek[LONGEST];
    if (recv(c->socket, peek, (size_t)whole, MSG_PEEK) != whole)
        return false;
    unsigned exception = refusal(&s->plc->cfg, peek, whole);
    if (exception) {
        if (recv(c->socket, peek, (size_t)whole, 0) != whole)
            return false;
        return modbus_reply_exception(s->modbus, peek, exception) >= 0;
    }
    int length = modbus_receive(s->modbus, frame);
    if (length == 0)
        return true;
    return length > 0 && modbus_reply(s->modbus, frame, length, s->map) >= 0;
}

/* Answers until the deadline; looks at the sockets at least once. */
void server_until(struct server *s, int64_t deadline_us)
{
    bool half = false;
    for (;;) {
        int64_t left = deadline_us - clock_us();
        if (left < 0)
            left = 0;
        if (half && left > 200)
            left = 200; /* a half frame keeps select() awake: do not spin */
        struct timespec t = { left / 1000000, left % 1000000 * 1000 };
        fd_set set;
        FD_ZERO(&set);
        FD_SET(s->listener, &set);
        int most = s->listener;
        for (int i = 0; i < s->n; i++) {
            if (s->connection[i].partial_since && half)
                continue;
            FD_SET(s->connection[i].socket, &set);
            most = s->connection[i].socket > most ? s->connection[i].socket : most;
        }
        int ready = pselect(most + 1, &set, NULL, NULL, &t, NULL);
        half = false;
        if (ready > 0) {
            if (FD_ISSET(s->listener, &set))
                accept_one(s);
            for (int i = s->n - 1; i >= 0; i--) {
                if (!FD_ISSET(s->connection[i].socket, &set))
                    continue;
                if (!serve(s, &s->connection[i]))
                    drop(s, i);
                else if (s->connection[i].partial_since)
                    half = true;
            }
        }
        if (clock_us() >= deadline_us)
            return;
    }
}

void server_close(struct server *s)
{
    while (s->n > 0)
        drop(s, s->n - 1);
    close(s->listener);
    modbus_mapping_free(s->map);
    modbus_free(s->modbus);
    free(s->connection);
    free(s);
}
