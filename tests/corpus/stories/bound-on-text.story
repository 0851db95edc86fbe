A bound looks at what records say, and a template says more: so others are taken.
-- first edit small.sft --
total = 24
=>
total = 20
  shortfall = shrink
  at most 60% where chars(user) > 44
-- edit small.sft --
  "{{ row.ask }} (See {{ row.books.title }}.)"
=>
  "{{ row.ask }} (See {{ row.books.title }} again.)"
-- want --
changes
  minor phrasing-text  phrasing wording: wording 2 changed
      - {{ row.ask }} (See {{ row.books.title }}.)
      + {{ row.ask }} (See {{ row.books.title }} again.)
records  4 added, 4 removed, 6 modified, 10 same
  2 added  reply/asks  not_chosen → dev
      because phrasing wording: wording 2 changed
  2 added  reply/asks  not_chosen → train
      because phrasing wording: wording 2 changed
  2 removed  reply/asks  dev → not_chosen
      because phrasing wording: wording 2 changed
  2 removed  reply/asks  train → not_chosen
      because phrasing wording: wording 2 changed
  6 modified  reply/asks  train
      because phrasing wording: wording 2 changed
      data/asks-1.jsonl:16 user: What does page 15 say of money? (See Book 0{+ again+}.)
lengths
  dev prompt: max 45 → 41, p50 41 → 39, p95 45 → 41, total 144 → 136
  dev response: max 17 → 16, p95 17 → 16, total 57 → 55
  train prompt: max 45 → 51, p95 45 → 51, total 533 → 576
  train response: total 214 → 213
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
