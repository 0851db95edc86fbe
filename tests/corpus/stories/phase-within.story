A phase moves by two points at most: a patch.
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
start  40% {
=>
start  41% {
..
finish 60% {
=>
finish 59% {
-- want --
changes
  patch phase  curriculum start: 40% { law 70%, money 30% } → 41% { law 70%, money 30% }
  patch phase  curriculum finish: 60% { law 50%, money 50% } → 59% { law 50%, money 50% }
records  24 same
version  0.1.0 → 0.2.0, asks patch, 0.1.1 at least: enough
