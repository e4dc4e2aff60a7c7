"""Files and feeds that come by themselves."""
