"""The measurement of many meters, for a few of them and a moment."""

from pathlib import Path

import pytest

from tests.conftest import script

METERS, SECONDS = 4, 3


@pytest.mark.timeout(300)
async def test_load(tmp_path: Path, socket_enabled: None) -> None:
    """Every telegram that a meter sends is published, each once a second."""
    load = await script("load").measure(tmp_path, METERS, SECONDS)
    assert load.lost == 0
    assert len(load.delays) >= METERS * (SECONDS - 1)
    assert load.cpu > 0
    assert "| readings lost | 0 |" in str(load)
