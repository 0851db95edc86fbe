A share moves by less than a point: a patch.
-- first edit small.sft --
total = 24
=>
total = all
..
  share topic { law 60%, money 40% }
=>
  share topic { law 60%, money 40% }
  shortfall = shrink
-- edit small.sft --
law 60%, money 40%
=>
law 60.5%, money 39.5%
-- want --
changes
  patch share  share topic: law 60% → 60.5%, money 40% → 39.5%
records  33 same
version  0.1.0 → 0.2.0, asks patch, 0.1.1 at least: enough
