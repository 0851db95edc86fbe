New rows contradict older ones, and the screen drops both where no source is preferred: the older went because of the new rows.
-- first edit small.sft --
screen { drop duplicate exact }
=>
screen {
  drop duplicate exact
  drop conflict on [user]
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
term 1,another
term 3,another
term 5,another
-- want --
changes
  minor source-rows  source echoes: other bytes in data/echoes.csv; rows 1 → 4
records  1 added, 1 removed, 23 same
  1 added  sense/terms  not_chosen → train
      because source echoes: other bytes in data/echoes.csv; rows 1 → 4
  1 removed  sense/terms  train → rejected:conflict
      because source echoes: other bytes in data/echoes.csv; rows 1 → 4
funnel
  rows read: 58 → 61
  rows used: 49 → 52
  candidates: 45 → 48
  rejected: 3 → 9
  not chosen: 18 → 15
  rejected screen:conflict: - → 6
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
