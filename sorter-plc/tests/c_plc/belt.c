/* The simulated belt: parcels, sensors, diverters and seeded faults. It knows
 * nothing of registers or orders; the PLC sees its edges and fires its
 * diverters. Places are micrometres; `travel` is how far the belt has run. */
#include <stdlib.h>
#include <string.h>

#include "belt.h"

#define CATCH_MM 100 /* a diverter takes what is that near when it fires */
#define RAMP_MS 200  /* the drive stops and starts in this time */

/* splitmix64 */
static uint64_t draw(struct belt *b)
{
    uint64_t z = b->random += 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return z ^ z >> 31;
}
static int64_t between(struct belt *b, int64_t low, int64_t high)
{
    return high <= low ? low : low + (int64_t)(draw(b) % (uint64_t)(high - low + 1));
}
static bool chance(struct belt *b, int ppm)
{
    return (int64_t)(draw(b) % 1000000u) < ppm;
}

/* ---- setting up ---- */

static int by_place(const void *x, const void *y)
{
    const struct sensor *a = x, *b = y;
    return (a->place > b->place) - (a->place < b->place);
}

/* Sensors ahead of a parcel that is put on the belt somewhere. */
void belt_place_sensors(const struct belt *b, struct parcel *c, int64_t place)
{
    c->next_lead = c->next_trail = 0;
    while (c->next_lead < b->n_sensors && b->sensor[c->next_lead].place <= place)
        c->next_lead++;
    while (c->next_trail < b->n_sensors && b->sensor[c->next_trail].place <= place - (int64_t)c->length * UM)
        c->next_trail++;
}

struct belt *belt_open(struct plc *p)
{
    struct belt *b = calloc(1, sizeof *b);
    if (!b)
        abort();
    p->belt = b;
    b->random = p->cfg.seed;
    b->speed = p->cfg.speed;
    b->stop_us = -1;
    b->last_us = p->now_us;
    b->next_index = p->cfg.start_index;
    for (int i = 0; i < p->cfg.n_eyes; i++)
        b->sensor[b->n_sensors++] = (struct sensor){ (int64_t)p->cfg.eyes[i] * UM, i };
    int last = p->cfg.scanner > p->cfg.scale ? p->cfg.scanner : p->cfg.scale;
    if (last >= 0)
        b->sensor[b->n_sensors++] = (struct sensor){ (int64_t)last * UM, -1 };
    qsort(b->sensor, (size_t)b->n_sensors, sizeof b->sensor[0], by_place);
    if (p->cfg.codes_file)
        belt_read_codes(b, p->cfg.codes_file);
    belt_load(p);
    return b;
}

void belt_close(struct belt *b)
{
    for (long i = 0; i < b->n_codes; i++)
        free(b->codes[i]);
    free(b->codes);
    free(b);
}

/* ---- the drive ---- */

static void drive(struct plc *p)
{
    struct belt *b = p->belt;
    const struct config *c = &p->cfg;
    double dt = (double)(p->now_us - b->last_us) / 1e6;
    if (b->stop_us < 0 && c->stop_at > 0 && b->released >= c->stop_at) {
        b->stop_us = p->now_us;
        p->running = false;
        p->estop = c->stop_is_estop;
    } else if (b->stop_us >= 0 && !p->running && p->now_us - b->stop_us >= (int64_t)c->stop_ms * 1000) {
        p->running = true;
        p->estop = false;
    }
    double step = c->speed * dt * 1000 / RAMP_MS;
    double before = b->speed;
    b->speed += p->running ? step : -step;
    b->speed = b->speed < 0 ? 0 : b->speed > c->speed ? c->speed : b->speed;
    b->rest += (before + b->speed) / 2 * dt * UM;
    b->last_travel = p->travel;
    p->travel += (int64_t)b->rest;
    b->rest -= (double)(int64_t)b->rest;
    p->encoder = count_at(p, p->travel);
}

/* ---- parcels ---- */

static struct parcel *add(struct belt *b)
{
    if (b->n == MAX_PARCELS)
        return NULL;
    struct parcel *c = &b->parcel[b->n++];
    *c = (struct parcel){ .id = b->next_id++, .index = -1, .length = 200, .width = 150, .height = 100, .weight = 500,
                          .lose_at = -1, .throw_at = -1, .into = -1 };
    return c;
}

