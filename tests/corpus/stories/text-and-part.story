A source's rows are grouped otherwise, and its template says something else: a record may have changed its words and its part.
-- first edit small.sft --
total = 24
=>
total = 24
  shortfall = shrink
-- edit small.sft --
  group   = book
=>
  group   = topic
..
  user "{{ ask }}"
=>
  user "Please: {{ ask }}"
-- want --
changes
  minor template-text  template reply: turn 1 (user) changed
      - {{ ask }}
      + Please: {{ ask }}
  minor source-reading  source asks: group changed
      - book
      + topic
  major moved-into-train  split dev: 2 records of dev are in train now
records  4 removed, 14 modified, 6 same
  2 removed  reply/asks  dev → not_chosen
      because source asks: group changed
  2 removed  reply/asks  train → not_chosen
      because source asks: group changed
  12 modified  reply/asks  train
      because template reply: turn 1 (user) changed
      data/asks-1.jsonl:3 user: {+Please: +}In Book 2: What does page 2 say of law?
  2 modified  reply/asks  dev → train
      because template reply: turn 1 (user) changed
      because source asks: group changed
      data/asks-2.jsonl:12 user: {+Please: +}In Book 1: What does page 8 say of money?
facets
  dev layer of 5 → 1 moved 8000 bp: domain 4 → 0
  dev shelf of 5 → 1 moved 8000 bp: 
  dev source of 5 → 1 moved 8000 bp: asks 4 → 0
  dev template of 5 → 1 moved 8000 bp: reply 4 → 0
  dev topic of 5 → 1 moved 4000 bp: law 3 → 1, money 2 → 0
  dev license of 5 → 1 moved 0 bp: CC0-1.0 5 → 1
  dev origin of 5 → 1 moved 0 bp: human 5 → 1
lengths
  dev prompt: max 43 → 15, p50 41 → 15, p95 43 → 15, total 179 → 15
  dev response: max 17 → 7, p50 16 → 7, p95 17 → 7, total 72 → 7
  train prompt: max 45 → 53, p50 41 → 49, p95 45 → 53, total 659 → 774
funnel
  not chosen: 17 → 21
  chosen: 24 → 20
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
