"""LoadedModels pictures: REST, the Open Inference Protocol, and live frames that become detections and incidents."""

from hackai_shared import __version__

__all__ = ["__version__"]
