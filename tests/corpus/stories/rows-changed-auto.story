A row changes whose key is what it says: that is another row, so its record goes and another comes.
-- edit data/terms.csv --
term 3,sense 3
=>
term 3,sense three
-- want --
changes
  minor source-rows  source terms: other bytes in data/terms.csv; rows 12 → 12
records  1 added, 1 removed, 23 same
  1 added  sense/terms  absent → train
      because source terms: other bytes in data/terms.csv; rows 12 → 12
  1 removed  sense/terms  train → absent
      because source terms: other bytes in data/terms.csv; rows 12 → 12
lengths
  train response: total 262 → 266
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
