"""Every method against a server, in both styles."""
import io
import os
import tarfile

import holdfast
import pytest
from holdfast import errors


def unwrapped(value):
    return getattr(value, "inner", value)


def test_control(api, name):
    with api.Filesystem.create(name, "5gb", labels={"purpose": "test"}, durability="local", compression="zstd") as made:
        assert made.info.size_bytes == 5_000_000_000 and made.info.size_gb == 5 and made.name == name
        assert made.info.labels == {"purpose": "test"} and made.info.compression == "zstd"
        assert made.id.startswith("fs-") and made.info.created_at.tzinfo is not None
        with pytest.raises(errors.NameTakenError) as caught:
            api.Filesystem.create(name, 10**9)
        assert caught.value.kind == "name_taken" and caught.value.status == 409 and caught.value.request_id
        assert api.Filesystem.get(name).id == made.id
        with api.Filesystem.connect(made.id) as again:
            assert again.name == name
        assert made.resize("1.5gib").info.size_bytes == 3 * 2**29
        assert made.rename(f"{name}-b").name == f"{name}-b" == made.name
        assert made.update(labels={}, durability="object", compression="lz4").info.labels == {}
        assert made.info.durability == "object"
        with api.Filesystem.connect(made.id) as other:
            other.update(labels={"by": "other"})
        assert made.info.labels == {} and made.refresh().info.labels == {"by": "other"}
        usage = made.usage()
        assert usage.size_bytes == 3 * 2**29 and usage.used_bytes == 0 and usage.used_inodes == 1
        made.write("/big", b"x" * 1000)
        assert made.usage().used_bytes == 1000
        api.Filesystem.delete(made)
    with pytest.raises(errors.FilesystemNotFoundError):
        api.Filesystem.connect(name)
    with pytest.raises(errors.FilesystemNotFoundError):
        api.Filesystem.delete(name)


def test_list_goes_over_pages(api, name, monkeypatch):
    module = f"holdfast._{api.style}.filesystem"
    monkeypatch.setattr(f"{module}.FILESYSTEMS_PAGE", 2)
    made = [api.Filesystem.create(f"{name}-{number}", labels={"set": name}) for number in range(5)]
    listed = api.Filesystem.list(labels={"set": name})
    assert [info.name for info in listed] == [one.name for one in made]
    assert [info.id for info in listed.all()] == [one.id for one in made]
    assert {one.name for one in made} <= {found.name for found in api.Filesystem.list()}
    assert unwrapped(next(iter(listed))).info == made[0].info
    for one in made:
        api.Filesystem.delete(one.name)
        one.close()
    assert api.Filesystem.list(labels={"set": name}).all() == []
    with api.Filesystem.undelete(made[0].id, name=f"{name}-again") as back:
        assert back.name == f"{name}-again"
    api.Filesystem.delete(made[0].id)


def test_write_and_read(api, filesystem, tmp_path):
    (tmp_path / "local").write_bytes(b"from a file")
    contents = {
        "/bytes": (b"\x00\xff", b"\x00\xff"),
        "/text": ("Grüße", "Grüße".encode()),
        "/array": (bytearray(b"array"), b"array"),
        "/view": (memoryview(b"view"), b"view"),
        "/memory": (io.BytesIO(b"memory"), b"memory"),
        "/iterator": (iter([b"one ", b"", bytearray(b"two")]), b"one two"),
        "/empty": (b"", b""),
        "no/leading/slash": ("x", b"x"),
        "/odd %41 ?#&+ name\n": ("odd", b"odd"),
        b"/not-utf8-\xff": ("odd", b"odd"),
    }
    for path, (given, stored) in contents.items():
        entry = filesystem.write(path, given)
        assert entry.size == len(stored) and entry.type == "file" and (entry.uid, entry.gid, entry.mode) == (0, 0, "0644")
        assert filesystem.read(path, format="bytes") == stored
    with open(tmp_path / "local", "rb") as file:
        file.read(5)
        filesystem.write("/file", file)
    assert filesystem.read("/file") == "a file"
    assert filesystem.read("/text") == "Grüße"
    if api.style == "async":
        async def pieces():
            yield b"asyn"
            yield b"chronous"
        filesystem.write("/async", pieces())
        assert filesystem.read("/async") == "asynchronous"
    with open(tmp_path / "local") as text:
        with pytest.raises(errors.InvalidArgumentError, match="rb"):
            filesystem.write("/nothing", text)
    for senseless in (5, None, ["text"]):
        with pytest.raises(errors.InvalidArgumentError):
            filesystem.write("/nothing", senseless)
    assert not filesystem.exists("/nothing")


