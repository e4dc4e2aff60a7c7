"""The broker of one machine: messages as files in a folder, each of which appears whole or not at all.

kombu's own transport opens a message under its final name and writes it afterwards: a consumer that wakes between the two
reads an empty file, and dies of it. Here a file gets its name when it is complete, and what is unreadable all the same
(a power cut, a full disk of an earlier day) is set aside. Nothing is lost by that: a message only wakes, the job is a row.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

import structlog
from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.transport.filesystem import exchange_queue_t
from kombu.utils.json import dumps, loads

log = structlog.get_logger(__name__)

SCHEME = "spool"
"""The scheme of its URLs: `spool://localhost`; the folders come with the transport options."""


class Channel(filesystem.Channel):
    """A channel of kombu's whose files are renamed into place."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as in kombu
        name = f"{round(time.monotonic() * 1000):015d}_{uuid.uuid4()}.{queue}.msg"
        _place(Path(self.data_folder_out) / name, dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The oldest message of a queue; raises Empty when it has none that can be read."""
        for name in sorted(os.listdir(self.data_folder_in)):
            if name.partition(".")[2] == f"{queue}.msg" and (payload := self._take(name)) is not None:
                return payload
        raise Empty

    def _take(self, name: str) -> Any:
        """The content of a message, which is gone from its folder; None when another consumer was first, or set aside."""
        file = Path(self.processed_folder) / name
        try:
            # Within one file system: of two consumers one gets it, whole.
            (Path(self.data_folder_in) / name).rename(file)
        except OSError:
            return None
        try:
            payload = loads(file.read_bytes().decode())
            self._require_message(payload)
        except Exception as error:  # whatever it is, the next message must be reached
            self._set_aside(file, error)
            return None
        file.unlink(missing_ok=True)
        return payload

    def _require_message(self, payload: Any) -> None:
        """Raise for what the consumer could not take: it would fail there outside anybody's reach."""
        message = self.Message(payload, channel=self)
        if not (message.content_type and message.delivery_info):
            raise TypeError("no content-type or no delivery_info")

    def _set_aside(self, file: Path, error: Exception) -> None:
        aside = Path(self.transport_options["unreadable_folder"]) / file.name
        log.warning("broker.message_unreadable", file=str(aside), why=f"{type(error).__name__}: {error}")
        try:
            file.rename(aside)
        except OSError as failure:
            log.warning("broker.message_not_set_aside", file=str(file), why=str(failure))

    def get_table(self, exchange: str) -> list[exchange_queue_t]:
        """The queues bound to an exchange; none when its table is unreadable, it is then made again by the next binding."""
        file = self._exchange_file(exchange)
        try:
            return [exchange_queue_t(*row) for row in loads(file.read_bytes().decode())]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as error:
            log.warning("broker.table_unreadable", file=str(file), why=str(error))
            return []
        except OSError as error:
            raise ChannelError(f"Cannot open {file}") from error

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        row = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._changing_tables():
            table = self.get_table(exchange)
            if row not in table:
                _place(self._exchange_file(exchange), dumps([row, *table]))

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **kwargs: Any) -> None:
        self._purge(queue)
        row = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._changing_tables():
            table = self.get_table(exchange)
            if row in table:
                _place(self._exchange_file(exchange), dumps([other for other in table if other != row]))

    @contextmanager
    def _changing_tables(self) -> Iterator[None]:
        """One process at a time reads a table, changes it and puts it back; readers need no lock."""
        self.control_folder.mkdir(parents=True, exist_ok=True)
        with (self.control_folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _place(path: Path, text: str) -> None:
    """Write a file under another name and rename it. Raises ChannelError, and leaves nothing, when it cannot be."""
    draft = path.with_name(f".draft-{uuid.uuid4()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.rename(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ChannelError(f"Cannot add file {str(path)!r}") from error


class Transport(filesystem.Transport):
    """What `spool://` stands for, see config/celery.py."""

    Channel = Channel
