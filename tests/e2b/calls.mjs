// Every call of E2B's Volume in JavaScript, with what the SDK makes of each answer.
import assert from 'node:assert/strict'
import { Volume } from 'e2b'

const name = `js-${process.pid}`
const missing = '00000000-0000-0000-0000-000000000000'
let calls = 0

const done = async (promise) => {
  calls += 1
  return await promise
}
const fails = async (promise, names, says = /./) => {
  calls += 1
  await assert.rejects(promise, (error) => {
    assert.ok(names.includes(error.constructor.name), `${error.constructor.name}: ${error.message}`)
    assert.match(error.message, says)
    return true
  })
}
const notFound = ['VolumeNotFoundError', 'VolumePathNotFoundError', 'NotFoundError']
// The first versions have one class for everything.
const refused = ['VolumeError']

const created = await done(Volume.create(name))
const id = created.volumeId
await fails(Volume.create(name), refused, /already exists/)
await fails(Volume.create('not a name'), refused)
assert.ok((await done(Volume.list())).some((one) => one.volumeId === id && one.name === name))
const info = await done(Volume.getInfo(id))
assert.deepEqual([info.volumeId, info.name], [id, name])
assert.ok(info.token)
await fails(Volume.getInfo(missing), notFound)
const vol = await done(Volume.connect(id))

let entry = await done(vol.makeDir('/d'))
assert.deepEqual([entry.name, entry.path, entry.type, entry.mode, entry.uid], ['d', '/d', 'directory', 0o777, 9090])
entry = await done(vol.makeDir('/d/e/f', { uid: 1000, gid: 1001, mode: 0o755, force: true }))
assert.deepEqual([entry.mode, entry.uid, entry.gid], [0o755, 1000, 1001])
await fails(vol.makeDir('/d'), refused, /409/)
await fails(vol.makeDir('/x/y'), notFound)

entry = await done(vol.writeFile('/d/t.txt', 'hello'))
assert.deepEqual([entry.name, entry.type, entry.size, entry.mode, entry.gid], ['t.txt', 'file', 5, 0o666, 9090])
assert.ok(entry.mtime instanceof Date && Math.abs(Date.now() - entry.mtime) < 600_000)
await fails(vol.writeFile('/d/t.txt', 'hello'), refused, /409/)
entry = await done(vol.writeFile('/d/t.txt', 'hello2', { uid: 0, gid: 0, mode: 0o600, force: true }))
assert.deepEqual([entry.size, entry.mode, entry.uid], [6, 0o600, 0])
await done(vol.writeFile('/d/t3.txt', 'x', { force: false }))
assert.equal((await done(vol.writeFile('/e.bin', ''))).size, 0)
await done(vol.writeFile('/ab.bin', new Uint8Array([0, 255, 1, 254]).buffer))
await done(vol.writeFile('/blob.bin', new Blob(['blobby'])))
const stream = new ReadableStream({
  start(controller) {
    controller.enqueue(new Uint8Array(200_000).fill(7))
    controller.close()
  },
})
assert.equal((await done(vol.writeFile('/s.bin', stream))).size, 200_000)
const special = '/d/a b+c&d=e%2F#é?.txt'
assert.equal((await done(vol.writeFile(special, 'u'))).path, special)
await fails(vol.writeFile('/no/parent', 'x'), notFound)

assert.equal(await done(vol.readFile('/d/t.txt')), 'hello2')
assert.deepEqual([...(await done(vol.readFile('/ab.bin', { format: 'bytes' })))], [0, 255, 1, 254])
assert.equal((await done(vol.readFile('/blob.bin', { format: 'blob' }))).size, 6)
let bytes = 0
for await (const piece of await done(vol.readFile('/s.bin', { format: 'stream' }))) {
  assert.ok(piece.every((byte) => byte === 7))
  bytes += piece.length
}
assert.equal(bytes, 200_000)
assert.equal(await done(vol.readFile('/e.bin')), '')
assert.equal(await done(vol.readFile(special)), 'u')
await fails(vol.readFile('/nope'), notFound)

const paths = (list) => list.map((one) => one.path)
assert.deepEqual(paths(await done(vol.list('/'))), ['/ab.bin', '/blob.bin', '/d', '/e.bin', '/s.bin'])
const deep = paths(await done(vol.list('/d', { depth: 3 })))
assert.deepEqual(deep, [special, '/d/e', '/d/e/f', '/d/t.txt', '/d/t3.txt'])
await fails(vol.list('/nope'), notFound)
await fails(vol.list('/d', { depth: 11 }), refused, /400/)

assert.equal((await done(vol.getInfo('/d/t.txt'))).mode, 0o600)
await fails(vol.getInfo('/nope'), notFound)
assert.equal(await done(vol.exists('/d')), true)
assert.equal(await done(vol.exists('/nope')), false)
entry = await done(vol.updateMetadata('/d/t.txt', { uid: 5, gid: 6, mode: 0o644 }))
assert.deepEqual([entry.uid, entry.gid, entry.mode], [5, 6, 0o644])
entry = await done(vol.updateMetadata('/d/t.txt', { mode: 0o640 }))
assert.deepEqual([entry.uid, entry.mode], [5, 0o640])
await fails(vol.updateMetadata('/nope', { mode: 0o640 }), notFound)

await done(vol.remove('/d/t.txt'))
await done(vol.remove('/d'))
await fails(vol.remove('/nope'), notFound)
assert.equal(await done(vol.exists('/d/e/f')), false)

assert.equal(await done(Volume.destroy(id)), true)
assert.equal(await done(Volume.destroy(id)), false)
console.log(`${calls} calls`)