def test_owner_and_conditions(filesystem):
    assert filesystem.write("/a", "1", user="user", mode=0o600).uid == 1000
    first = filesystem.write("/b", "1", uid=5, gid=6, mode="4755")
    assert (first.uid, first.gid, first.mode) == (5, 6, "4755")
    filesystem.write("/new", "1", if_none_match="*")
    with pytest.raises(errors.PreconditionFailedError):
        filesystem.write("/new", "2", if_none_match="*")
    second = filesystem.write("/b", "2", if_match=first.etag)
    with pytest.raises(errors.PreconditionFailedError):
        filesystem.write("/b", "3", if_match=first.etag)
    assert second.etag != first.etag and filesystem.read("/b") == "2" and filesystem.read("/new") == "1"
    with pytest.raises(errors.InvalidHeaderError):
        filesystem.write("/c", "1", user="nobody")
    for mode in ("rw", 0o10000, -1, True):
        with pytest.raises(errors.InvalidArgumentError):
            filesystem.chmod("/a", mode)


def test_ranges_and_streams(filesystem):
    content = os.urandom(3_000_000)
    filesystem.write("/data", content)
    assert filesystem.read("/data", format="bytes", offset=10, length=5) == content[10:15]
    assert filesystem.read("/data", format="bytes", offset=2_999_999) == content[-1:]
    assert filesystem.read("/data", format="bytes", offset=2_999_990, length=100) == content[-10:]
    with pytest.raises(errors.RangeNotSatisfiableError):
        filesystem.read("/data", offset=3_000_000)
    for wrong in ({"offset": -1}, {"length": 0}, {"format": "json"}):
        with pytest.raises(errors.InvalidArgumentError):
            filesystem.read("/data", **wrong)
    with filesystem.read("/data", format="stream", offset=7) as stream:
        assert stream.length == 2_999_993 and stream.etag == filesystem.stat("/data").etag
        pieces = list(stream)
        assert b"".join(pieces) == content[7:] and max(map(len, pieces)) <= 1 << 20
    with filesystem.read("/data", format="stream") as stream:
        next(iter(stream))
    assert filesystem.read("/data", format="bytes", length=1) == content[:1]


