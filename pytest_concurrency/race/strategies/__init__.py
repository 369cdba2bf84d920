"""What decides which actor goes on: one strategy a file, all behind `protocol.Strategy`."""
