A joined source has other rows: those that join it say something else, or have nothing to join.
-- first edit small.sft --
total = 24
=>
total = 16
-- edit data/books.csv --
b1,Book 1
=>
b1,The First Book
..
b3,Book 3

=>
-- want --
changes
  minor source-rows  source books: other bytes in data/books.csv; rows 4 → 3
records  2 added, 2 removed, 2 modified, 12 same
  1 added  reply/asks  not_chosen → train
      because source books: other bytes in data/books.csv; rows 4 → 3
  1 added  sense/terms  not_chosen → train
      because source books: other bytes in data/books.csv; rows 4 → 3
  2 removed  reply/asks  train → absent
      because source books: other bytes in data/books.csv; rows 4 → 3
  2 modified  reply/asks  dev
      because source books: other bytes in data/books.csv; rows 4 → 3
      data/asks-2.jsonl:12 user: In [-Book 1-]{+The First Book+}: What does page 8 say of money?
facets
  train layer of 13 moved 769 bp: domain 9 → 8, skill 4 → 5
  train shelf of 13 moved 769 bp: high 1 → 2
  train source of 13 moved 769 bp: asks 9 → 8, terms 4 → 5
  train template of 13 moved 769 bp: reply 9 → 8, sense 4 → 5
lengths
  dev prompt: max 43 → 51, p50 41 → 49, p95 43 → 51, total 99 → 115
  train prompt: p50 40 → 39, total 438 → 410
  train response: p50 16 → 15, total 173 → 163
funnel
  rows read: 57 → 56
  rows rejected: 9 → 17
  rows used: 48 → 39
  candidates: 44 → 36
  rejected: 3 → 2
  not chosen: 25 → 18
  rejected validate:expect: 3 → 2
  rows of asks unjoined: 8 → 16
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
