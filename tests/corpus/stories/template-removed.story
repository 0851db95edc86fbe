A template and its source are gone: others take the places of their records.
-- first edit small.sft --
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
-- first data/notes.csv --
id,note
0,note 0
1,note 1
2,note 2
3,note 3
4,note 4
5,note 5
-- edit small.sft --
source notes {
  path    = "data/notes.csv"
  key     = id
  origin  = human
  license = "CC0-1.0"
  fields { id: integer, note: string }
}
source terms {
=>
source terms {
..
template note v1.0.0 {
  layer = generic
  from notes as row
  tags { topic = money }
  user "Note {{ row.id }}?"
  assistant "{{ row.note }}"
}
template sense v1.0.0 {
=>
template sense v1.0.0 {
-- drop data/notes.csv --
-- want --
changes
  major template-removed  template note: is gone
  major source-removed  source notes: is gone
records  1 added, 1 removed, 23 same
  1 added  reply/asks  not_chosen → train
      because template note: is gone
      because source notes: is gone
  1 removed  note/notes  train → absent
      because template note: is gone
      because source notes: is gone
facets
  train layer of 19 moved 526 bp: domain 13 → 14, generic 1 → 0
  train source of 19 moved 526 bp: asks 13 → 14, notes 1 → 0
  train template of 19 moved 526 bp: note 1 → 0, reply 13 → 14
lengths
  train prompt: p5 7 → 15, p50 40 → 41, total 624 → 659
  train response: p5 6 → 7, total 251 → 262
funnel
  rows read: 63 → 57
  rows used: 54 → 48
  candidates: 50 → 44
  not chosen: 23 → 17
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
