"""temporary"""


def annotate(exc: BaseException) -> bool:
    """."""
    return False


def annotate_feeder_error(exc: BaseException, item: object) -> None:
    """."""
