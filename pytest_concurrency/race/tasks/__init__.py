"""Races between asyncio tasks: an event loop whose ready queue is decided by strategies."""
