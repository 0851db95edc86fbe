A coverage that a gate asks for needs less of each cell; the gate reads as before.
-- edit small.sft --
need 2 each
=>
need 1 each
-- want --
changes
  major gate-weaker  gate freeze: coverage topics: need 2 in 2 cells of topic is need 1 in 2 cells of topic now
      + coverage topics: need 1 in 2 cells of topic
  minor coverage  coverage topics: need 2 in 2 cells of topic → need 1 in 2 cells of topic
records  24 same
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
