Rows are added that nothing takes: the bytes are others, the records are not.
-- data/terms.csv --
term,sense,shelf
term 0,sense 0,high
term 1,sense 1,low
term 2,sense 2,high
term 3,sense 3,low
term 4,sense 4,high
term 5,sense 5,low
term 6,sense 6,high
term 7,sense 7,low
term 8,sense 8,high
term 9,sense 9,low
term 10,sense 10,high
term 11,sense 11,low
x,,none
-- want --
changes
  patch source-rows  source terms: other bytes in data/terms.csv; rows 12 → 13
records  24 same
funnel
  rows read: 57 → 58
  rows rejected: 9 → 10
  rows of terms invalid_enum: - → 1
version  0.1.0 → 0.2.0, asks patch, 0.1.1 at least: enough
