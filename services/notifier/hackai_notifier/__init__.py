"""The notifier: turns incidents into messages that reach people, once each, in order, whatever fails meanwhile."""

__version__ = "0.1.0"
