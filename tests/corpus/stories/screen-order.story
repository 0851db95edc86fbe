The lines of the screen stand in another order: a record that is equal to one that is dropped itself goes or stays.
-- first edit small.sft --
screen { drop duplicate exact }
=>
screen {
  drop duplicate exact
  drop origin == synthetic
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
  origin  = synthetic
  license = "CC0-1.0"
  fields { term: string, sense: string }
}
source terms {
-- first data/echoes.csv --
term,sense
term 0,sense 0
term 2,sense 2
term 4,sense 4
term 6,sense 6
term 8,sense 8
term 10,sense 10
-- edit small.sft --
  drop duplicate exact
  drop origin == synthetic
=>
  drop origin == synthetic
  drop duplicate exact
-- want --
changes
  minor screen  screen: its lines stand in another order
records  1 added, 1 removed, 23 same
  1 added  sense/terms  rejected:duplicate → train
      because screen: its lines stand in another order
  1 removed  sense/terms  train → not_chosen
      because screen: its lines stand in another order
facets
  train shelf of 19 moved 526 bp: high 1 → 2, low 4 → 3
funnel
  rejected: 13 → 9
  not chosen: 13 → 17
  rejected screen:duplicate: 6 → -
  rejected screen:screened: 4 → 6
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
