A column is of another type: rows that do not have it are set aside.
-- first data/terms.csv --
term,sense,shelf
term 0,0,high
term 1,1,low
term 2,2,high
term 3,none,low
term 4,4,high
term 5,5,low
term 6,6,high
term 7,none,low
term 8,8,high
term 9,9,low
term 10,10,high
term 11,none,low
-- edit small.sft --
sense: string
=>
sense: integer
..
sense = "a paper", shelf = low }
  expect response == "a paper"
=>
sense = 7, shelf = low }
  expect response == "7"
-- want --
changes
  none test  test sense: “the term stands in the question” changed
  major input-type  source terms: field sense: string → integer
records  1 added, 1 removed, 23 same
  1 added  reply/asks  not_chosen → train
      because source terms: field sense: string → integer
  1 removed  sense/terms  train → absent
      because source terms: field sense: string → integer
facets
  train layer of 19 moved 526 bp: domain 15 → 16, skill 4 → 3
  train shelf of 19 moved 526 bp: low 3 → 2
  train source of 19 moved 526 bp: asks 15 → 16, terms 4 → 3
  train template of 19 moved 526 bp: reply 15 → 16, sense 4 → 3
lengths
  train prompt: total 682 → 710
  train response: total 249 → 262
funnel
  rows rejected: 9 → 12
  rows used: 48 → 45
  candidates: 44 → 41
  not chosen: 17 → 14
  rows of terms type_error: - → 3
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
