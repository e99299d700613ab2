"""One module per change of the state's tables, each naming the one before it."""
