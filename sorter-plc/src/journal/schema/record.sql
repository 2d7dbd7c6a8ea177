CREATE TABLE record(
  seq INTEGER PRIMARY KEY,     -- the number of the record in the journal of its hub
  prev INTEGER NOT NULL,       -- the number of the record before it about the same parcel, or 0
  at INTEGER NOT NULL,         -- hub time in microseconds
  parcel INTEGER,              -- the number of the parcel
  container INTEGER,           -- the number of the container
  what INTEGER NOT NULL,       -- bits 0-7 kind, 8-15 reason, 16-23 sorter, 24-31 flags, 32-47 item, 48-63 chute
  sizes INTEGER NOT NULL,      -- bits 0-31 plan version, 32-63 weight in grams
  word INTEGER,                -- the state word of the parcel after the step, where there was one
  cause INTEGER NOT NULL,      -- the event of the PLC: bits 0-31 encoder count, 32-47 argument, 48-63 type; or 0
  extra INTEGER NOT NULL,      -- what the kind says besides
  sum INTEGER NOT NULL         -- CRC-32 of the columns before it
) STRICT
