A source and a template are new: their records take the places of others.
-- edit small.sft --
source terms {
=>
source notes {
  path    = "data/notes.csv"
  key     = id
  origin  = human
  license = "CC0-1.0"
  fields { id: integer, note: string }
}
source terms {
..
template sense v1.0.0 {
=>
template note v1.0.0 {
  layer = generic
  from notes as row
  tags { topic = money }
  user "Note {{ row.id }}?"
  assistant "{{ row.note }}"
}
template sense v1.0.0 {
-- data/notes.csv --
id,note
0,note 0
1,note 1
2,note 2
3,note 3
4,note 4
5,note 5
-- want --
changes
  minor template-added  template note: is new
  minor source-added  source notes: is new
records  1 added, 1 removed, 23 same
  1 added  note/notes  absent → train
      because template note: is new
      because source notes: is new
  1 removed  reply/asks  train → not_chosen
      because template note: is new
      because source notes: is new
facets
  train layer of 19 moved 526 bp: domain 14 → 13, generic 0 → 1
  train source of 19 moved 526 bp: asks 14 → 13, notes 0 → 1
  train template of 19 moved 526 bp: reply 14 → 13, note 0 → 1
lengths
  train prompt: p5 15 → 7, p50 41 → 40, total 659 → 624
  train response: p5 7 → 6, total 262 → 251
funnel
  rows read: 57 → 63
  rows used: 48 → 54
  candidates: 44 → 50
  not chosen: 17 → 23
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
