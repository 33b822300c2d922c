// Every method against a server, and the check that every route of the server's document was asked for.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { Readable } from 'node:stream'
import test, { after } from 'node:test'
import { fails, filesystem, name, root, sdk, url } from './sdk.mjs'

const { Filesystem } = sdk
const document = JSON.parse(fs.readFileSync(`${root}/docs/openapi.json`, 'utf8'))
/** Operations that no method asks for, each with the reason. */
const UNREACHED = {
  readDocs: 'a page for people',
  openapi: 'a document for tools',
  metrics: 'for Prometheus',
  getTokenKeys: "verifies the tokens of E2B's content routes",
  listVolumes: "E2B's own packages speak it", createVolume: "E2B's own packages speak it", getVolume: "E2B's own packages speak it",
  deleteVolume: "E2B's own packages speak it", listVolumeDirectory: "E2B's own packages speak it",
  makeVolumeDirectory: "E2B's own packages speak it", readVolumeFile: "E2B's own packages speak it",
  writeVolumeFile: "E2B's own packages speak it", statVolumePath: "E2B's own packages speak it",
  removeVolumePath: "E2B's own packages speak it", changeVolumePath: "E2B's own packages speak it",
}

const asked = new Set()
const original = globalThis.fetch
globalThis.fetch = (input, init) => {
  asked.add(`${init.method} ${new URL(input).pathname}`)
  return original(input, init)
}

after(() => {
  const requests = [...asked]
  for (const [path, methods] of Object.entries(document.paths)) {
    const pattern = path.replaceAll('{path}', '.*').replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.well', '\\.well')
    for (const [method, { operationId }] of Object.entries(methods)) {
      const reached = requests.some((request) => new RegExp(`^${method.toUpperCase()} ${pattern}$`).test(request))
      assert.equal(reached, !(operationId in UNREACHED), `${operationId}: ${reached ? 'is reached, so it is no exception' : 'no method asks for it'}`)
    }
  }
  const known = Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
  for (const operation of Object.keys(UNREACHED)) assert.ok(known.includes(operation), `${operation} is no operation any more`)
})

test('the design works as written', async (t) => {
  const filesystem = await Filesystem.create('my-volume', '5gb')
  t.after(() => Filesystem.delete('my-volume'))
  await filesystem.write('/hello.txt', 'Hello', { user: 'root' })
  assert.equal(await filesystem.read('/hello.txt'), 'Hello')
  assert.deepEqual((await filesystem.list('/')).map((entry) => [entry.name, entry.type, entry.size]), [['hello.txt', 'file', 5]])
  await filesystem.delete('/hello.txt')
  assert.deepEqual(await filesystem.list('/'), [])
})

test('the server says whether it is there, without a key', async () => {
  assert.deepEqual(await sdk.health(), { status: 'ok' })
  assert.deepEqual(await sdk.ready({ url }), { status: 'ok' })
})