/* The infeed gives the next parcel when the PLC lets it. */
static void infeed(struct plc *p)
{
    struct belt *b = p->belt;
    const struct config *cfg = &p->cfg;
    if (b->next_index >= cfg->items || !p->induction_allowed || !p->running || b->next_place > p->travel)
        return;
    if ((int)on_belt(p) + (p->entering ? 1 : 0) >= cfg->belt_capacity)
        return;
    /* A rate limit counts from scan to scan, so that no gap is too short. */
    if (p->induction_limit && b->last_release_us &&
        (p->now_us - b->last_release_us) * p->induction_limit < 60 * 1000000ll)
        return;
    struct parcel *c = add(b);
    if (!c)
        return;
    int64_t exit = (int64_t)cfg->exit_mm * UM;
    c->lead = p->induction_limit ? p->travel : b->next_place > b->last_travel ? b->next_place : b->last_travel;
    c->index = b->next_index++;
    c->code = belt_code(b, c->index);
    c->length = (int)between(b, 200, 400);
    c->width = (int)between(b, 100, 300);
    c->height = (int)between(b, 20, 300);
    c->weight = (uint32_t)between(b, 100, 80000);
    if (chance(b, cfg->lose_ppm))
        c->lose_at = between(b, (int64_t)(c->length + 100) * UM, exit - 100 * UM);
    if (chance(b, cfg->extra_ppm))
        c->throw_at = between(b, (int64_t)cfg->eyes[1] * UM, exit);
    b->next_place = c->lead + (cfg->pitch_mm + between(b, -cfg->jitter_mm, cfg->jitter_mm)) * UM;
    b->last_release_us = p->now_us;
    b->released++;
}

/* Throws a parcel on behind another one, if there is room between two eyes. */
static void throw_on(struct belt *b, int64_t travel, int64_t lead)
{
    const int64_t length = 200 * UM, room = 110 * UM;
    int64_t place = travel - lead;
    for (int i = 0; i < b->n_sensors; i++)
        if (b->sensor[i].place >= place - length - room && b->sensor[i].place <= place + room)
            return;
    for (int i = 0; i < b->n; i++) {
        const struct parcel *c = &b->parcel[i];
        int64_t front = travel - c->lead, back = front - (int64_t)c->length * UM;
        if (!c->gone && front > place - length - room && back < place + room)
            return;
    }
    struct parcel *c = place > length + room ? add(b) : NULL;
    if (!c)
        return;
    c->lead = lead;
    belt_place_sensors(b, c, place);
    b->thrown++;
}

static void put_edge(struct belt *b, struct edge e)
{
    if (b->n_edges == MAX_EDGES)
        abort();
    b->edge[b->n_edges++] = e;
}

static int64_t sensor_travel(const struct belt *b, int sensor, int64_t from)
{
    return sensor < b->n_sensors ? b->sensor[sensor].place + from : INT64_MAX;
}

/* Everything that one parcel does until the belt stands where it stands now. */
static void advance(struct plc *p, int index)
{
    struct belt *b = p->belt;
    for (;;) {
        struct parcel *c = &b->parcel[index];
        int64_t tail = c->lead + (int64_t)c->length * UM;
        int64_t lead = sensor_travel(b, c->next_lead, c->lead);
        int64_t trail = sensor_travel(b, c->next_trail, tail);
        int64_t lose = c->lose_at < 0 ? INT64_MAX : c->lead + c->lose_at;
        int64_t thrown = c->throw_at < 0 ? INT64_MAX : c->lead + c->throw_at;
        if (lead <= trail && lead <= lose && lead <= thrown && lead <= p->travel) {
            const struct sensor *s = &b->sensor[c->next_lead++];
            if (s->eye >= 0)
                put_edge(b, (struct edge){ .kind = EDGE_LEAD, .number = s->eye, .travel = lead, .lead_travel = lead,
                                           .parcel = c->id });
        } else if (trail <= lose && trail <= thrown && trail <= p->travel) {
            const struct sensor *s = &b->sensor[c->next_trail++];
            put_edge(b, (struct edge){ .kind = s->eye >= 0 ? EDGE_TRAIL : EDGE_SCANNED, .number = s->eye,
                                       .travel = trail, .lead_travel = c->lead + s->place, .parcel = c->id });
            if (c->next_trail == b->n_sensors) { /* past the exit eye */
                c->gone = true;
                c->gone_travel = trail + 1;
                b->off_end++;
                return;
            }
            if (s->eye > 0 && p->cfg.slip_mm > 0)
                c->lead += between(b, -p->cfg.slip_mm * UM, p->cfg.slip_mm * UM);
        } else if (lose <= thrown && lose <= p->travel) {
            c->gone = true;
            c->gone_travel = lose;
            b->taken_off++;
            return;
        } else if (thrown <= p->travel) {
            c->throw_at = -1;
            throw_on(b, thrown, tail + 200 * UM);
        } else {
            return;
        }
    }
}

