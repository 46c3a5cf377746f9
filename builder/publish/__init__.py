"""Publish: give a version on, to trainers and (in time) to the Hub. Everything is read from the version's folder."""

from builder.publish.export import EXPORTS, export

__all__ = ["EXPORTS", "export"]
