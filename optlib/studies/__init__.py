"""Experiments too long for a chapter, with their stored results, of which a chapter runs a part."""
