/* What the simulated belt reads from files: the codes of the parcels, and the
 * parcels that an earlier run left on the belt when it was killed. */
#include <stdlib.h>
#include <string.h>

#include "belt.h"

void belt_read_codes(struct belt *b, const char *file)
{
    FILE *f = fopen(file, "r");
    if (!f) {
        perror(file);
        exit(2);
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, f)) >= 0) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            line[--length] = 0;
        b->codes = realloc(b->codes, (size_t)(b->n_codes + 1) * sizeof *b->codes);
        if (!b->codes || !(b->codes[b->n_codes++] = strdup(line)))
            abort();
    }
    free(line);
    fclose(f);
}

const char *belt_code(const struct belt *b, long index)
{
    return index >= 0 && index < b->n_codes ? b->codes[index] : "";
}

/* Parcels that lay on the belt when an earlier run was killed. */
void belt_load(struct plc *p)
{
    struct belt *b = p->belt;
    FILE *f = p->cfg.belt_file ? fopen(p->cfg.belt_file, "r") : NULL;
    long index, place;
    int length, width, height;
    unsigned weight;
    if (!f)
        return;
    if (fscanf(f, "next %ld", &b->next_index) != 1)
        b->next_index = p->cfg.start_index;
    while (fscanf(f, "%ld %ld %d %d %d %u", &index, &place, &length, &width, &height, &weight) == 6 && b->n < MAX_PARCELS) {
        struct parcel *c = &b->parcel[b->n++];
        *c = (struct parcel){ .id = b->next_id++, .index = index, .code = index < 0 ? NULL : belt_code(b, index), .length = length,
                              .width = width, .height = height, .weight = weight, .lead = -place, .lose_at = -1,
                              .throw_at = -1, .into = -1 };
        belt_place_sensors(b, c, place);
        b->found++;
        if (c->lead + p->cfg.pitch_mm * UM > b->next_place) /* the infeed keeps its distance */
            b->next_place = c->lead + p->cfg.pitch_mm * UM;
    }
    fclose(f);
    remove(p->cfg.belt_file);
}

void belt_save(const struct plc *p)
{
    const struct belt *b = p->belt;
    FILE *f = p->cfg.belt_file ? fopen(p->cfg.belt_file, "w") : NULL;
    if (!f)
        return;
    fprintf(f, "next %ld\n", b->next_index);
    for (int i = 0; i < b->n; i++) {
        const struct parcel *c = &b->parcel[i];
        if (!c->gone)
            fprintf(f, "%ld %ld %d %d %d %u\n", c->index, (long)(p->travel - c->lead), c->length, c->width, c->height,
                    c->weight);
    }
    fclose(f);
}
