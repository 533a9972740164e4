"""``python -m hackai_standalone`` is the ``hackai`` command."""

from hackai_standalone.command import main

main()
