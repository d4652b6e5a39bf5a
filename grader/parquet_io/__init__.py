"""Between Arrow and the grader: rows in (``rows``), report columns out (``report``), files (``writer``, ``reader``)."""
