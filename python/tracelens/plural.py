"""Numbers of things in words."""


def many(number: int, thing: str) -> str:
    """Return ``1 user`` or ``1,204 users``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
