"""Pure geometry of the grids: no ORM, no clock, no settings.

Everything here takes and gives WGS-84 degrees in the order lon, lat unless a name says otherwise (`datum`, `_m`).
"""
