The rows of a file stand in another order: every record is as it was, and nothing but a patch is asked for.
-- data/terms.csv --
term,sense,shelf
term 11,sense 11,low
term 10,sense 10,high
term 9,sense 9,low
term 8,sense 8,high
term 7,sense 7,low
term 6,sense 6,high
term 5,sense 5,low
term 4,sense 4,high
term 3,sense 3,low
term 2,sense 2,high
term 1,sense 1,low
term 0,sense 0,high
-- want --
changes
  patch source-rows  source terms: other bytes in data/terms.csv; rows 12 → 12
records  24 same
version  0.1.0 → 0.2.0, asks patch, 0.1.1 at least: enough
