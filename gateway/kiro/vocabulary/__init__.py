"""The vocabulary for counting tokens, shipped so that nothing is ever downloaded; its source stands in NOTICE."""
