# Generated from _async/admin.py by `generate`; do not edit.
"""Teams and keys, for administrators; and whether a server is up, for everybody."""
from __future__ import annotations

from typing import List, Optional

from .._call import Call, params
from .._paths import encode_id
from .._settings import settings
from ..types import Health, Key, MadeKey, NewKey, Team
from .connection import Connection


class Admin:
    """Teams and keys. Needs an administrator's key: `api_key`, or `HOLDFAST_ADMIN_KEY`."""

    def __init__(
        self,
        *,
        url: Optional[str] = None,
        api_key: Optional[str] = None,
        timeout: Optional[float] = None,
        retries: Optional[int] = None,
    ) -> None:
        found = settings(url, api_key, timeout, retries, key_variable="HOLDFAST_ADMIN_KEY")
        self._connection = Connection(found)

    def __enter__(self) -> Admin:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._connection.close()

    def create_team(self, name: str) -> Team:
        """Makes a team."""
        return Team.from_wire(self._connection.json(Call("POST", "/teams").with_json({"name": name})))

    def teams(self) -> List[Team]:
        """All teams."""
        return [Team.from_wire(one) for one in self._connection.json(Call("GET", "/teams", repeatable=True))]

    def team(self, team: str) -> Team:
        """Shows a team (id or name)."""
        return Team.from_wire(self._connection.json(Call("GET", f"/teams/{encode_id(team)}", repeatable=True)))

    def delete_team(self, team: str) -> None:
        """Deletes a team (id or name) that has no filesystems any more, with its keys."""
        self._connection.send(Call("DELETE", f"/teams/{encode_id(team)}", repeatable=team.startswith("team-")))

    def create_key(self, name: str, *, team: Optional[str] = None, admin: bool = False) -> MadeKey:
        """Makes a key that opens a team (id or name), or an administrator's. Only this answer holds the key itself."""
        body: NewKey = {"name": name}
        if team is not None:
            body["team"] = team
        if admin:
            body["admin"] = True
        return MadeKey.from_wire(self._connection.json(Call("POST", "/keys").with_json(body)))

    def keys(self, *, team: Optional[str] = None) -> List[Key]:
        """All keys, or those of a team, without the keys themselves."""
        found = self._connection.json(Call("GET", "/keys", params(team=team), repeatable=True))
        return [Key.from_wire(one) for one in found]

    def revoke_key(self, key: str) -> None:
        """Revokes a key, by its id: it opens nothing from now on."""
        self._connection.send(Call("DELETE", f"/keys/{encode_id(key)}", repeatable=True))


def health(
    *, url: Optional[str] = None, timeout: Optional[float] = None, retries: Optional[int] = None
) -> Health:
    """Whether a server is up. Needs no key. Raises what says why it is not."""
    return _ask("/healthz", url, timeout, retries)


def ready(
    *, url: Optional[str] = None, timeout: Optional[float] = None, retries: Optional[int] = None
) -> Health:
    """Whether a server is ready for work: up, and what is behind it answers. Needs no key."""
    return _ask("/readyz", url, timeout, retries)


def _ask(path: str, url: Optional[str], timeout: Optional[float], retries: Optional[int]) -> Health:
    connection = Connection(settings(url, None, timeout, retries, key_variable=None))
    try:
        return Health.from_wire(connection.json(Call("GET", path, repeatable=True)))
    finally:
        connection.close()