def test_paths(api, filesystem, monkeypatch):
    assert filesystem.mkdir("/d/e", mode=0o700, user="user").mode == "0700"
    filesystem.write("/d/f", "content")
    assert filesystem.stat("/d").type == "directory" and filesystem.stat("/d/f").size == 7
    assert filesystem.exists("/d/f") and not filesystem.exists("/d/g") and not filesystem.exists("/d/f/g")
    assert filesystem.copy("/d/f", "/d/copy", uid=7, gid=7).uid == 7
    assert filesystem.move("/d/copy", "/m/moved").path == "/m/moved" and not filesystem.exists("/d/copy")
    assert filesystem.symlink("d/f", "/sym").type == "symlink"
    assert filesystem.read("/sym") == "content"
    shown = filesystem.stat("/sym", follow=False)
    assert shown.type == "symlink" and shown.target == "d/f"
    assert filesystem.symlink("nowhere", "/dangling") and not filesystem.exists("/dangling")
    assert filesystem.exists("/dangling", follow=False)
    assert filesystem.link("/d/f", "/hard").links == 2
    assert filesystem.chmod("/hard", "640").mode == "0640" and filesystem.stat("/d/f").mode == "0640"
    assert filesystem.chown("/d/f", 3).uid == 3 and filesystem.chown("/d/f", gid=4).gid == 4
    assert filesystem.chown("/sym", 9, 9, follow=False).type == "symlink" and filesystem.stat("/d/f").uid == 3
    assert filesystem.truncate("/d/f", 4).size == 4 and filesystem.read("/hard") == "cont"
    monkeypatch.setattr(f"holdfast._{api.style}.files.ENTRIES_PAGE", 2)
    names = ["d", "m", "sym", "dangling", "hard"]
    assert sorted(entry.name for entry in filesystem.list()) == sorted(names)
    assert {entry.path for entry in filesystem.list("/", depth=2)} >= {"/d", "/d/f", "/d/e", "/m/moved"}
    assert len(list(filesystem.list("/").pages())) == 3
    with pytest.raises(errors.DirectoryNotEmptyError):
        filesystem.delete("/d", recursive=False)
    filesystem.delete("/d")
    filesystem.delete("/sym")
    with pytest.raises(errors.PathNotFoundError):
        filesystem.delete("/sym")
    with pytest.raises(errors.InvalidPathError):
        filesystem.write("/d/../x", "x")
    with pytest.raises(errors.InvalidPathError):
        filesystem.read("/..")
    with pytest.raises(errors.IsDirectoryError):
        filesystem.read("/m")


def test_branches(api, filesystem, name):
    filesystem.write("/f", "before")
    snapshot = filesystem.snapshot("first")
    assert snapshot.name == "first" and snapshot.used_bytes == 6
    filesystem.write("/f", "after")
    assert filesystem.read("/f", snapshot="first") == "before"
    assert filesystem.stat("/f", snapshot=snapshot.id).size == 6
    assert filesystem.exists("/f", snapshot="first")
    assert [entry.size for entry in filesystem.list("/", snapshot="first")] == [6]
    assert [one.name for one in filesystem.snapshots()] == ["first"]
    with filesystem.fork(f"{name}-fork", snapshot="first", labels={"a": "b"}) as fork:
        assert fork.read("/f") == "before" and fork.info.labels == {"a": "b"}
        api.Filesystem.delete(fork)
    assert filesystem.restore("first").id == filesystem.id
    assert filesystem.read("/f") == "before"
    filesystem.delete_snapshot("first")
    assert filesystem.snapshots() == []
    with pytest.raises(errors.SnapshotNotFoundError):
        filesystem.restore("first")


def test_trees(filesystem, tmp_path):
    top = tmp_path / "tree"
    (top / "sub" / "deep").mkdir(parents=True)
    (top / "empty").mkdir()
    (top / "big").write_bytes(os.urandom(1_000_000))
    (top / "sub" / "script").write_text("#!/bin/sh\n")
    (top / "sub" / "script").chmod(0o750)
    (top / "sub" / "deep" / "none").write_bytes(b"")
    (top / ("n" * 120)).write_text("long")
    (top / "grüße").write_text("text")
    os.symlink("sub/script", top / "link")
    os.link(top / "big", top / "hard")
    os.mkfifo(top / "pipe")
    seen = []
    sent = filesystem.upload(top, "/up", user="user", progress=seen.append)
    assert sent == holdfast.Transfer(files=5, bytes=1_000_000 + 10 + 4 + 4)
    assert seen[-1].files == 6 and seen[-1].bytes == sent.bytes
    assert filesystem.stat("/up/sub/script").uid == 1000 and filesystem.stat("/up/big").links == 2
    assert filesystem.stat("/up/link", follow=False).target == "sub/script"
    seen.clear()
    back = tmp_path / "back"
    got = filesystem.download("/up", back, progress=seen.append)
    assert got.bytes == sent.bytes and seen[-1].bytes == sent.bytes
    for path in ("big", "hard", "sub/script", "sub/deep/none", "n" * 120, "grüße"):
        assert (back / path).read_bytes() == (top / path).read_bytes(), path
    assert (back / "sub" / "script").stat().st_mode & 0o777 == 0o750
    assert os.readlink(back / "link") == "sub/script" and (back / "empty").is_dir()
    assert (back / "big").stat().st_ino == (back / "hard").stat().st_ino
    with filesystem.export_tar("/up/sub") as stream:
        assert stream.length is None
        packed = b"".join(stream)
    assert sorted(tarfile.open(fileobj=io.BytesIO(packed)).getnames()) == ["deep", "deep/none", "script"]
    assert filesystem.import_tar(iter([packed]), "/again").files == 2
    assert filesystem.read("/again/script") == "#!/bin/sh\n"
    # Again: everything is replaced.
    assert filesystem.download("/up", back) == got
    assert not [path for path in back.rglob(".holdfast-*")]


