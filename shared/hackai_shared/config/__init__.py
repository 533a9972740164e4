"""One strict ``config.yml`` for all services; secrets and addresses come from the environment."""

from hackai_shared.config.load import ConfigError, ConfigProblem, load_config, parse_config
from hackai_shared.config.schema import HackAIConfig

__all__ = ["ConfigError", "ConfigProblem", "HackAIConfig", "load_config", "parse_config"]