static int by_travel(const void *x, const void *y)
{
    const struct edge *a = x, *b = y;
    return (a->travel > b->travel) - (a->travel < b->travel);
}

void belt_step(struct plc *p)
{
    struct belt *b = p->belt;
    drive(p);
    b->n_edges = 0;
    /* What is gone since the last step leaves the list now. */
    int kept = 0;
    for (int i = 0; i < b->n; i++)
        if (!b->parcel[i].gone || b->parcel[i].into >= 0)
            b->parcel[kept++] = b->parcel[i];
    b->n = kept;
    infeed(p);
    for (int i = 0; i < b->n; i++) {
        struct parcel *c = &b->parcel[i];
        if (!c->gone) {
            advance(p, i);
        } else if (c->into >= 0 && c->arrival_us <= p->now_us) {
            double part = (double)(c->arrival_us - b->last_us) / (double)(p->now_us - b->last_us + 1);
            int64_t travel = b->last_travel + (int64_t)((double)(p->travel - b->last_travel) * (part < 0 ? 0 : part));
            put_edge(b, (struct edge){ .kind = EDGE_CHUTE, .number = c->into, .travel = travel,
                                       .time_us = c->arrival_us, .parcel = c->id });
            c->into = -1;
            b->in_chutes++;
        }
    }
    qsort(b->edge, b->n_edges, sizeof b->edge[0], by_travel);
    b->last_us = p->now_us;
}

size_t belt_edges(struct belt *b, const struct edge **edges)
{
    *edges = b->edge;
    return b->n_edges;
}

const struct parcel *belt_parcel(struct belt *b, long id)
{
    for (int i = 0; i < b->n; i++)
        if (b->parcel[i].id == id)
            return &b->parcel[i];
    return NULL;
}

/* An edge that did not come about, because a diverter fired in between. */
bool belt_edge_void(struct belt *b, const struct edge *e)
{
    const struct parcel *c = belt_parcel(b, e->parcel);
    return e->kind != EDGE_CHUTE && c && c->gone && c->gone_travel <= e->travel;
}

/* The diverter of a chute fires at a count of the encoder, which is not after now. */
void belt_fire(struct plc *p, int chute, uint32_t count)
{
    struct belt *b = p->belt;
    int64_t pulse = (int64_t)p->cfg.pulse_mm * UM;
    int64_t travel = (p->travel / pulse - signed_distance(count, p->encoder)) * pulse;
    int64_t place = (int64_t)(p->cfg.chute_first + p->cfg.chute_step * chute) * UM;
    struct parcel *hit = NULL;
    int64_t best = CATCH_MM * UM + 1;
    for (int i = 0; i < b->n; i++) {
        struct parcel *c = &b->parcel[i];
        int64_t off = llabs(travel - c->lead - place);
        if (!c->gone && off < best) {
            hit = c;
            best = off;
        }
    }
    if (!hit || chance(b, p->cfg.miss_ppm))
        return;
    hit->gone = true;
    hit->gone_travel = travel;
    hit->into = chute;
    hit->arrival_us = p->now_us + (int64_t)p->cfg.transfer_ms * 500;
}

int belt_speed(const struct belt *b)
{
    return (int)(b->speed + 0.5);
}

bool belt_all_released(const struct plc *p)
{
    return p->belt->next_index >= p->cfg.items;
}

bool belt_empty(const struct belt *b)
{
    for (int i = 0; i < b->n; i++)
        if (!b->parcel[i].gone || b->parcel[i].into >= 0)
            return false;
    return true;
}

bool belt_sum_closes(const struct belt *b)
{
    long here = 0;
    for (int i = 0; i < b->n; i++)
        here += !b->parcel[i].gone || b->parcel[i].into >= 0;
    return b->released + b->thrown + b->found == b->in_chutes + b->off_end + b->taken_off + here;
}
