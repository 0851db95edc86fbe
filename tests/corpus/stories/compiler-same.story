A newer compiler makes the same records.
-- forge --
another compiler
-- want --
changes
  patch compiler  compiler: revision 1 → 2
  patch compiler  compiler: -google-re2 1.1.20251105, +zeal 1.0
records  24 same
version  0.1.0 → 0.2.0, asks patch, 0.1.1 at least: enough
