"""`python -m sftspec`."""

from sftspec.cli import main

raise SystemExit(main())