def test_single_files(filesystem, tmp_path):
    (tmp_path / "one").write_bytes(b"content")
    (tmp_path / "one").chmod(0o711)
    assert filesystem.upload(tmp_path / "one", "/dir/one") == holdfast.Transfer(1, 7)
    assert filesystem.stat("/dir/one").mode == "0711" and filesystem.stat("/dir/one").uid == 0
    filesystem.upload(tmp_path / "one", "/mine", keep_owner=True)
    assert filesystem.stat("/mine").uid == os.getuid()
    assert filesystem.download("/dir/one", tmp_path / "two") == holdfast.Transfer(1, 7)
    assert (tmp_path / "two").read_bytes() == b"content" and (tmp_path / "two").stat().st_mode & 0o777 == 0o711
    with pytest.raises(errors.PathNotFoundError):
        filesystem.download("/none", tmp_path / "three")
    with pytest.raises(FileNotFoundError):
        filesystem.upload(tmp_path / "none", "/none")
    with pytest.raises(errors.InvalidArgumentError):
        filesystem.upload(tmp_path / "one", "/x", user="user", uid=3)
    with pytest.raises(errors.InvalidArgumentError):
        filesystem.upload(tmp_path / "one", "/x", user="somebody")


def test_admin(api, name):
    with api.Admin() as admin:
        team = admin.create_team(name)
        assert team.id in {one.id for one in admin.teams()} and admin.team(name).id == team.id
        key = admin.create_key("ci", team=name)
        assert key.key.startswith("e2b_") and key.key not in repr(key)
        assert [one.id for one in admin.keys(team=name)] == [key.id]
        assert api.Filesystem.list(api_key=key.key).all() == []
        admin.revoke_key(key.id)
        with pytest.raises(errors.UnauthorizedError):
            api.Filesystem.list(api_key=key.key).all()
        more = admin.create_key("other", admin=True)
        assert more.admin and more.team_id is None
        admin.revoke_key(more.id)
        admin.delete_team(name)
        with pytest.raises(errors.TeamNotFoundError):
            admin.team(name)


def test_health(api, server):
    assert api.health().status == "ok" and api.ready(url=server.url).status == "ok"


def test_settings(api, server, filesystem, environment):
    quick = filesystem.with_options(timeout=5, retries=0)
    assert quick.id == filesystem.id and quick.list().all() == []
    environment.setenv("HOLDFAST_URL", "http://127.0.0.1:9")
    environment.delenv("HOLDFAST_API_KEY")
    assert api.Filesystem.get(filesystem.id, url=server.url + "/", api_key=server.api_key).id == filesystem.id
    with pytest.raises(errors.ConfigurationError, match="HOLDFAST_API_KEY"):
        api.Filesystem.get("x")
    with pytest.raises(errors.ConfigurationError, match="http"):
        api.Filesystem.get("x", url="localhost:7070", api_key="k")
    with pytest.raises(errors.ConnectionFailedError) as caught:
        api.Filesystem.get("x", api_key="k", retries=0)
    assert caught.value.sent is False
    for wrong in ({"timeout": 0}, {"retries": -1}):
        with pytest.raises(ValueError):
            api.Filesystem.get("x", api_key="k", **wrong)
