"""Lines that the Exim reader must understand."""

SAMPLES = ()
