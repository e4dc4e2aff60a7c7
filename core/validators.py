"""Checks that forms, filters and serializers of every app share."""

from django.core.validators import RegexValidator

from core import month

MONTH = RegexValidator(rf"\A{month.PATTERN}\Z", "月份应写成 YYYY-MM，例如 2023-10")
