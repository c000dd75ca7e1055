"""Experiments too long for a chapter, with their stored results, of which a chapter runs a part."""

left_out = None  # a seed whose runs are not counted, for asking what rests on a single one
