New rows say what older records of another source say: of equal ones the lowest id stays, so the older may go. The cause is the new rows.
-- first edit small.sft --
screen { drop duplicate exact }
=>
screen {
  drop duplicate exact
}
..
template sense v1.0.0 {
=>
template echo v1.0.0 {
  layer = skill
  from echoes as row
  tags { topic = law, shelf = low }
  user "What is {{ row.term }}?"
  assistant "{{ row.sense }}"
}
template sense v1.0.0 {
..
source terms {
=>
source echoes {
  path    = "data/echoes.csv"
  key     = auto
  origin  = human
  license = "CC0-1.0"
  fields { term: string, sense: string }
}
source terms {
-- first data/echoes.csv --
term,sense
a word,a sense
-- data/echoes.csv --
term,sense
a word,a sense
term 0,sense 0
term 1,sense 1
term 2,sense 2
term 3,sense 3
term 4,sense 4
term 5,sense 5
term 6,sense 6
term 7,sense 7
term 8,sense 8
term 9,sense 9
term 10,sense 10
term 11,sense 11
-- want --
changes
  minor source-rows  source echoes: other bytes in data/echoes.csv; rows 1 → 13
records  3 added, 3 removed, 21 same
  3 added  echo/echoes  absent → train
      because source echoes: other bytes in data/echoes.csv; rows 1 → 13
  3 removed  sense/terms  train → rejected:duplicate
      because source echoes: other bytes in data/echoes.csv; rows 1 → 13
facets
  train source of 19 moved 1578 bp: terms 5 → 2, echoes 0 → 3
  train template of 19 moved 1578 bp: sense 5 → 2, echo 0 → 3
  train shelf of 19 moved 526 bp: high 2 → 1, low 3 → 4
lengths
  train prompt: total 659 → 660
  train response: total 262 → 263
funnel
  rows read: 58 → 70
  rows used: 49 → 61
  candidates: 45 → 57
  rejected: 3 → 15
  rejected screen:duplicate: - → 12
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