test('filesystems are made, found, listed, changed and deleted', async () => {
  const made = await Filesystem.create(name('fs'), '1.5gib', { labels: { team: 'a', kind: 'b' }, durability: 'relaxed', compression: 'zstd' })
  assert.equal(made.sizeBytes, 1610612736)
  assert.deepEqual([made.durability, made.compression, made.labels], ['relaxed', 'zstd', { team: 'a', kind: 'b' }])
  assert.ok(!Number.isNaN(Date.parse(made.createdAt)))
  assert.equal((await Filesystem.create(name('fs'), 2e9)).sizeGB, 2)
  assert.equal((await Filesystem.create(name('fs'))).sizeGB, 10)
  await fails(Filesystem.create(made.name, '1gb'), sdk.NameTakenError, { status: 409, kind: 'name_taken' })
  await fails(Filesystem.create(name('fs'), '1kb'), sdk.InvalidFieldError, {}, /must be from/)
  await fails(Filesystem.create(name('fs'), 'much'), sdk.InvalidArgumentError)
  await fails(Filesystem.create('no name', '1gb'), sdk.InvalidRequestError)

  assert.equal((await Filesystem.connect(made.name)).id, made.id)
  assert.deepEqual(await Filesystem.get(made.id), JSON.parse(JSON.stringify(made)))
  await fails(Filesystem.connect('nobody'), sdk.FilesystemNotFoundError, { status: 404 })
  await assert.rejects(Filesystem.connect('nobody'), (error) => /^[0-9a-f]{16}$/.test(error.requestId))
  await fails(Filesystem.connect('nobody', { apiKey: `e2b_${'0'.repeat(40)}` }), sdk.UnauthorizedError)

  const all = await Filesystem.list()
  assert.ok(all.length >= 3 && all.every((one) => one instanceof Filesystem))
  const paged = []
  for await (const one of Filesystem.list({ pageSize: 1 })) paged.push(one.name)
  assert.deepEqual(paged, all.map((one) => one.name))
  const pages = []
  for await (const page of Filesystem.list({ pageSize: 2 }).pages()) pages.push(page.length)
  assert.ok(pages.length >= 2 && pages[0] === 2)
  assert.deepEqual((await Filesystem.list({ labels: { team: 'a', kind: 'b' } })).map((one) => one.id), [made.id])

  const other = name('other')
  await made.rename(other)
  await made.resize('3gb')
  await made.update({ labels: { team: 'c' }, durability: 'local' })
  const again = await (await Filesystem.connect(other)).refresh()
  assert.deepEqual([again.name, again.sizeBytes, again.labels, again.durability], [other, 3e9, { team: 'c' }, 'local'])
  assert.deepEqual([made.name, made.sizeBytes, made.labels], [other, 3e9, { team: 'c' }])
  assert.equal((await made.usage()).usedBytes, 0)
  await made.write('/big', new Uint8Array(1000))
  assert.deepEqual(await made.usage(), { usedBytes: 1000, sizeBytes: 3e9, availableBytes: 3e9 - 1000, usedInodes: 2, limitInodes: Math.floor(3e9 / 4096) })

  for (const one of all) await Filesystem.delete(one.id)
  await fails(Filesystem.delete(made.id), sdk.FilesystemNotFoundError)
  const back = await Filesystem.undelete(made.id, { name: 'back-again' })
  assert.equal(back.name, 'back-again')
  await Filesystem.delete(back.id)
  await fails(made.read('/big'), sdk.FilesystemNotFoundError)
})

test('content is written and read in every form', async (t) => {
  const files = await filesystem(t)
  const bytes = new Uint8Array([104, 101, 108, 108, 111])
  const chunks = async function* () { yield 'he'; yield new Uint8Array(0); yield bytes.subarray(2) }
  for (const content of [
    'hello', bytes, bytes.buffer, new DataView(bytes.buffer), Buffer.from('hello'), new Blob(['hello']), new Blob(['hello']).stream(),
    Readable.from([Buffer.from('hel'), Buffer.from('lo')]), chunks(), chunks,
  ]) {
    await files.write('/deep/in/a file ü', content)
    assert.equal(await files.read('deep/in/a file ü'), 'hello')
  }
  await files.write('/empty', '')
  assert.equal(await files.read('/empty'), '')
  await fails(files.read('/empty', { offset: 0, length: 1 }), sdk.RangeNotSatisfiableError)
  assert.deepEqual(await files.read('/deep/in/a file ü', { format: 'bytes' }), bytes)
  assert.equal(await (await files.read('/deep/in/a file ü', { format: 'blob' })).text(), 'hello')
  const stream = await files.read('/deep/in/a file ü', { format: 'stream' })
  assert.ok(stream instanceof ReadableStream)
  assert.equal(await new Response(stream).text(), 'hello')
  assert.equal(await files.read('/deep/in/a file ü', { offset: 1, length: 3 }), 'ell')
  assert.equal(await files.read('/deep/in/a file ü', { offset: 3 }), 'lo')
  for (const range of [{ offset: -1 }, { length: 0 }, { offset: 0.5 }]) await fails(files.read('/empty', range), sdk.InvalidArgumentError)
  const unread = await files.read('/deep/in/a file ü', { format: 'stream' })
  await unread.cancel()
  await fails(files.write('/x', 5), sdk.InvalidArgumentError)
  await fails(files.write('/x', Readable.from([5])), sdk.InvalidArgumentError)
  assert.equal(await files.exists('/x'), false)
  await fails(files.write('/a/../b', ''), sdk.InvalidArgumentError)
  await fails(files.list('/..'), sdk.InvalidArgumentError)
  await fails(files.read('/deep'), sdk.IsADirectoryError)
  await fails(files.read('/none'), sdk.PathNotFoundError)
  await files.write(new Uint8Array([0x2f, 0xff]), 'no text')
  assert.equal((await files.list('/')).find((entry) => entry.encodedName).encodedName, '%FF')
  assert.equal(await files.read(new Uint8Array([0xff])), 'no text')
})

