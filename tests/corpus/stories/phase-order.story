The phases stand in another order.
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
  finish 60% { law 50%, money 50% }
=>
  finish 60% { law 50%, money 50% }
  start  40% { law 70%, money 30% }
-- want --
changes
  minor phase-order  curriculum: its phases stand in another order
records  16 moved, 8 same
  6 moved  reply/asks  train finish → train start
      because curriculum: its phases stand in another order
  4 moved  reply/asks  train start → train finish
      because curriculum: its phases stand in another order
  4 moved  sense/terms  train start → train finish
      because curriculum: its phases stand in another order
  2 moved  sense/terms  train finish → train start
      because curriculum: its phases stand in another order
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
