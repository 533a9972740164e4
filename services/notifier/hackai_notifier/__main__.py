"""``python -m hackai_notifier``."""

from hackai_notifier.main import build
from hackai_notifier.settings import NotifierSettings
from hackai_shared.service import run_service
from hackai_shared.settings import read_settings


def main() -> None:
    """Run the service until SIGTERM."""
    run_service("notifier", lambda: read_settings(NotifierSettings), build)


if __name__ == "__main__":
    main()
