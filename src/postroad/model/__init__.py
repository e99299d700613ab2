"""The words the rest of postroad speaks: frozen values without files, sockets, clocks or databases.

Times are integers: microseconds since 1970-01-01 00:00:00 UTC, because they are compared and
stored far more often than they are shown. `0` means "not known".
"""
