One of two wordings changed: the records that draw it changed, and a few draw the other now.
-- edit small.sft --
  "{{ row.ask }} (See {{ row.books.title }}.)"
=>
  "{{ row.ask }} (Look into {{ row.books.title }}.)"
-- want --
changes
  minor phrasing-text  phrasing wording: wording 2 changed
      - {{ row.ask }} (See {{ row.books.title }}.)
      + {{ row.ask }} (Look into {{ row.books.title }}.)
records  9 modified, 15 same
  7 modified  reply/asks  train
      because phrasing wording: wording 2 changed
      data/asks-1.jsonl:16 user: {+In Book 0: +}What does page 15 say of money?[- (See Book 0.)-]
  2 modified  reply/asks  dev
      because phrasing wording: wording 2 changed
      data/asks-1.jsonl:2 user: [-In Book 1: -]What does page 1 say of money?{+ (Look into Book 1.)+}
lengths
  dev prompt: max 43 → 50, p95 43 → 50, total 179 → 194
  train prompt: max 45 → 51, p95 45 → 51, total 659 → 689
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
