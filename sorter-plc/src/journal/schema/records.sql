CREATE VIEW records AS
SELECT
  r.seq,
  nullif(r.prev, 0) AS prev,
  r.at AS at_us,
  printf('%02d:%02d:%02d.%06d', r.at / 3600000000, r.at / 60000000 % 60, r.at / 1000000 % 60, r.at % 1000000) AS time,
  k.name AS kind,
  nullif(r.what >> 16 & 255, 255) AS sorter,
  nullif(r.what >> 32 & 65535, 0) AS item,
  r.parcel,
  nullif(r.what >> 48 & 65535, 65535) AS chute,
  CASE WHEN r.what & 255 IN (1, 2, 3, 4, 5, 6) THEN n.name END AS reason,
  nullif(r.sizes & 4294967295, 0) AS plan,
  nullif(r.sizes >> 32 & 4294967295, 0) AS weight_g,
  r.container,
  l.name AS state,
  CASE WHEN r.word IS NOT NULL THEN c.name END AS customs,
  CASE WHEN r.word IS NOT NULL THEN r.word >> 19 & 15 END AS pass,
  CASE WHEN r.word IS NOT NULL THEN r.word >> 59 & 7 END AS laps,
  nullif(r.what >> 24 & 255, 0) AS flags,
  nullif(r.cause >> 56 & 255, 0) AS event,
  CASE WHEN r.cause <> 0 THEN r.cause & 4294967295 END AS encoder,
  nullif(r.extra, 0) AS extra
FROM record AS r
LEFT JOIN kind AS k ON k.number = r.what & 255
LEFT JOIN reason AS n ON n.number = r.what >> 8 & 255
LEFT JOIN life AS l ON l.number = r.word & 15
LEFT JOIN clearance AS c ON c.number = r.word >> 4 & 15
