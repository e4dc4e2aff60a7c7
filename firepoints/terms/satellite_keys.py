"""The identity of a satellite row as one text: source | satellite | version | second (UTC) | lon | lat in 1e-5 degrees."""


def satellite_key(source: str, satellite: str, version: str, at_s: int, lon_e5: int, lat_e5: int) -> str:
    """The identity of one satellite row; `at_s` seconds since 1970 UTC, coordinates in whole 1e-5 degrees."""
    return f"{source}|{satellite}|{version}|{at_s}|{lon_e5}|{lat_e5}"


def satellite_base(key: str) -> str:
    """The base key of a satellite row's key: all but the version."""
    parts = key.split("|")
    return "|".join((*parts[:2], *parts[3:]))
