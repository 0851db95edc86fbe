Rows without a partner are no longer dropped: they come in.
-- edit small.sft --
  join books on book missing drop
=>
  join books on book missing null
..
"In {{ row.books.title }}: {{ row.ask }}"
=>
"{% if row.books %}In {{ row.books.title }}: {% endif %}{{ row.ask }}"
..
"{{ row.ask }} (See {{ row.books.title }}.)"
=>
"{{ row.ask }}{% if row.books %} (See {{ row.books.title }}.){% endif %}"
-- want --
changes
  minor phrasing-text  phrasing wording: wording 1 changed
      - In {{ row.books.title }}: {{ row.ask }}
      + {% if row.books %}In {{ row.books.title }}: {% endif %}{{ row.ask }}
  minor phrasing-text  phrasing wording: wording 2 changed
      - {{ row.ask }} (See {{ row.books.title }}.)
      + {{ row.ask }}{% if row.books %} (See {{ row.books.title }}.){% endif %}
  minor source-reading  source asks: joins changed
      - join books on book missing drop
      + join books on book missing null
records  2 added, 2 removed, 9 modified, 13 same
  2 added  reply/asks  absent → dev
      because source asks: joins changed
  2 removed  reply/asks  dev → not_chosen
      because source asks: joins changed
  8 modified  reply/asks  train
      because phrasing wording: wording 1 changed
      because phrasing wording: wording 2 changed
      because source asks: joins changed
      data/asks-1.jsonl:3 user: [-In Book 2: -]What does page 2 say of law?{+ (See Book 2.)+}
  1 modified  reply/asks  dev
      because phrasing wording: wording 1 changed
      because phrasing wording: wording 2 changed
      because source asks: joins changed
      data/asks-2.jsonl:12 user: [-In Book 1: -]What does page 8 say of money?{+ (See Book 1.)+}
lengths
  dev prompt: max 43 → 44, p50 41 → 30, p95 43 → 44, total 179 → 161
  dev response: total 72 → 73
  train prompt: p50 41 → 42, total 659 → 671
funnel
  rows rejected: 9 → 1
  rows used: 48 → 56
  candidates: 44 → 52
  rejected: 3 → 4
  not chosen: 17 → 24
  rejected validate:expect: 3 → 4
  rows of asks unjoined: 8 → -
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