test('owners, modes and conditions', async (t) => {
  const files = await filesystem(t)
  const made = await files.write('/f', '1', { user: 'user', mode: 0o600 })
  assert.deepEqual([made.uid, made.gid, made.mode], [1000, 1000, '0600'])
  const owned = await files.write('/g', '1', { uid: 7, gid: 8, mode: '0640' })
  assert.deepEqual([owned.uid, owned.gid, owned.mode], [7, 8, '0640'])
  await fails(files.write('/f', '2', { ifNoneMatch: '*' }), sdk.PreconditionFailedError, { status: 412 })
  await files.write('/new', '1', { ifNoneMatch: '*' })
  const next = await files.write('/f', '2', { ifMatch: made.etag })
  await fails(files.write('/f', '3', { ifMatch: made.etag }), sdk.PreconditionFailedError)
  assert.equal(await files.read('/f', { ifMatch: next.etag }), '2')
  await fails(files.read('/f', { ifMatch: made.etag }), sdk.PreconditionFailedError)
  await fails(files.write('/none', '1', { ifMatch: '*' }), sdk.PreconditionFailedError)
  await fails(files.write('/f', '1', { user: 'nobody' }), sdk.InvalidHeaderError)

  assert.equal((await files.chmod('/f', 0o755)).mode, '0755')
  assert.equal((await files.chmod('/f', '644')).mode, '0644')
  assert.deepEqual([(await files.chown('/f', 5)).gid, (await files.stat('/f')).uid], [1000, 5])
  assert.equal((await files.chown('/f', undefined, 9)).gid, 9)
  assert.equal((await files.truncate('/f', 3)).size, 3)
  assert.equal(await files.read('/f'), '2\0\0')
})

test('names: directories, links, moves, copies, listings, deletions', async (t) => {
  const files = await filesystem(t)
  assert.deepEqual([(await files.mkdir('/d/e', { mode: 0o700, user: 'user' })).mode, (await files.mkdir('/d/e')).uid], ['0700', 1000])
  await files.write('/d/e/f', 'content')
  assert.equal((await files.symlink('e/f', '/d/s')).type, 'symlink')
  assert.equal((await files.stat('/d/s', { follow: false })).target, 'e/f')
  assert.equal((await files.stat('/d/s')).size, 7)
  assert.equal((await files.link('/d/e/f', '/d/h')).links, 2)
  await fails(files.symlink('x', '/d/s'), sdk.PathExistsError)
  assert.equal((await files.copy('/d/e/f', '/c/copy', { mode: 0o600 })).mode, '0600')
  assert.equal((await files.move('/c/copy', '/c/moved')).path, '/c/moved')
  await fails(files.move('/c', '/d'), sdk.DirectoryNotEmptyError)
  assert.deepEqual([await files.exists('/c/copy'), await files.exists('/c/moved')], [false, true])
  assert.equal((await files.chown('/d/s', 3, 3, { follow: false })).type, 'symlink')

  for (let index = 0; index < 5; index += 1) await files.write(`/many/${index}`, '')
  const seen = []
  for await (const entry of files.list('/many', { pageSize: 2 })) seen.push(entry.name)
  assert.deepEqual(seen.sort(), ['0', '1', '2', '3', '4'])
  assert.equal((await files.list('/', { depth: 10 })).length, 13)
  assert.equal((await files.list()).length, 3)
  await fails(files.list('/many/0'), sdk.NotADirectoryError)

  await fails(files.delete('/many', { recursive: false }), sdk.DirectoryNotEmptyError)
  await files.delete('/many')
  await files.delete('/d/s')
  await fails(files.delete('/many'), sdk.PathNotFoundError)
  await fails(files.delete('/'), sdk.InvalidPathError)
  assert.equal(await files.read('/d/h'), 'content')
})

test('snapshots, forks, restore', async (t) => {
  const files = await filesystem(t)
  await files.write('/f', 'old')
  const made = await files.snapshot('monday')
  assert.equal(made.usedBytes, 3)
  await files.write('/f', 'new')
  await files.write('/g', 'new')
  assert.equal(await files.read('/f', { snapshot: 'monday' }), 'old')
  assert.equal(await files.exists('/g', { snapshot: made.id }), false)
  assert.equal((await files.stat('/f', { snapshot: 'monday' })).size, 3)
  assert.equal((await files.list('/', { snapshot: 'monday' })).length, 1)
  assert.deepEqual((await files.snapshots()).map((one) => one.name), ['monday'])
  await fails(files.snapshot('monday'), sdk.NameTakenError)
  await fails(files.read('/f', { snapshot: 'never' }), sdk.SnapshotNotFoundError)

  const fork = await files.fork(name('fork'), { snapshot: 'monday', labels: { of: 'monday' } })
  t.after(() => Filesystem.delete(fork.id))
  assert.deepEqual([await fork.read('/f'), fork.labels, fork.sizeBytes], ['old', { of: 'monday' }, 2e9])
  const now = await files.fork(name('fork'))
  t.after(() => Filesystem.delete(now.id))
  assert.equal(await now.read('/f'), 'new')

  assert.equal(await (await files.restore('monday')).read('/f'), 'old')
  assert.equal(await files.exists('/g'), false)
  await files.deleteSnapshot('monday')
  assert.deepEqual(await files.snapshots(), [])
  await fails(files.deleteSnapshot('monday'), sdk.SnapshotNotFoundError)
})

