"""A file as a channel: whole lines only, for its owner's eyes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lexops.outbox.channels import Undelivered
from lexops.outbox.filing import FileDrop
from lexops.outbox.opening import open_channel
from lexops.outbox.rendering import Rendered, rendered
from lexops.outbox.template import shipped
from tests.clock import START
from tests.outbox.helping import page, site_file


def words(key: str = "k") -> Rendered:
    return rendered([page(key)], shipped, at=START, site="Test & Partners")


def test_every_message_is_a_line_that_only_the_owner_can_read(tmp_path: Path) -> None:
    file = site_file(tmp_path, '[channels.desk]\nkind = "file"\npath = "messages.jsonl"')
    channel = open_channel(file.settings.channels["desk"], file)
    assert channel.send(words(), "", "one").detail == "appended at byte 0"
    channel.send(words(), "", "two")
    path = tmp_path / "messages.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["key"] for line in lines] == ["one", "two"]
    assert "#41" in lines[0]["subject"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_lines_of_several_senders_stay_whole(tmp_path: Path) -> None:
    drop = FileDrop(tmp_path / "messages.jsonl")
    with ThreadPoolExecutor(8) as senders:
        list(senders.map(lambda number: drop.send(words(), "", str(number)), range(50)))
    lines = (tmp_path / "messages.jsonl").read_text().splitlines()
    assert sorted(int(json.loads(line)["key"]) for line in lines) == list(range(50))


def test_a_file_that_cannot_be_opened_or_is_full_is_tried_again(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "opened"), (Path("/dev/full"), "written")):
        with pytest.raises(Undelivered, match=f"the file cannot be {said}") as refused:
            FileDrop(path).send(words(), "", "k")
        assert refused.value.retry
