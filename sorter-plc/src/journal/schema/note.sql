CREATE TABLE note(
  seq INTEGER PRIMARY KEY,     -- a number in the same row of numbers as those of the records
  at INTEGER NOT NULL,         -- hub time in microseconds at which it was written, a label
  kind TEXT NOT NULL,          -- what it is about
  body TEXT NOT NULL,          -- the note as JSON
  sum INTEGER NOT NULL         -- CRC-32 of its number and its body
) STRICT
