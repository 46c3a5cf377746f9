"""A checkpoint on this machine: loaded without running code of its own, its chat template, and where it comes from."""

from .loading import Checkpoint, get_device, load_pretrained

__all__ = ["Checkpoint", "get_device", "load_pretrained"]
