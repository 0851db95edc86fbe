A phase of the curriculum has another mix.
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
=>
start  40% { law 90%, money 10% }
-- want --
changes
  minor phase  curriculum start: 40% { law 70%, money 30% } → 40% { law 90%, money 10% }
records  1 added, 1 removed, 2 moved, 21 same
  1 added  reply/asks  not_chosen → train finish
      because curriculum start: 40% { law 70%, money 30% } → 40% { law 90%, money 10% }
  1 removed  reply/asks  train finish → not_chosen
      because curriculum start: 40% { law 70%, money 30% } → 40% { law 90%, money 10% }
  1 moved  reply/asks  train finish → train start
      because curriculum start: 40% { law 70%, money 30% } → 40% { law 90%, money 10% }
  1 moved  reply/asks  train start → train finish
      because curriculum start: 40% { law 70%, money 30% } → 40% { law 90%, money 10% }
facets
  train topic of 19 moved 526 bp: law 12 → 13, money 7 → 6
lengths
  train prompt: p50 40 → 39, total 632 → 629
  train response: total 252 → 251
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
