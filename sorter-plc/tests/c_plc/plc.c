/* A soft PLC of a parcel sorter with a simulated belt: the PLC side of the
 * host-PLC contract, written from the contract alone. See README.md. */
#include <signal.h>
#include <stdlib.h>

#include "plc.h"

enum { EXIT_DONE = 0, EXIT_INCONSISTENT = 3, EXIT_TIMEOUT = 4 };

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

/* One PLC scan: inputs, program, outputs. */
static void scan(struct plc *p)
{
    p->now_us = clock_us();
    belt_step(p);
    track_scan(p);
    chutes_scan(p);
    session_scan(p);
    image_publish(p);
    books_scan(p);
}

/* Nothing to induct, nothing on the belt, nothing that the host has not taken. */
static bool done(const struct plc *p)
{
    return belt_all_released(p) && belt_empty(p->belt) && p->n_items == 0 && p->events.count == 0 && p->scans.count == 0;
}

int main(int argc, char **argv)
{
    static struct plc plc;
    struct plc *p = &plc;
    options_read(&p->cfg, argc, argv);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    signal(SIGPIPE, SIG_IGN);
    p->items = calloc((size_t)p->cfg.belt_capacity, sizeof *p->items);
    if (!p->items)
        abort();
    events_init(p);
    scans_init(p);
    books_open(p);
    p->running = true;
    p->last_state = S_RUNNING; /* how it starts is no change */
    p->last_number = (uint16_t)(p->cfg.first_item - 1);
    p->encoder = p->cfg.encoder_start;
    p->start_us = p->now_us = clock_us();
    belt_open(p);
    struct server *server = server_open(p);

    const int64_t period = (int64_t)p->cfg.scan_ms * 1000;
    int64_t next = p->start_us, done_since = 0;
    int result = EXIT_TIMEOUT;
    while (!stopped) {
        scan(p);
        if (p->books.inconsistent)
            break;
        if (!done(p))
            done_since = 0;
        else if (!done_since)
            done_since = p->now_us;
        if (done_since && p->now_us - done_since >= (int64_t)p->cfg.linger_ms * 1000) {
            result = EXIT_DONE;
            break;
        }
        if (p->now_us - p->start_us > (int64_t)p->cfg.timeout_s * 1000000)
            break;
        next += period; /* absolute, so that scans do not drift */
        if (next < p->now_us)
            next = p->now_us;
        server_until(server, next);
    }
    books_close(p);
    if (p->books.inconsistent)
        result = EXIT_INCONSISTENT;
    server_close(server);
    belt_close(p->belt);
    free(p->items);
    free(p->events.ring);
    free(p->scans.ring);
    return result;
}
