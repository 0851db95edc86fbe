A phase is gone, and with it what was trained on in it.
-- first edit small.sft --
  share topic { law 60%, money 40% }

=>

..
split {
=>
curriculum by topic {
  start  40% { law 70%, money 30% }
  finish 60% { law 50%, money 50% }
}
split {
-- edit small.sft --
start  40% { law 70%, money 30% }
  finish 60% {
=>
finish 100% {
-- want --
changes
  major phase-removed  curriculum start: is gone
  minor phase  curriculum finish: 60% { law 50%, money 50% } → 100% { law 50%, money 50% }
records  2 added, 2 removed, 7 moved, 15 same
  2 added  reply/asks  not_chosen → train finish
      because curriculum start: is gone
      because curriculum finish: 60% { law 50%, money 50% } → 100% { law 50%, money 50% }
  1 removed  reply/asks  train start → not_chosen
      because curriculum start: is gone
      because curriculum finish: 60% { law 50%, money 50% } → 100% { law 50%, money 50% }
  1 removed  sense/terms  train finish → not_chosen
      because curriculum start: is gone
      because curriculum finish: 60% { law 50%, money 50% } → 100% { law 50%, money 50% }
  4 moved  sense/terms  train start → train finish
      because curriculum start: is gone
      because curriculum finish: 60% { law 50%, money 50% } → 100% { law 50%, money 50% }
  3 moved  reply/asks  train start → train finish
      because curriculum start: is gone
      because curriculum finish: 60% { law 50%, money 50% } → 100% { law 50%, money 50% }
facets
  train topic of 19 moved 1052 bp: law 12 → 10, money 7 → 9
  train layer of 19 moved 526 bp: domain 13 → 14, skill 6 → 5
  train shelf of 19 moved 526 bp: low 4 → 3
  train source of 19 moved 526 bp: asks 13 → 14, terms 6 → 5
  train template of 19 moved 526 bp: reply 13 → 14, sense 6 → 5
lengths
  train prompt: p50 40 → 41, total 632 → 664
  train response: total 252 → 262
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
