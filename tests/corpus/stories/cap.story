At most so many records of a group: others of their cell take their places.
-- first edit small.sft --
total = 24
=>
total = 18
-- edit small.sft --
  share topic { law 60%
=>
  at most 4 per group
  share topic { law 60%
-- want --
changes
  minor mixture  mixture caps: none → at most 4 per group
records  1 added, 1 removed, 17 same
  1 added  reply/asks  not_chosen → train
      because mixture caps: none → at most 4 per group
  1 removed  reply/asks  train → not_chosen
      because mixture caps: none → at most 4 per group
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
