A template is gone, and another one moved to its name: by its records it is the other one.
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
template note v1.0.0 {
  layer = generic
  from notes as row
  tags { topic = money }
  user "Note {{ row.id }}?"
  assistant "{{ row.note }}"
}
template sense v1.0.0 {
  layer = skill
  from terms as row
  tags { topic = law, shelf = row.shelf }
  user "What is {{ row.term }}?"
  assistant "{{ row.sense }}"
}
test sense "the term stands in the question" {
  given row { term = "a deed", sense = "a paper", shelf = low }
  expect response == "a paper"
}
=>
template sense v1.0.0 {
  layer = generic
  from notes as row
  tags { topic = money }
  user "Note {{ row.id }}?"
  assistant "{{ row.note }}"
}
test sense "the note is the answer" {
  given row { id = 1, note = "a paper" }
  expect response == "a paper"
}
..
emit { jsonl }
=>
emit { jsonl }
moved template note to sense
..
total = 24
=>
total = 24
  shortfall = shrink
-- want --
changes
  none moved  template sense: was called note
  major template-removed  template sense: is gone, what was called note has its name
  none test  test sense: “the term stands in the question” is gone
  none test  test sense: “the note is the answer” is new
  major source-removed  source terms: is gone
  minor mixture  mixture shortfall: error → shrink
records  6 added, 6 removed, 18 same
  5 added  reply/asks  not_chosen → train
      because template sense: is gone, what was called note has its name
      because source terms: is gone
  1 added  reply/asks  not_chosen → dev
      because template sense: is gone, what was called note has its name
      because source terms: is gone
  5 removed  sense/terms  train → absent
      because template sense: is gone, what was called note has its name
      because source terms: is gone
  1 removed  sense/terms  dev → absent
      because template sense: is gone, what was called note has its name
      because source terms: is gone
facets
  train layer of 19 moved 2631 bp: domain 13 → 18, skill 5 → 0
  train shelf of 19 moved 2631 bp: high 2 → 0, low 3 → 0
  train source of 19 moved 2631 bp: asks 13 → 18, terms 5 → 0
  train template of 19 moved 2631 bp: sense 6 → 1, reply 13 → 18
  dev layer of 5 moved 2000 bp: domain 4 → 5, skill 1 → 0
  dev shelf of 5 moved 2000 bp: high 1 → 0
  dev source of 5 moved 2000 bp: asks 4 → 5, terms 1 → 0
  dev template of 5 moved 2000 bp: reply 4 → 5, sense 1 → 0
lengths
  dev prompt: p5 15 → 39, total 179 → 203
  dev response: p5 7 → 16, total 72 → 81
  train prompt: p50 40 → 41, total 624 → 753
  train response: total 251 → 298
funnel
  rows read: 63 → 51
  rows used: 54 → 42
  candidates: 50 → 38
  not chosen: 23 → 11
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
