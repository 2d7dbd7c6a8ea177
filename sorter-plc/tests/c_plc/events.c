/* The event store: a ring of records from the first unacknowledged one to the
 * last recorded one. The first 15 of them stand in the window while a session
 * is open. */
#include <stdlib.h>

#include "plc.h"

void events_init(struct plc *p)
{
    p->events.size = EVENT_SLOTS + (unsigned)p->cfg.event_store;
    p->events.ring = calloc(p->events.size, sizeof *p->events.ring);
    if (!p->events.ring)
        abort();
}

bool events_room(const struct plc *p)
{
    return !p->events.overflow && p->events.count < p->events.size;
}

/* Records an event. Without room nothing more is recorded until the session
 * closes: a gap in the middle would be worse than an end. */
void event(struct plc *p, enum event_type type, unsigned detail, uint16_t item, uint16_t arg, uint32_t encoder)
{
    struct event_store *s = &p->events;
    if (!events_room(p)) {
        s->overflow = true;
        return;
    }
    s->ring[(s->head + s->count) % s->size] =
        (struct event){ .type = (uint8_t)type, .detail = (uint8_t)detail, .item = item, .arg = arg, .encoder = encoder };
    s->count++;
}

/* Highest seq in the window; 0 while no session is open. */
uint16_t events_published(const struct plc *p)
{
    const struct event_store *s = &p->events;
    if (p->echo == 0)
        return 0;
    return seq_add(s->ack, s->count < EVENT_SLOTS ? s->count : EVENT_SLOTS);
}

/* Seq of the last record, also of one behind the window. */
uint16_t events_recorded(const struct plc *p)
{
    return p->echo == 0 ? 0 : seq_add(p->events.ack, p->events.count);
}

/* Only an ack in last ack .. published counts. */
void events_ack(struct plc *p, uint16_t ack)
{
    struct event_store *s = &p->events;
    if (ack == 0)
        return;
    unsigned taken = seq_distance(s->ack, ack);
    if (taken == 0 || taken > seq_distance(s->ack, events_published(p)))
        return;
    s->head = (s->head + taken) % s->size;
    s->count -= taken;
    s->ack = ack;
}

bool events_hold_item(const struct plc *p, uint16_t item)
{
    const struct event_store *s = &p->events;
    for (unsigned i = 0; i < s->count; i++)
        if (s->ring[(s->head + i) % s->size].item == item)
            return true;
    return false;
}

/* Writes window, published and backlog into STATUS. An acknowledged record
 * stays in its slot until the next one needs it. */
void events_publish(struct plc *p)
{
    const struct event_store *s = &p->events;
    uint16_t *status = p->reg + p->cfg.status_base;
    uint16_t *window = status + ST_EVENTS;
    unsigned shown = 0;
    if (p->echo == 0 || p->just_opened)
        for (int i = 0; i < EVENT_SLOTS * EVENT_WORDS; i++)
            window[i] = 0;
    if (p->echo != 0) {
        shown = s->count < EVENT_SLOTS ? s->count : EVENT_SLOTS;
        for (unsigned i = 0; i < shown; i++) {
            const struct event *e = &s->ring[(s->head + i) % s->size];
            uint16_t seq = seq_add(s->ack, i + 1);
            uint16_t *w = window + (seq - 1) % EVENT_SLOTS * EVENT_WORDS;
            w[0] = seq;
            w[1] = (uint16_t)(e->type << 8 | e->detail);
            w[2] = e->item;
            w[3] = e->arg;
            put32(w + 4, e->encoder, p->cfg.low_first);
        }
    }
    status[ST_EV_PUBLISHED] = events_published(p);
    status[ST_EV_BACKLOG] = (uint16_t)(s->count - shown);
}
