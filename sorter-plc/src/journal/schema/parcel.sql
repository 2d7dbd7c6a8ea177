CREATE TABLE parcel(
  parcel INTEGER NOT NULL,     -- the number of a parcel that was announced before the file began
  code TEXT NOT NULL,          -- one of its codes
  PRIMARY KEY(parcel, code)
) STRICT, WITHOUT ROWID
