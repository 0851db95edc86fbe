A template takes the rows of one more source.
-- first edit small.sft --
  total = 24
  share topic { law 60%, money 40% }
=>
  total = all
..
source terms {
=>
source words {
  path    = "data/words.csv"
  key     = auto
  origin  = human
  license = "CC0-1.0"
  fields { term: string, sense: string, shelf: facet shelf }
}
source terms {
..
template sense v1.0.0 {
=>
template word v1.0.0 {
  layer = generic
  from words as row
  tags { topic = money }
  user "{{ row.term }}"
  assistant "{{ row.sense }}"
}
template sense v1.0.0 {
-- first data/words.csv --
term,sense,shelf
old word,its sense,low
new word,another,high
-- edit small.sft --
  from terms as row
=>
  from [terms, words] as row
-- want --
changes
  minor template-text  template sense: rows changed
      - from terms as row
      + from terms, words as row
records  2 added, 43 same
  2 added  sense/words  absent → dev
      because template sense: rows changed
facets
  dev layer of 10 → 12 moved 1500 bp: skill 1 → 3
  dev shelf of 10 → 12 moved 1500 bp: high 1 → 2, low 0 → 1
  dev template of 10 → 12 moved 1500 bp: sense 1 → 3
  dev source of 10 → 12 moved 1333 bp: words 2 → 4
  dev topic of 10 → 12 moved 1000 bp: law 4 → 6
  dev license of 10 → 12 moved 0 bp: CC0-1.0 10 → 12
  dev origin of 10 → 12 moved 0 bp: human 10 → 12
lengths
  dev prompt: total 324 → 358
  dev response: total 138 → 154
funnel
  candidates: 46 → 48
  chosen: 43 → 45
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
