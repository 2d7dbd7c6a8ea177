CREATE VIEW notes AS
SELECT
  seq,
  at AS at_us,
  printf('%02d:%02d:%02d.%06d', at / 3600000000, at / 60000000 % 60, at / 1000000 % 60, at % 1000000) AS time,
  kind,
  body
FROM note
