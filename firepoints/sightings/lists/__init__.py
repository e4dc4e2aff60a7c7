"""An office's list: comparing, correcting, mending, mapping its columns, looking before it is written."""
