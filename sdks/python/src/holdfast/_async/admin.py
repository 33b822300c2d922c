"""Teams and keys, for administrators; and whether a server is up, for everybody."""
from __future__ import annotations

from typing import List, Optional

from .._call import Call, params
from .._paths import encode_id
from .._settings import settings
from ..types import Health, Key, MadeKey, NewKey, Team
from .connection import AsyncConnection


class AsyncAdmin:
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
        self._connection = AsyncConnection(found)

    async def __aenter__(self) -> AsyncAdmin:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._connection.aclose()

    async def create_team(self, name: str) -> Team:
        """Makes a team."""
        return Team.from_wire(await self._connection.json(Call("POST", "/teams").with_json({"name": name})))

    async def teams(self) -> List[Team]:
        """All teams."""
        return [Team.from_wire(one) for one in await self._connection.json(Call("GET", "/teams", repeatable=True))]

    async def team(self, team: str) -> Team:
        """Shows a team (id or name)."""
        return Team.from_wire(await self._connection.json(Call("GET", f"/teams/{encode_id(team)}", repeatable=True)))

    async def delete_team(self, team: str) -> None:
        """Deletes a team (id or name) that has no filesystems any more, with its keys."""
        await self._connection.send(Call("DELETE", f"/teams/{encode_id(team)}", repeatable=team.startswith("team-")))

    async def create_key(self, name: str, *, team: Optional[str] = None, admin: bool = False) -> MadeKey:
        """Makes a key that opens a team (id or name), or an administrator's. Only this answer holds the key itself."""
        body: NewKey = {"name": name}
        if team is not None:
            body["team"] = team
        if admin:
            body["admin"] = True
        return MadeKey.from_wire(await self._connection.json(Call("POST", "/keys").with_json(body)))

    async def keys(self, *, team: Optional[str] = None) -> List[Key]:
        """All keys, or those of a team, without the keys themselves."""
        found = await self._connection.json(Call("GET", "/keys", params(team=team), repeatable=True))
        return [Key.from_wire(one) for one in found]

    async def revoke_key(self, key: str) -> None:
        """Revokes a key, by its id: it opens nothing from now on."""
        await self._connection.send(Call("DELETE", f"/keys/{encode_id(key)}", repeatable=True))


async def health(
    *, url: Optional[str] = None, timeout: Optional[float] = None, retries: Optional[int] = None
) -> Health:
    """Whether a server is up. Needs no key. Raises what says why it is not."""
    return await _ask("/healthz", url, timeout, retries)


async def ready(
    *, url: Optional[str] = None, timeout: Optional[float] = None, retries: Optional[int] = None
) -> Health:
    """Whether a server is ready for work: up, and what is behind it answers. Needs no key."""
    return await _ask("/readyz", url, timeout, retries)


async def _ask(path: str, url: Optional[str], timeout: Optional[float], retries: Optional[int]) -> Health:
    connection = AsyncConnection(settings(url, None, timeout, retries, key_variable=None))
    try:
        return Health.from_wire(await connection.json(Call("GET", path, repeatable=True)))
    finally:
        await connection.aclose()
