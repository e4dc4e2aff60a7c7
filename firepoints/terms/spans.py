"""Spans of time in words."""

from datetime import timedelta


def span(length: timedelta) -> str:
    """A length of time as a person says it: 26 分, 5 时 12 分, 3 天 4 时."""
    minutes = int(abs(length).total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} 分"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} 时 {minutes} 分" if minutes else f"{hours} 时"
    days, hours = divmod(hours, 24)
    return f"{days} 天 {hours} 时" if hours and days < 10 else f"{days} 天"
