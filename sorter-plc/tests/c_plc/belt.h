/* The inside of the simulated belt, shared by belt.c and belt_files.c only. */
#ifndef BELT_H
#define BELT_H

#include "plc.h"

#define MAX_PARCELS 4096
#define MAX_EDGES 8192

struct sensor {
    int64_t place;
    int eye; /* -1: scanner and scale */
};
struct belt {
    struct parcel parcel[MAX_PARCELS];
    int n;
    struct edge edge[MAX_EDGES];
    size_t n_edges;
    struct sensor sensor[MAX_EYES + 1];
    int n_sensors;
    uint64_t random;
    double speed; /* mm/s, now */
    double rest;  /* um not yet in `travel` */
    int64_t last_us, last_travel, stop_us, last_release_us;
    int64_t next_place; /* travel at which the next parcel may come */
    long next_index, next_id, released;
    long thrown, found, in_chutes, off_end, taken_off;
    char **codes;
    long n_codes;
};

/* belt_files.c */
void belt_read_codes(struct belt *b, const char *file);
const char *belt_code(const struct belt *b, long index);
void belt_load(struct plc *p);
/* belt.c */
void belt_place_sensors(const struct belt *b, struct parcel *c, int64_t place);

#endif
