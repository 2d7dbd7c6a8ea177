/* Sessions, the watchdog on the host, acknowledgements and the permit. */
#include "plc.h"

/* Seeing 0 closes: what was not taken is forgotten, what was taken stays. */
static void close_session(struct plc *p)
{
    p->echo = 0;
    p->zero_seen = true;
    p->order_ack = 0;
    p->belt_at = 0;
    p->bad_check_scans = 0;
    p->events.overflow = false;
    p->scans.overflow = false;
}

/* Opening renumbers what is unacknowledged from 1 (the record after ack 0 is
 * record 1), takes the snapshot and echoes. The register image is written once
 * at the end of the scan, so the host sees all of it together. */
static void open_session(struct plc *p, uint16_t session)
{
    p->events.ack = 0;
    p->scans.ack = 0;
    p->order_ack = 0;
    p->bad_check_scans = 0;
    p->belt_at = (uint16_t)p->events.count;
    for (int i = 0; i < p->n_items; i++)
        p->items[i].order.seq = 0; /* known to this session from BELT only */
    image_snapshot(p);
    p->echo = session;
    p->zero_seen = false;
    p->just_opened = true;
    p->books.sessions++;
}

/* A session word that was the same at two different heartbeats. */
static void act_on(struct plc *p, uint16_t session)
{
    if (p->echo != 0) {
        if (session == 0)
            close_session(p);
    } else if (session == 0) {
        p->zero_seen = true;
    } else if (p->zero_seen) {
        open_session(p, session);
    }
}

static void watch_host(struct plc *p)
{
    const uint16_t *image = order_image(p);
    uint16_t session = image[OR_SESSION], heartbeat = image[OR_HEARTBEAT];
    if (heartbeat != p->last_heartbeat) {
        p->last_heartbeat = heartbeat;
        p->last_beat_us = p->now_us;
        p->live = true;
        bool same = p->seen_beat && session == p->seen_session;
        p->seen_beat = true;
        p->seen_session = session;
        if (same)
            act_on(p, session);
    } else if (p->seen_beat) {
        p->seen_session = session; /* seen at this heartbeat, too */
    }
    if (p->live && p->now_us - p->last_beat_us > (int64_t)p->cfg.watchdog_ms * 1000) {
        p->live = false;
        p->books.host_lost++;
        event(p, EV_HOST_LOST, 0, 0, p->order_ack, p->encoder);
    }
}

void session_scan(struct plc *p)
{
    p->just_opened = false;
    watch_host(p);
    const uint16_t *image = order_image(p);
    /* A word that is not the echo: nothing else of the image counts. */
    bool ours = p->echo != 0 && image[OR_SESSION] == p->echo;
    if (ours) {
        events_ack(p, image[OR_EV_ACK]);
        scans_ack(p, image[OR_SC_ACK]);
        if (p->live && !p->just_opened)
            orders_scan(p);
    }
    p->induction_allowed = ours && p->live && p->running && (image[OR_PERMIT] & 1);
    p->induction_limit = ours ? image[OR_LIMIT] : 0;
}