test('trees go up and come back the same', async (t) => {
  const place = fs.mkdtempSync('/tmp/holdfast-sdk-')
  t.after(() => fs.rmSync(place, { recursive: true }))
  const local = `${place}/tree`
  fs.mkdirSync(`${local}/a/${'long'.repeat(40)}`, { recursive: true })
  fs.mkdirSync(`${local}/closed`)
  fs.mkdirSync(`${local}/empty`)
  fs.writeFileSync(`${local}/a/${'long'.repeat(40)}/ü`, 'text')
  fs.writeFileSync(`${local}/a/run`, '#!/bin/sh\n', { mode: 0o755 })
  fs.writeFileSync(`${local}/zero`, '')
  fs.writeFileSync(`${local}/closed/f`, 'x')
  fs.writeFileSync(`${local}/big`, Buffer.alloc(3_000_001, 'abcdefg'))
  fs.writeFileSync(Buffer.concat([Buffer.from(`${local}/`), Buffer.from([0xff, 0xfe])]), 'no text')
  fs.symlinkSync('a/run', `${local}/link`)
  fs.symlinkSync('nowhere', `${local}/dangling`)
  execFileSync('mkfifo', [`${local}/pipe`])
  for (let index = 0; index < 300; index += 1) fs.writeFileSync(`${local}/a/${index}`, String(index))
  fs.chmodSync(`${local}/closed`, 0o500)

  const files = await filesystem(t)
  const steps = []
  const up = await files.upload(local, '/to/here', { user: 'user', onProgress: (progress) => steps.push(progress) })
  assert.deepEqual([up.files, up.directories, up.links, up.skipped], [306, 4, 2, 1])
  const last = steps.at(-1)
  assert.deepEqual([last.files, last.bytes, last.totalFiles, last.totalBytes], [306, up.bytes, 306, up.bytes])
  assert.ok(steps.some(({ path, bytes }) => path === 'big' && bytes < up.bytes))
  const run = await files.stat('/to/here/a/run')
  assert.deepEqual([run.mode, run.uid], ['0755', 1000])

  await files.link('/to/here/a/run', '/to/here/zz-hard')
  const back = []
  const down = await files.download('/to/here', `${place}/back`, { onProgress: (progress) => back.push(progress) })
  assert.deepEqual([down.files, down.directories, down.links], [306, 4, 3])
  assert.equal(back.at(-1).bytes, down.bytes)
  fs.linkSync(`${local}/a/run`, `${local}/zz-hard`)
  fs.rmSync(`${local}/pipe`)
  assert.equal(execFileSync('diff', ['-r', '--no-dereference', local, `${place}/back`], { encoding: 'utf8' }), '')
  const mode = (path) => fs.lstatSync(path).mode & 0o777
  assert.deepEqual([mode(`${place}/back/a/run`), mode(`${place}/back/closed`)], [0o755, 0o500])
  assert.equal(fs.statSync(`${place}/back/zz-hard`).ino, fs.statSync(`${place}/back/a/run`).ino)
  // Once more over what is there.
  assert.equal((await files.download('/to/here', `${place}/back`)).files, 306)
  for (const one of [local, `${place}/back`]) fs.chmodSync(`${one}/closed`, 0o700)

  const one = await files.upload(`${local}/big`, '/one/big', { onProgress: (progress) => steps.push(progress) })
  assert.deepEqual([one.files, one.bytes, steps.at(-1).totalBytes], [1, 3_000_001, 3_000_001])
  assert.equal((await files.download('/one/big', `${place}/one`)).bytes, 3_000_001)
  assert.ok(fs.readFileSync(`${place}/one`).equals(fs.readFileSync(`${local}/big`)))
  fs.mkdirSync(`${place}/nothing`)
  await files.upload(`${place}/nothing`, '/nothing')
  assert.equal((await files.stat('/nothing')).type, 'directory')
  assert.deepEqual(fs.readdirSync(place).sort(), ['back', 'nothing', 'one', 'tree'])
  await assert.rejects(files.upload(`${place}/missing`, '/x'), /ENOENT/)
  await fails(files.download('/missing', `${place}/x`), sdk.PathNotFoundError)
  await fails(files.upload(local, '/x', { user: 'nobody' }), sdk.InvalidArgumentError)
})

