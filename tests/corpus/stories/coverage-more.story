A coverage that a gate asks for needs more.
-- edit small.sft --
need 2 each
=>
need 3 each
-- want --
changes
  minor coverage  coverage topics: need 2 in 2 cells of topic → need 3 in 2 cells of topic
records  24 same
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
