A value has another name, and the data's spelling still means it: records are tagged with the new one.
-- edit small.sft --
  high "up there"
  low
=>
  top "up there" from ["high"]
  low
-- want --
changes
  major facet-value-removed  facet shelf: value high is gone
  minor facet-value-added  facet shelf: value top is new (may break a reader)
  minor facet-spelling  facet shelf: `high` in data is read as top, was nothing
records  3 retagged, 21 same
  2 retagged  sense/terms  train
      because facet shelf: value high is gone
      because facet shelf: value top is new
      because facet shelf: `high` in data is read as top, was nothing
      data/terms.csv:4 shelf: high → top
  1 retagged  sense/terms  dev
      because facet shelf: value high is gone
      because facet shelf: value top is new
      because facet shelf: `high` in data is read as top, was nothing
      data/terms.csv:6 shelf: high → top
facets
  dev shelf of 5 moved 2000 bp: high 1 → 0, top 0 → 1
  train shelf of 19 moved 1052 bp: high 2 → 0, top 0 → 2
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
