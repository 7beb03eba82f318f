"""Reports: a result in words, from the result alone."""
