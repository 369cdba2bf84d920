"""Actors that are processes: scheduled from here, one at a time, whatever their start method."""
