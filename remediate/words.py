"""Numbers in sentences."""


def many(number: int, noun: str, plural: str = "") -> str:
    """`1 change`, `551 changes`"""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
