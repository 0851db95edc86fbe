One more phase at the end.
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
  finish 60% { law 50%, money 50% }
=>
  finish 40% { law 50%, money 50% }
  last   20% { law 50%, money 50% }
-- want --
changes
  minor phase  curriculum finish: 60% { law 50%, money 50% } → 40% { law 50%, money 50% }
  minor phase-added  curriculum last: is new, 20% { law 50%, money 50% }
records  4 moved, 20 same
  3 moved  reply/asks  train finish → train last
      because curriculum finish: 60% { law 50%, money 50% } → 40% { law 50%, money 50% }
      because curriculum last: is new, 20% { law 50%, money 50% }
  1 moved  sense/terms  train finish → train last
      because curriculum finish: 60% { law 50%, money 50% } → 40% { law 50%, money 50% }
      because curriculum last: is new, 20% { law 50%, money 50% }
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
