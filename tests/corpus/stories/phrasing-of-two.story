A phrasing that two templates use: the records of both changed for the same reason.
-- first edit small.sft --
template sense v1.0.0 {
=>
template again v1.0.0 {
  layer = domain
  from asks as row where row.topic == law
  vary ask = wording
  tags { topic = law }
  user "Once more. {{ ask }}"
  assistant "{{ row.reply }}"
}
template sense v1.0.0 {
-- edit small.sft --
  "{{ row.ask }} (See {{ row.books.title }}.)"
=>
  "{{ row.ask }} (See {{ row.books.title }})"
-- want --
changes
  minor phrasing-text  phrasing wording: wording 2 changed
      - {{ row.ask }} (See {{ row.books.title }}.)
      + {{ row.ask }} (See {{ row.books.title }})
records  12 modified, 12 same
  8 modified  reply/asks  train
      because phrasing wording: wording 2 changed
      data/asks-2.jsonl:13 user: What does page 9 say of law? (See Book 2[-.-])
  2 modified  again/asks  dev
      because phrasing wording: wording 2 changed
      data/asks-1.jsonl:7 user: Once more. What does page 6 say of law? (See Book 1[-.-])
  2 modified  again/asks  train
      because phrasing wording: wording 2 changed
      data/asks-1.jsonl:19 user: Once more. [-In Book 3: -]What does page 18 say of law?{+ (See Book 3)+}
lengths
  dev prompt: max 54 → 53, p95 54 → 53, total 240 → 238
  train prompt: total 717 → 718
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