test('trees without a local disk, and plain archives', async (t) => {
  const files = await filesystem(t)
  const entries = [
    { path: 'dir', mode: 0o700 }, { path: 'dir/ü', content: 'text' }, { path: 'dir/blob', content: new Blob(['blob']), mode: 0o600 },
    { path: 'link', target: 'dir/ü' },
  ]
  assert.deepEqual(await files.upload(entries, '/e'), { files: 2, directories: 1, links: 1, skipped: 0, bytes: 8 })
  assert.equal(await files.read('/e/link'), 'text')
  assert.deepEqual([(await files.stat('/e/dir')).mode, (await files.stat('/e/dir/blob')).mode], ['0700', '0600'])
  const archive = await files.exportTar('/e')
  const counts = await files.importTar(archive, '/copy')
  assert.deepEqual([counts.files, counts.links], [2, 1])
  assert.equal(await files.read('/copy/dir/blob'), 'blob')
  await fails(files.importTar('no archive'), sdk.ApiError, { status: 400 })
  await fails(files.exportTar('/e/link'), sdk.NotADirectoryError)
})

test('a call ends when its signal says so', async (t) => {
  const files = await filesystem(t)
  const reason = new Error('enough')
  await assert.rejects(files.read('/x', { signal: AbortSignal.abort(reason) }), (error) => error === reason)
  const controller = new AbortController()
  const endless = async function* () {
    for (let index = 0; ; index += 1) {
      if (index === 20) controller.abort(reason)
      yield new Uint8Array(65536)
    }
  }
  await assert.rejects(files.write('/endless', endless(), { signal: controller.signal }), (error) => error === reason)
  assert.equal(await files.exists('/endless'), false)
  const broken = new Error('the source broke')
  const source = async function* () { yield new Uint8Array(100_000); throw broken }
  await assert.rejects(files.write('/broken', source()), (error) => error === broken)
  assert.equal(await files.exists('/broken'), false)
})

test('an administrator makes teams and keys', async () => {
  const admin = new sdk.Admin()
  const team = await admin.createTeam(name('team'))
  assert.ok((await admin.teams()).some((one) => one.id === team.id))
  assert.deepEqual(await admin.team(team.name), team)
  const made = await admin.createKey('ci', { team: team.name })
  assert.deepEqual(await Filesystem.list({ apiKey: made.key }), [])
  assert.deepEqual((await admin.keys(team.id)).map((one) => [one.id, one.name]), [[made.id, 'ci']])
  assert.ok((await admin.keys()).every((one) => one.admin))
  const other = await admin.createKey('second', { admin: true })
  await admin.revokeKey(other.id)
  await admin.revokeKey(made.id)
  await fails(Filesystem.list({ apiKey: made.key }).all(), sdk.UnauthorizedError)
  await fails(new sdk.Admin({ apiKey: process.env.HOLDFAST_API_KEY }).teams(), sdk.ForbiddenError)
  await admin.deleteTeam(team.id)
  await fails(admin.team(team.id), sdk.TeamNotFoundError)
})

const hasAttachments = '/filesystems/{id}/attachments' in document.paths
test('attachments are made, listed and revoked', { skip: hasAttachments ? false : 'the server has no attachments yet' }, async (t) => {
  const files = await filesystem(t)
  const made = await files.attach({ readOnly: true, owner: 'test' })
  assert.match(made.exportPath, /^\/[0-9a-f]{64}$/)
  assert.deepEqual((await files.attachments()).map((one) => [one.id, one.owner, one.readOnly]), [[made.id, 'test', true]])
  assert.equal((await files.attachment(made.id)).filesystemId, files.id)
  await fails(Filesystem.delete(files.id), sdk.ConflictError, { kind: 'filesystem_attached' })
  await files.detach(made)
  await fails(files.detach(made.id), sdk.NotFoundError, { kind: 'attachment_not_found' })
  await files.attach()
  await Filesystem.delete(files.id, { force: true })
})
