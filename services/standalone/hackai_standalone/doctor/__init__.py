"""``hackai doctor``: says what is wrong and how to mend it; one file per check."""
